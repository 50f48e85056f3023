/**
 * The Replica port: where a reader keeps what it has confirmed. Each call is one transaction with the position in it.
 *
 * An answer of trouble means "I cannot go on, and nothing changed"; null means done.
 */
import type { Trouble } from "../errors.ts";
import type { Head } from "../wire/head.ts";
import type { Snapshot } from "../wire/snapshot.ts";
import type { Timestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import type { Etag } from "./bucket.ts";

export interface AppliedRange {
  /** In log order, all above the replica's position. */
  readonly updates: readonly StampedUpdate[];
  /** The new position. */
  readonly through: Timestamp;
  /** The log's hash there. */
  readonly hash: string;
}

/** The head that a reader reads by: saved beside the position it saves a download at the next start. */
export interface ReadBy {
  readonly head: Head;
  readonly etag: Etag;
}

export type ReplicaAnswer = Trouble | null | Promise<Trouble | null>;

export interface Replica {
  /** The store began a new epoch: drop what is confirmed. */
  reset(epoch: string): ReplicaAnswer;
  load(snapshot: Snapshot, by?: ReadBy): ReplicaAnswer;
  apply(range: AppliedRange, by?: ReadBy): ReplicaAnswer;
}
