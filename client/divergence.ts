/** Whether the local state is still what the log gives (docs/protocol.md, "Read"), and when to look. */
import type { Platform } from "../shared/ports/platform.ts";
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

/** True where the last look was long ago; then the next is due as long from now. */
export function createTurns(platform: Platform, everyMs: number): () => boolean {
  let lookedAt = 0;
  return () => {
    const ageMs = platform.now() - lookedAt;
    // One that lies in the future is of before the clock was set back.
    const due = ageMs < 0 || ageMs >= everyMs;
    if (due) lookedAt = platform.now();
    return due;
  };
}
