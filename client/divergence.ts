/** Whether the local state is still what the log gives (docs/protocol.md, "Read"). */
import type { Confirmed } from "./confirmed.ts";
import type { PlaceRow } from "./rows.ts";

/**
 * Where the head lists a snapshot of exactly this position, the local state must be the one in it: gives the place where it is not. Null
 * where nothing can be compared, or all is well. Hashes the whole state.
 */
export function findDivergence(
  confirmed: Confirmed<never> | Confirmed<unknown>,
  modelVersion: number,
  isDue: () => boolean,
): PlaceRow | null {
  const { place, readBy } = confirmed;
  const entry = readBy?.head.snapshots[modelVersion];
  if (!entry || !place || entry.through !== place.position || !isDue()) return null;
  return confirmed.stateHash() === entry.stateHash ? null : place;
}
