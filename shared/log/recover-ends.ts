/**
 * Joins the segments that begin where the certain log ends into one. Pure.
 *
 * At most one of them was linked; together they hold every update that was acknowledged in their range (recover-plan.ts). The order of
 * the log and the copies that fall to the marks are publish's own: all ends lie above the same marks, so seqs that they share are
 * copies of each other.
 */
import { assert } from "../errors.ts";
import type { Sha256 } from "../ports/hash.ts";
import { emptyMarks } from "../wire/marks.ts";
import { hashLog, type Segment, type SetAside } from "../wire/segment.ts";
import type { Timestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { orderAndDrop } from "./publish-build.ts";

export function joinEnds(ends: readonly Segment[], sha256: Sha256): Segment {
  const first = ends[0];
  assert(first, "there is an end to join");
  assert(
    ends.every((end) => end.from === first.from && end.fromHash === first.fromHash),
    "ends begin at one place",
  );
  const updates = new Map<string, StampedUpdate>();
  const setAside = new Map<string, SetAside>();
  for (const end of ends) {
    for (const update of end.updates) updates.set(`${update.timestamp} ${update.app}`, update);
    for (const aside of end.setAside) setAside.set(aside.key, aside);
  }
  // Each end was cleared of what the marks before it hold; only copies among the ends are left.
  const { kept } = orderAndDrop([...updates.values()], emptyMarks, sha256);
  return {
    from: first.from,
    through: ends.reduce((through, end) => (end.through > through ? end.through : through), 0 as Timestamp),
    fromHash: first.fromHash,
    hash: hashLog(first.fromHash, kept, sha256),
    updates: kept,
    setAside: [...setAside.values()],
  };
}
