/**
 * Joins the segments that begin where the certain log ends into one. Pure.
 *
 * At most one of them was linked. Each was listed after its own seal, so it holds every update that was acknowledged in its range, but for
 * those that the linked one had published and that were deleted before this one listed them: together they hold all, alone none surely
 * does. The order of the log and the copies that fall to the marks are publish's own: all lie above the same marks, so seqs that they
 * share are copies of each other.
 */
import { assert } from "../errors.ts";
import type { Sha256 } from "../ports/hash.ts";
import { emptyMarks } from "../wire/marks.ts";
import { hashLog, type Segment, type SetAside } from "../wire/segment.ts";
import type { Timestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { orderAndDrop } from "./publish-build.ts";

/** The ends, the earliest first; others may begin where one of them ends. */
export function joinEnds(ends: readonly Segment[], sha256: Sha256): Segment {
  const first = ends[0];
  assert(first, "there is an end to join");
  const { from, fromHash } = first;
  const isEnd = (end: Segment) => end.from > from || (end.from === from && end.fromHash === fromHash);
  assert(ends.every(isEnd), "ends begin at one place, or behind it");
  const updates = new Map<string, StampedUpdate>();
  const setAside = new Map<string, SetAside>();
  for (const end of ends) {
    for (const update of end.updates) updates.set(`${update.timestamp} ${update.app}`, update);
    for (const aside of end.setAside) setAside.set(aside.key, aside);
  }
  // Each end was cleared of what the marks before it hold; only copies among the ends are left.
  const { kept } = orderAndDrop([...updates.values()], emptyMarks, sha256);
  return {
    from,
    through: ends.reduce(
      (through, end) => (end.through > through ? end.through : through),
      from as Timestamp,
    ),
    fromHash,
    hash: hashLog(fromHash, kept, sha256),
    updates: kept,
    setAside: [...setAside.values()],
  };
}
