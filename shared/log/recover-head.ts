/**
 * The head of a recovered store, from its parts. Pure.
 *
 * A new epoch, so that readers start afresh and nothing that was built for the lost head can be linked; a rev above every name's, with
 * room for revs that left no name; sealed through every timestamp there is, so that no update that was in flight meanwhile is
 * acknowledged where publish may have been: its writer sends it again, later.
 */
import type { IfMatchSpelling } from "../ports/bucket.ts";
import type { Settings } from "../settings.ts";
import type { Head, Pointer, SegmentEntry, SnapshotEntry } from "../wire/head.ts";
import { type Timestamp, zeroTimestamp } from "../wire/time.ts";

export interface RecoveredParts {
  readonly epoch: string;
  readonly nonce: string;
  readonly rev: number;
  readonly marks: Pointer | null;
  readonly sealedThrough: Timestamp;
  readonly ifMatch: IfMatchSpelling;
}

export interface Shelved {
  /** For the head's list. */
  readonly listed: readonly SegmentEntry[];
  /** For an index. */
  readonly older: readonly SegmentEntry[];
  /** Those whose tail the list holds; an abandoned version's may lie too far back. */
  readonly snapshots: Readonly<Record<string, SnapshotEntry>>;
}

/** Seals and jobs raise the rev without leaving an object; nobody has so many in flight. */
const unseenRevs = 1_000;

/** The rev of the new head, above every one that a name tells of. */
export function revAbove(revs: readonly number[]): number {
  return revs.reduce((a, b) => Math.max(a, b), 0) + unseenRevs;
}

/** Splits the log into what the head lists and what an index names: the list reaches back behind the newest snapshot. */
export function shelve(
  segments: readonly SegmentEntry[],
  snapshots: Readonly<Record<string, SnapshotEntry>>,
  settings: Settings,
): Shelved {
  const newest = Math.max(...Object.values(snapshots).map(({ through }) => through));
  const needed = segments.filter(({ through }) => through > newest).length;
  const count = Math.min(
    segments.length,
    Math.max(settings.segmentsListedAim, Number.isFinite(newest) ? needed : 0),
  );
  const older = segments.slice(0, segments.length - count);
  const floor = older.at(-1)?.through ?? zeroTimestamp;
  const covering = Object.entries(snapshots).filter(([, { through }]) => through >= floor);
  return { listed: segments.slice(older.length), older, snapshots: Object.fromEntries(covering) };
}

export function recoveredHead(parts: RecoveredParts, shelved: Shelved, history: Pointer | null): Head {
  const { epoch, nonce, rev, marks, ifMatch } = parts;
  const { listed, older, snapshots } = shelved;
  const floor = older.at(-1)?.through ?? zeroTimestamp;
  const publishedThrough = listed.at(-1)?.through ?? floor;
  const sealedThrough = parts.sealedThrough > publishedThrough ? parts.sealedThrough : publishedThrough;
  return {
    epoch,
    rev,
    nonce,
    sealedThrough,
    publishedThrough,
    segments: listed,
    floor,
    snapshots,
    marks,
    history,
    linkFrom: 0,
    ifMatch,
  };
}
