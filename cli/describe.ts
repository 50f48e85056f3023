/** What an object is, by its key and its JSON: a kind, a line about its contents, or what is wrong with it. */
import { parseAppOwner } from "../shared/wire/app-owner.ts";
import { parseHead } from "../shared/wire/head.ts";
import { parseHistoryIndex } from "../shared/wire/history.ts";
import { parseAppKey, parseBuiltKey, parseHeadKey, parseUpdateKey } from "../shared/wire/keys.ts";
import { parseMarks } from "../shared/wire/marks.ts";
import type { Parsed } from "../shared/wire/parse.ts";
import { parseSegment } from "../shared/wire/segment.ts";
import { parseSnapshot } from "../shared/wire/snapshot.ts";
import { parseSweepNote } from "../shared/wire/sweep.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import { parseUpdate } from "../shared/wire/update.ts";
import { countText } from "./numbers.ts";
import { safeText } from "./screen.ts";
import { timeText } from "./time.ts";

export interface Described {
  /** "segment", "update" …, or "foreign" under a name that icecore does not give. */
  readonly kind: string;
  /** What it holds, when it can be used. */
  readonly about: string | null;
  /** Why it cannot be used. */
  readonly fault: string | null;
}

const readers: Readonly<Record<string, (json: unknown) => Parsed<string>>> = {
  head: (json) =>
    told(parseHead(json), (head) => `rev ${head.rev}, published through ${timeText(head.publishedThrough)}`),
  update: (json) =>
    told(
      parseUpdate(json),
      ({ app, seq, actions }) => `app ${app}, seq ${seq}, ${countText(actions.length, "action")}`,
    ),
  segment: (json) =>
    told(parseSegment(json), (segment) => {
      const aside = segment.setAside.length === 0 ? "" : `, ${segment.setAside.length} set aside`;
      return `${countText(segment.updates.length, "update")}${aside}, ${rangeText(segment)}`;
    }),
  snapshot: (json) =>
    told(parseSnapshot(json), ({ modelName, modelVersion, through }) => {
      return `model "${safeText(modelName, 60)}" version ${modelVersion}, through ${timeText(through)}`;
    }),
  marks: (json) =>
    told(
      parseMarks(json),
      ({ apps, through }) => `${countText(Object.keys(apps).length, "app")}, through ${timeText(through)}`,
    ),
  index: (json) =>
    told(
      parseHistoryIndex(json),
      ({ segments }) => `entries of ${countText(segments.length, "older segment")}`,
    ),
  "sweep note": (json) =>
    told(
      parseSweepNote(json),
      ({ at, unlisted }) => `at ${timeText(at)}, ${countText(unlisted.length, "object")} unlisted`,
    ),
  owner: (json) =>
    told(parseAppOwner(json), ({ app, principal }) => `app ${app} belongs to "${safeText(principal, 300)}"`),
};

const builtNames = {
  segments: "segment",
  snapshots: "snapshot",
  marks: "marks",
  indexes: "index",
  sweeps: "sweep note",
} as const;

/** True when a key stands where icecore keeps its objects. */
export function isKnownPlace(key: string): boolean {
  return /^(?:heads|updates|segments|snapshots|marks|indexes|sweeps|apps)\/./.test(key);
}

export function describeObject(key: string, json: unknown): Described {
  const kind = kindOf(key);
  const reader = readers[kind];
  if (!reader) return { kind, about: null, fault: "its name is none that icecore gives, so it is ignored" };
  const read = reader(json);
  if (!read.ok) return { kind, about: null, fault: read.reason };
  const app = parseUpdateKey(key)?.app ?? parseAppKey(key);
  const foreign = app !== undefined && (json as { readonly app?: unknown }).app !== app;
  return { kind, about: read.value, fault: foreign ? "its body names another app than its key" : null };
}

export function kindOf(key: string): string {
  if (parseHeadKey(key)) return "head";
  if (parseUpdateKey(key)) return "update";
  if (parseAppKey(key)) return "owner";
  const built = parseBuiltKey(key);
  return built ? builtNames[built.kind] : "foreign";
}

function told<T>(parsed: Parsed<T>, tell: (value: T) => string): Parsed<string> {
  return parsed.ok ? { ok: true, value: tell(parsed.value) } : parsed;
}

function rangeText({ from, through }: { readonly from: Timestamp; readonly through: Timestamp }): string {
  return `after ${timeText(from)} through ${timeText(through)}`;
}
