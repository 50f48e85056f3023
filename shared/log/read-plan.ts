/**
 * What a reader must fetch, decided from a head and its own position (docs/protocol.md, "Read"). Pure.
 *
 * A position is publishedThrough of the head whose segments were applied, never the largest timestamp seen. The snapshot is
 * loaded only when it must be (position below the floor) or saves bytes; afterwards only segments that are missing.
 */
import type { Head, SegmentEntry, SnapshotEntry } from "../wire/head.ts";
import type { Timestamp } from "../wire/time.ts";

export interface ReadPlan {
  readonly snapshot: SnapshotEntry | null;
  /** Listed segments above the position (after the snapshot, where one is loaded), oldest first. */
  readonly segments: readonly SegmentEntry[];
  /** Older segments are needed: read the index chain first. */
  readonly history: boolean;
  /** Nothing listed leads from the position to the head for this model version. */
  readonly stuck: boolean;
}

export interface Reading {
  readonly position: Timestamp;
  /** Null: the raw log, no snapshots. */
  readonly modelVersion: number | null;
  /** May begin from the snapshot of an older version: only the rollup that makes the first one of its own. */
  readonly migrate: boolean;
  /** May follow the index chain to segments that left the head's list. */
  readonly history: boolean;
  /** Nothing after it is wanted. */
  readonly until: Timestamp;
}

export function planRead(head: Head, reading: Reading): ReadPlan {
  const snapshot = usableSnapshot(head, reading);
  const start = snapshot ? snapshot.through : reading.position;
  const below = start < head.floor;
  const segments = head.segments.filter((entry) => entry.through > start && entry.from < reading.until);
  const history = below && mayUseHistory(head, reading);
  const stuck = (below && !history) || (!snapshot && hasForeignBase(head, reading));
  return { snapshot, segments, history, stuck };
}

/**
 * The snapshot to load, if any: ahead of the reader, and needed or worth its bytes. A new reader always loads it: its version's
 * base may be another version's state, migrated, which no fold from the start would give.
 */
function usableSnapshot(head: Head, reading: Reading): SnapshotEntry | null {
  const { position, until } = reading;
  const snapshot = baseSnapshot(head, reading);
  if (!snapshot || snapshot.through <= position || snapshot.through > until) return null;
  if (position < head.floor || position === 0) return snapshot;
  const spared = head.segments.filter(
    (entry) => entry.through > position && entry.through <= snapshot.through,
  );
  return spared.reduce((sum, entry) => sum + entry.bytes, 0) > snapshot.bytes ? snapshot : null;
}

/** Of the reader's own version, or, for who makes the first of a version, the newest older one. */
function baseSnapshot(head: Head, { modelVersion, migrate }: Reading): SnapshotEntry | undefined {
  if (modelVersion === null) return undefined;
  const older = Object.keys(head.snapshots)
    .map(Number)
    .filter((version) => version < modelVersion);
  return (
    head.snapshots[modelVersion] ??
    (migrate && older.length > 0 ? head.snapshots[Math.max(...older)] : undefined)
  );
}

/** A new reader may not fold from the start while its version's base is to be another version's state, migrated. */
function hasForeignBase(head: Head, { modelVersion, position, history }: Reading): boolean {
  if (modelVersion === null || position > 0 || history) return false;
  return head.snapshots[modelVersion] === undefined && Object.keys(head.snapshots).length > 0;
}

/** Older segments lead to a state when they are asked for, or when no snapshot ever fixed another base. */
function mayUseHistory(head: Head, reading: Reading): boolean {
  return reading.history || reading.modelVersion === null || Object.keys(head.snapshots).length === 0;
}
