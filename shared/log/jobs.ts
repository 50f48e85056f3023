/**
 * jobs: which long job a head is due for, decided from the head alone. Pure; all tuned numbers come from settings.
 *
 * Order matters only for cost: marks before a snapshot (so that a new reader finds both at one position), a snapshot
 * before retiring, merges last. Correctness rests on the rules in link-rules.ts.
 */
import type { Settings } from "../settings.ts";
import type { Head, SegmentEntry } from "../wire/head.ts";
import { mayRetireThrough } from "./link-rules.ts";

export type DueJob = "marks" | "snapshot" | "merge" | "retire";

/** The first job that this head is due for and that was not tried yet. `modelVersion` is null where no model is at hand. */
export function nextJob(
  head: Head,
  modelVersion: number | null,
  options: { readonly settings: Settings; readonly tried: readonly DueJob[] },
): DueJob | undefined {
  const { settings, tried } = options;
  const snapshot = modelVersion !== null && snapshotIsDue(head, modelVersion, settings);
  const due: Record<DueJob, boolean> = {
    marks: marksAreDue(head, snapshot, settings),
    snapshot,
    merge: chooseMerge(head, settings).length > 0,
    retire: listIsLong(head, settings) && chooseRetired(head, settings).length > 0,
  };
  return (["marks", "snapshot", "merge", "retire"] as const).find((job) => due[job] && !tried.includes(job));
}

function marksAreDue(head: Head, snapshot: boolean, settings: Settings): boolean {
  const newer = since(head, head.marks?.through ?? 0);
  return newer.length > 0 && (snapshot || newer.length > settings.segmentsListedAim / 2);
}

/** A snapshot is due when the segments since the last outweigh a share of it, are many, or are old. */
export function snapshotIsDue(head: Head, modelVersion: number, settings: Settings): boolean {
  const last = head.snapshots[modelVersion];
  const newer = since(head, last?.through ?? 0);
  if (newer.length === 0) return false;
  const bytes = newer.reduce((sum, entry) => sum + entry.bytes, 0);
  if (newer.length > settings.segmentsSinceSnapshotMax) return true;
  if (!last) return bytes > settings.snapshotBytesMin || Object.keys(head.snapshots).length > 0;
  const aged = head.publishedThrough - last.through > settings.snapshotAgeMs;
  return aged || bytes > Math.max(settings.snapshotBytesMin, last.bytes * settings.snapshotShare);
}

/**
 * The oldest run of `mergeFanIn` neighbours of one level, or of any while the list is long. The newest segment stays out: it
 * is the inline one.
 * Runs do not cross the newest snapshot, so that what a new client reads after it is not made larger.
 */
export function chooseMerge(head: Head, settings: Settings): readonly SegmentEntry[] {
  const snapshotThrough = Math.max(0, ...Object.values(head.snapshots).map((entry) => entry.through));
  const side = (entry: SegmentEntry) => (entry.through <= snapshotThrough ? "before" : "after");
  const entries = head.segments.slice(0, -1);
  const long = listIsLong(head, settings);
  let run: SegmentEntry[] = [];
  for (const entry of entries) {
    const first = run[0];
    const level = long || (first && mergeLevel(first, settings) === mergeLevel(entry, settings));
    const alike = first && side(first) === side(entry) && level;
    const bytes = run.reduce((sum, one) => sum + one.bytes, entry.bytes);
    run = alike && bytes <= settings.segmentBytesMax ? [...run, entry] : [entry];
    if (run.length === settings.mergeFanIn) return run;
  }
  return [];
}

/** The segments to retire: the oldest that marks and snapshots cover, down to two thirds of the aim. */
export function chooseRetired(head: Head, settings: Settings): readonly SegmentEntry[] {
  const surplus = head.segments.length - Math.ceil((settings.segmentsListedAim * 2) / 3);
  const leaving = head.segments.slice(0, Math.max(0, surplus));
  return leaving.filter((entry) => mayRetireThrough(head, entry));
}

function mergeLevel(entry: SegmentEntry, settings: Settings): number {
  return settings.mergeLevelBytes.filter((bound) => entry.bytes >= bound).length;
}

function listIsLong(head: Head, settings: Settings): boolean {
  return head.segments.length > settings.segmentsListedAim;
}

function since(head: Head, position: number): readonly SegmentEntry[] {
  return head.segments.filter((entry) => entry.through > position);
}
