/**
 * Building a segment from raw objects: order, then drop by marks, then hash. Pure.
 *
 * Ordering comes first: dropping before ordering would keep whichever copy was read first. A cut (too many bytes) falls
 * only between two timestamps, because publishedThrough covers whole milliseconds.
 */
import { utf8Length } from "../json.ts";
import type { Sha256 } from "../ports/hash.ts";
import type { Settings } from "../settings.ts";
import type { AppId } from "../wire/ids.ts";
import { parseUpdateKey, type UpdateKey } from "../wire/keys.ts";
import { type Mark, type Marks, markOf, raiseMark } from "../wire/marks.ts";
import { hashLog, type Segment, type SetAside } from "../wire/segment.ts";
import type { Timestamp } from "../wire/time.ts";
import { parseUpdate, type StampedUpdate } from "../wire/update.ts";
import type { ReadBody } from "./program.ts";

/** A raw object under `updates/`, read. `bytes` is what it takes in a segment's JSON. */
export type RawObject = { readonly key: string; readonly timestamp: Timestamp; readonly bytes: number } & (
  | { readonly is: "update"; readonly update: StampedUpdate }
  | { readonly is: "setAside"; readonly setAside: SetAside }
);

/**
 * What a body under an update's key is: the update, or something to set aside with its reason. It is taken as its own JSON
 * text says it (1e400 is null there, -0 is 0), so that what is folded here is what the segment will hold.
 */
export function readRaw(
  key: string,
  body: Exclude<ReadBody, { is: "absent" }>,
  settings: Settings,
): RawObject {
  const { app, timestamp } = parseUpdateKey(key) as UpdateKey;
  const text = body.is === "unreadable" ? body.text : (JSON.stringify(body.json) ?? "");
  const aside = (reason: string): RawObject => {
    const setAside = { key, reason, text: text.slice(0, settings.setAsideCharsMax) };
    return { is: "setAside", key, timestamp, bytes: utf8Length(JSON.stringify(setAside)) + 1, setAside };
  };
  if (body.is === "unreadable") return aside(body.reason);
  const update = parseUpdate(JSON.parse(text));
  if (!update.ok) return aside(update.reason);
  if (update.value.app !== app) return aside(`its body names app ${update.value.app}, not its key's`);
  if (update.value.actions.length > settings.updateActionsMax)
    return aside(`it holds ${update.value.actions.length} actions, more than ${settings.updateActionsMax}`);
  return {
    is: "update",
    key,
    timestamp,
    bytes: utf8Length(text) + 40,
    update: { ...update.value, timestamp },
  };
}

/** Updates in log order, without those that marks say are copies, and the marks after them. */
export function orderAndDrop(
  updates: readonly StampedUpdate[],
  marks: Marks,
  sha256: Sha256,
): { readonly kept: readonly StampedUpdate[]; readonly dropped: number } {
  const raised = new Map<AppId, Mark>();
  const kept = inLogOrder(updates).filter((update) => {
    const mark = raised.get(update.app) ?? markOf(marks, update.app);
    if (update.seq <= mark.seq) return false;
    raised.set(update.app, raiseMark(mark, update, sha256));
    return true;
  });
  return { kept, dropped: updates.length - kept.length };
}

/** (timestamp, app). No two objects have both: they would be one key. */
export function inLogOrder(updates: readonly StampedUpdate[]): readonly StampedUpdate[] {
  return [...updates].sort(
    (a, b) => a.timestamp - b.timestamp || (a.app < b.app ? -1 : a.app > b.app ? 1 : 0),
  );
}

export interface Built {
  readonly segment: Segment;
  readonly bytes: number;
  readonly dropped: number;
  /** Keys of the raw objects that it accounts for. */
  readonly keys: readonly string[];
  /** Raw objects were left for the next round. */
  readonly cut: boolean;
}

/** The segment of these raw objects, all above `from`, or of as many of the earliest as fit. */
export function buildSegment(
  raws: readonly RawObject[],
  base: { readonly from: Timestamp; readonly fromHash: string; readonly marks: Marks },
  tools: { readonly sha256: Sha256; readonly settings: Settings },
): Built {
  const fitting = cutToSize(raws, tools.settings.segmentBytesMax);
  const updates = fitting.flatMap((raw) => (raw.is === "update" ? [raw.update] : []));
  const setAside = fitting.flatMap((raw) => (raw.is === "setAside" ? [raw.setAside] : []));
  const { kept, dropped } = orderAndDrop(updates, base.marks, tools.sha256);
  const through = Math.max(...fitting.map((raw) => raw.timestamp)) as Timestamp;
  const hash = hashLog(base.fromHash, kept, tools.sha256);
  const segment: Segment = {
    from: base.from,
    through,
    fromHash: base.fromHash,
    hash,
    updates: kept,
    setAside,
  };
  const inIt = new Set<StampedUpdate>(kept);
  const stays = (raw: RawObject) => raw.is === "setAside" || inIt.has(raw.update);
  const bytes = frameBytes + fitting.filter(stays).reduce((sum, raw) => sum + raw.bytes, 0);
  const keys = fitting.map((raw) => raw.key);
  return { segment, bytes, dropped, keys, cut: fitting.length < raws.length };
}

/** A segment's JSON without its updates. */
const frameBytes = 300;

function cutToSize(raws: readonly RawObject[], bytesMax: number): readonly RawObject[] {
  const ordered = [...raws].sort((a, b) => a.timestamp - b.timestamp);
  let bytes = 0;
  for (const [i, raw] of ordered.entries()) {
    bytes += raw.bytes;
    const before = ordered[i - 1];
    if (bytes > bytesMax && before && before.timestamp < raw.timestamp) return ordered.slice(0, i);
  }
  return ordered;
}
