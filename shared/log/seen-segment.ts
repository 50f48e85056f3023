/**
 * A segment that need not be read, because the reader has seen all of its updates: in the tail, or as their author. The log's hash, from
 * the reader's position to the segment's end, proves that they are the same, in the same order, and that none is missing.
 */
import type { Sha256 } from "../ports/hash.ts";
import type { SegmentEntry } from "../wire/head.ts";
import { hashLog, type Segment } from "../wire/segment.ts";
import type { StampedUpdate } from "../wire/update.ts";
import type { Held } from "./held.ts";
import { inLogOrder } from "./publish-build.ts";

/** Undefined where it must be read: something in it was not seen, or is not what was seen. */
export function segmentOfSeen(
  { from, through, count, hash }: SegmentEntry,
  { position, hash: fromHash }: Held,
  seen: readonly StampedUpdate[],
  sha256: Sha256,
): Segment | undefined {
  if (position !== from || fromHash === null) return undefined;
  const updates = inLogOrder(seen.filter(({ timestamp }) => from < timestamp && timestamp <= through));
  if (updates.length !== count || hashLog(fromHash, updates, sha256) !== hash) return undefined;
  return { from, through, fromHash, hash, updates, setAside: [] };
}
