/** What a reader holds between polls: where its replica stands. Saved with the replica's own state, never apart from it. */
import type { Marks } from "../wire/marks.ts";
import type { Timestamp } from "../wire/time.ts";
import type { KnownHead } from "./known-head.ts";

export interface Held {
  readonly known: KnownHead;
  readonly position: Timestamp;
  /** The log's hash at the position; null when it is not known and not checked. */
  readonly hash: string | null;
  /** Marks at the position; null after a snapshot, until they are needed. */
  readonly marks: Marks | null;
}
