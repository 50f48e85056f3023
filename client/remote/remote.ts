/**
 * The Remote port: the client's way to a store, over HTTP or straight to a bucket. Reading is by the protocol's own programs over
 * `get`; the tail and sending are asked for whole, because a server does them in one round trip.
 */
import type { KnownHead } from "../../shared/log/known-head.ts";
import type { TailOutcome } from "../../shared/log/tail.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { AbortSignalLike } from "../../shared/ports/platform.ts";
import type { AppId, StoreId } from "../../shared/wire/ids.ts";
import type { Marks } from "../../shared/wire/marks.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate, Update } from "../../shared/wire/update.ts";

export type SendOutcome =
  /** `known`: a head read after it was stored, where there is one: saves the next poll's GET. */
  | { readonly is: "stored"; readonly timestamp: Timestamp; readonly known: KnownHead | null }
  /** Never, as it is. */
  | { readonly is: "rejected"; readonly reason: string }
  /** Not now: the same update must be sent again, unchanged. */
  | { readonly is: "later"; readonly reason: string; readonly retryAfterMs: number };

export interface TailInput {
  readonly known: KnownHead;
  readonly marks: Marks | null;
  /** What an earlier tail had, by key. */
  readonly seen: Readonly<Record<string, StampedUpdate>>;
}

export interface Remote {
  /** For people and errors, without secrets. */
  readonly name: string;
  /** `app`: under which id this instance sends; known once its local data is in, and another one after it was cloned. */
  open(store: StoreId, app?: () => Promise<AppId>): RemoteStore;
}

export interface RemoteStore {
  /** Heads, segments, snapshots, marks and indexes of this store. Throws StoreError. */
  readonly get: Bucket["get"];
  tail(input: TailInput): Promise<TailOutcome>;
  /** Throws StoreError where it may or may not have been stored, or nobody answered: send the same again. */
  send(update: Update): Promise<SendOutcome>;
  /** The service's clock minus this machine's, in milliseconds; null before the first answer. */
  clockOffsetMs(): number | null;
  /** Calls `wake` when something may be new, until `signal`; carries nothing else. */
  readonly live?: (wake: (reason: string) => void, signal: AbortSignalLike) => void;
}
