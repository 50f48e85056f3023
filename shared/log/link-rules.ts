/**
 * What may be linked into a head: pure functions of the *current* head, decided again on every try (docs/protocol.md, "Roll up").
 *
 * Because each rule looks only at the head that the compare-and-swap will replace, a job that was built long ago, twice or
 * against another head can do no harm: it is linked only where it still fits. A name carries the rev it was built against;
 * below linkFrom it may be deleted at any time and is never linked.
 */
import { assert } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Settings } from "../settings.ts";
import type { Head, Pointer, SegmentEntry, SnapshotEntry } from "../wire/head.ts";
import { parseBuiltKey } from "../wire/keys.ts";

export type LinkJob =
  | { readonly kind: "segment"; readonly entry: SegmentEntry; readonly inline?: Json }
  | {
      readonly kind: "snapshot";
      readonly modelVersion: number;
      readonly entry: SnapshotEntry;
      /** Key of this version's snapshot when the fold began. */
      readonly base: string | null;
    }
  | { readonly kind: "marks"; readonly pointer: Pointer }
  | { readonly kind: "merge"; readonly inputs: readonly string[]; readonly entry: SegmentEntry }
  | {
      readonly kind: "retire";
      readonly retired: readonly string[];
      readonly pointer: Pointer;
      /** Key of the index that the new one names as the one before it. */
      readonly before: string | null;
    };

type HeadChanges = { readonly [Member in keyof Head]?: Head[Member] | undefined };

/** What the job changes in this head, or undefined when it must not be linked there. */
export function linkInto(head: Head, job: LinkJob, settings: Settings): HeadChanges | undefined {
  const built = parseBuiltKey(jobKey(job));
  assert(built, "a job links an object with a well-formed name");
  if (built.rev < head.linkFrom) return undefined;
  switch (job.kind) {
    case "segment":
      return linkSegment(head, job);
    case "snapshot":
      return linkSnapshot(head, job, settings);
    case "marks":
      return linkMarks(head, job.pointer);
    case "merge":
      return linkMerge(head, job);
    case "retire":
      return linkRetire(head, job);
  }
}

export function jobKey(job: LinkJob): string {
  return job.kind === "marks" || job.kind === "retire" ? job.pointer.key : job.entry.key;
}

/** True when the head names the job's object: it was linked. */
export function isLinked(head: Head, job: LinkJob): boolean {
  const key = jobKey(job);
  return namedKeys(head).includes(key);
}

/** Every object that the head itself names. */
export function namedKeys(head: Head): readonly string[] {
  return [
    ...head.segments.map((entry) => entry.key),
    ...Object.values(head.snapshots).map((entry) => entry.key),
    ...(head.marks ? [head.marks.key] : []),
    ...(head.history ? [head.history.key] : []),
  ];
}

/** The head's successor. Asserts invariant 4 of docs/protocol.md before it can be stored. */
export function nextHead(head: Head, changes: HeadChanges, nonce: string): Head {
  const { inline, ...rest } = { ...head, ...changes, rev: head.rev + 1, nonce };
  const next = (inline === undefined ? rest : { ...rest, inline }) as Head;
  assert(next.epoch === head.epoch, "a head keeps its epoch");
  assert(next.sealedThrough >= head.sealedThrough, "sealedThrough only grows");
  assert(next.publishedThrough >= head.publishedThrough, "publishedThrough only grows");
  assert(next.publishedThrough <= next.sealedThrough, "publishedThrough never passes sealedThrough");
  assert(next.floor >= head.floor, "floor only grows");
  assert(next.linkFrom >= head.linkFrom && next.linkFrom <= next.rev, "linkFrom only grows, up to rev");
  return next;
}

function linkSegment(head: Head, { entry, inline }: LinkJob & { kind: "segment" }): HeadChanges | undefined {
  if (head.publishedThrough !== entry.from) return undefined;
  return { publishedThrough: entry.through, segments: [...head.segments, entry], inline };
}

function linkSnapshot(
  head: Head,
  job: LinkJob & { kind: "snapshot" },
  settings: Settings,
): HeadChanges | undefined {
  const { modelVersion, entry, base } = job;
  const listed = head.snapshots[modelVersion];
  if (entry.through < head.floor || (listed?.key ?? null) !== base) return undefined;
  if (listed && entry.through <= listed.through) return undefined;
  const versions = [...new Set([...Object.keys(head.snapshots).map(Number), modelVersion])].sort(
    (a, b) => b - a,
  );
  const kept = versions.slice(0, settings.modelVersionsKept);
  if (!kept.includes(modelVersion)) return undefined;
  const snapshots: Record<string, SnapshotEntry> = {};
  for (const version of kept) {
    const snapshot = version === modelVersion ? entry : head.snapshots[version];
    if (snapshot) snapshots[version] = snapshot;
  }
  return { snapshots };
}

function linkMarks(head: Head, pointer: Pointer): HeadChanges | undefined {
  return head.marks && pointer.through <= head.marks.through ? undefined : { marks: pointer };
}

function linkMerge(head: Head, { inputs, entry }: LinkJob & { kind: "merge" }): HeadChanges | undefined {
  const start = head.segments.findIndex((listed) => listed.key === inputs[0]);
  const run = head.segments.slice(start, start + inputs.length);
  if (start < 0 || run.length !== inputs.length || run.some((listed, i) => listed.key !== inputs[i]))
    return undefined;
  const segments = [...head.segments.slice(0, start), entry, ...head.segments.slice(start + inputs.length)];
  const newestStays = start + inputs.length < head.segments.length;
  return { segments, inline: newestStays ? head.inline : undefined };
}

function linkRetire(head: Head, job: LinkJob & { kind: "retire" }): HeadChanges | undefined {
  const { retired, pointer, before } = job;
  const leaving = head.segments.slice(0, retired.length);
  const last = leaving.at(-1);
  if (!last || leaving.some((listed, i) => listed.key !== retired[i])) return undefined;
  if ((head.history?.key ?? null) !== before || !mayRetireThrough(head, last)) return undefined;
  const covering = Object.entries(head.snapshots).filter(([, snapshot]) => last.through <= snapshot.through);
  return {
    segments: head.segments.slice(retired.length),
    floor: last.through,
    history: pointer,
    snapshots: Object.fromEntries(covering),
  };
}

/**
 * A segment may leave the list only when marks and a snapshot cover it, and never as the last one. A snapshot that does not
 * is of a model version that nobody rolls up any more: its entry leaves in the same swap.
 */
export function mayRetireThrough(head: Head, entry: SegmentEntry): boolean {
  const snapshots = Object.values(head.snapshots);
  const covered = snapshots.length === 0 || snapshots.some((snapshot) => entry.through <= snapshot.through);
  return (
    covered &&
    head.marks !== null &&
    entry.through <= head.marks.through &&
    entry.key !== head.segments.at(-1)?.key
  );
}
