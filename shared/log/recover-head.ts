/**
 * The head of a recovered store, from its parts. Pure.
 *
 * A new epoch, so that readers start afresh and nothing that was built for the lost head can be linked. A rev above every name's and
 * every one that left no name, so that of two branches the later one always has the higher revs (recover-plan.ts). Sealed through
 * every timestamp there is, so that no update that was in flight meanwhile is acknowledged where publish may have been: its writer
 * sends it again, later.
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
  /** Those whose tail the list holds. */
  readonly snapshots: Readonly<Record<string, SnapshotEntry>>;
}

/** Seals raise the rev without leaving an object: one each second, for thirty years. */
const revsOfEpoch = 1_000_000_000;
/** No name of icecore's has a higher one; 15 digits are the most that a name can hold. */
const revMax = 900_000 * revsOfEpoch;

/** The rev of the new head: the first of a thousand million that no head before it had. */
export function revAbove(revs: readonly number[]): number {
  const highest = revs.reduce((a, b) => (b < revMax ? Math.max(a, b) : a), 0);
  return (Math.floor(highest / revsOfEpoch) + 1) * revsOfEpoch;
}

/**
 * Splits the log into what the head lists and what an index names: the list reaches back behind the newest snapshot. Where that would be
 * too long no snapshot is kept: whoever needs a state folds the whole log, as in a store that never had one.
 */
export function shelve(
  segments: readonly SegmentEntry[],
  snapshots: Readonly<Record<string, SnapshotEntry>>,
  settings: Settings,
): Shelved {
  const newest = Math.max(0, ...Object.values(snapshots).map(({ through }) => through));
  const needed = segments.filter(({ through }) => through > newest).length;
  const usable = newest > 0 && needed <= settings.segmentsListedMax;
  const count = Math.min(segments.length, Math.max(settings.segmentsListedAim, usable ? needed : 0));
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
