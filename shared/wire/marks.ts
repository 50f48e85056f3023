/**
 * Marks: for each app the highest published seq and the hash chain of its published update ids, at one position.
 *
 * Marks are the dedupe table of the log: an update whose seq is not above its app's mark is a copy and is dropped.
 * `missing` holds the ranges of lower seqs that never came, as [first, last].
 */
import type { Json, JsonObject } from "../json.ts";
import type { Sha256 } from "../ports/hash.ts";
import { type AppId, parseAppId, type UpdateId } from "./ids.ts";
import {
  asArray,
  asObject,
  asParsed,
  asPositive,
  asText,
  asTimestamp,
  fault,
  formatted,
  type Parsed,
  parsing,
} from "./parse.ts";
import { formatTimestamp, type Timestamp, zeroTimestamp } from "./time.ts";

export const marksFormat = "icecore-marks-1";

/** The chain of an app before its first published update. */
export const emptyChain = "0".repeat(64);

export type SeqRange = readonly [first: number, last: number];

export interface Mark {
  readonly seq: number;
  /** SHA-256(previous chain + update id) over its published updates. */
  readonly chain: string;
  readonly missing: readonly SeqRange[];
}

export interface Marks {
  readonly through: Timestamp;
  readonly apps: Readonly<Record<AppId, Mark>>;
  /** Of stores with many apps: changes on top of `apps`, so that a step costs its own updates and not all apps. */
  readonly recent?: Readonly<Record<AppId, Mark>>;
  /** With `recent`: how many `apps` has. */
  readonly size?: number;
}

export const emptyMarks: Marks = { through: zeroTimestamp, apps: {} };
const noMark: Mark = { seq: 0, chain: emptyChain, missing: [] };

interface Numbered {
  readonly id: UpdateId;
  readonly app: AppId;
  readonly seq: number;
}

export function markOf(marks: Marks, app: AppId): Mark {
  if (marks.recent && Object.hasOwn(marks.recent, app)) return marks.recent[app] ?? noMark;
  return Object.hasOwn(marks.apps, app) ? (marks.apps[app] ?? noMark) : noMark;
}

/** The log holds this update, at its place or earlier; false when its seq was passed over. */
export function holds(marks: Marks, { app, seq }: Pick<Numbered, "app" | "seq">): boolean {
  const mark = markOf(marks, app);
  return seq <= mark.seq && !isMissing(mark, seq);
}

export function isMissing({ missing }: Mark, seq: number): boolean {
  return missing.some(([first, last]) => first <= seq && seq <= last);
}

/** The mark after one more published update of its app. */
export function raiseMark(mark: Mark, update: Numbered, sha256: Sha256): Mark {
  const gap: readonly SeqRange[] = update.seq > mark.seq + 1 ? [[mark.seq + 1, update.seq - 1]] : [];
  return { seq: update.seq, chain: sha256(mark.chain + update.id), missing: [...mark.missing, ...gap] };
}

/** The marks after updates in log order; those at or below their app's mark change nothing. */
export function advanceMarks(
  marks: Marks,
  updates: readonly Numbered[],
  through: Timestamp,
  sha256: Sha256,
): Marks {
  const changed: Record<AppId, Mark> = {};
  for (const update of updates) {
    const mark = changed[update.app] ?? markOf(marks, update.app);
    if (update.seq > mark.seq) changed[update.app] = raiseMark(mark, update, sha256);
  }
  return layered(marks, changed, through);
}

/** Below it `apps` is simply copied. */
const layeredFrom = 1_000;

/** Puts changes on top; when there are many (16 times the root of all apps) both become one again. */
function layered(marks: Marks, changed: Readonly<Record<AppId, Mark>>, through: Timestamp): Marks {
  const size = marks.size ?? Object.keys(marks.apps).length;
  const recent = { ...marks.recent, ...changed };
  if (size >= layeredFrom && Object.keys(recent).length < 16 * Math.sqrt(size))
    return { through, apps: marks.apps, recent, size };
  return { through, apps: { ...marks.apps, ...recent } };
}

/** Every app that has a mark, in order. */
export function markedApps(marks: Marks): readonly AppId[] {
  const apps = new Set([...Object.keys(marks.apps), ...Object.keys(marks.recent ?? {})]);
  return [...apps].sort() as AppId[];
}

export function encodeMarks(marks: Marks): JsonObject {
  const apps: Record<string, Json> = {};
  for (const app of markedApps(marks)) {
    const { seq, chain, missing } = markOf(marks, app);
    apps[app] =
      missing.length === 0 ? { seq, chain } : { seq, chain, missing: missing.map(([a, b]) => [a, b]) };
  }
  return { format: marksFormat, through: formatTimestamp(marks.through), apps };
}

export function parseMarks(value: unknown): Parsed<Marks> {
  return parsing(() => {
    const body = formatted(value, marksFormat);
    const apps: Record<AppId, Mark> = {};
    for (const [name, mark] of Object.entries(asObject(body.apps, "apps")))
      apps[asParsed(name, "apps", parseAppId)] = readMark(asObject(mark, name));
    return { through: asTimestamp(body.through, "through"), apps };
  });
}

function readMark(mark: JsonObject): Mark {
  return {
    seq: asPositive(mark.seq, "seq"),
    chain: asText(mark.chain, "chain"),
    missing: mark.missing === undefined ? [] : asArray(mark.missing, "missing").map(readRange),
  };
}

function readRange(value: Json): SeqRange {
  const [first, last, ...rest] = asArray(value, "missing");
  if (rest.length > 0) fault("a range of missing has more than two ends");
  return [asPositive(first, "missing"), asPositive(last, "missing")];
}
