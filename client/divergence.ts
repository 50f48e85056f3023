/**
 * Whether the local state is still what the log gives (docs/protocol.md, "Read"), when to look, and what to do where it is not: the log is
 * read afresh beside what is shown, and takes its place once it is whole. Nothing is given up for a bucket that is damaged itself.
 */
import { createFoldReplica } from "../shared/drive/fold-replica.ts";
import { createPoller } from "../shared/drive/poller.ts";
import type { Host } from "../shared/drive/run.ts";
import { readStoreHead } from "../shared/drive/store.ts";
import { StoreError } from "../shared/errors.ts";
import type { Held } from "../shared/log/held.ts";
import type { KnownHead } from "../shared/log/known-head.ts";
import { divergedLog, olderHead, stuckReader } from "../shared/log/troubles.ts";
import type { Model } from "../shared/model/model.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import type { Confirmed } from "./confirmed.ts";
import type { PlaceRow } from "./rows.ts";

/** When to do again what costs more than a poll. */
export interface Turns {
  /** The last time was long ago; the next is due as long from now. */
  isDue(): boolean;
  /** It came to nothing: the next is due at once. */
  giveBack(): void;
}

/**
 * Where the head lists a snapshot of exactly this position, the local state must be the one in it: gives the place where it is not. Null
 * where nothing can be compared, or all is well. Hashes the whole state.
 */
export function findDivergence(
  confirmed: Confirmed<never> | Confirmed<unknown>,
  modelVersion: number,
  { isDue }: Turns,
): PlaceRow | null {
  const { place, readBy } = confirmed;
  const entry = readBy?.head.snapshots[modelVersion];
  if (!entry || !place || entry.through !== place.position || !isDue()) return null;
  return confirmed.stateHash() === entry.stateHash ? null : place;
}

/** The log that a reader at `held` has met is not the one that brought it there. */
export function isOtherLog(error: unknown, store: StoreId, held: Held | null): boolean {
  return (
    error instanceof StoreError && held !== null && error.what === divergedLog(store, held.position).what
  );
}

/** A head that is older than the one held: a cache's, or somebody put it back. Gives the one that stands in the bucket. */
export async function requireNewer(host: Host, store: StoreId, { known }: Held): Promise<KnownHead> {
  const found = await readStoreHead(host, store);
  const [before, now] = [known.head.rev, found.head.rev];
  if (found.head.epoch === known.head.epoch && now < before)
    throw new StoreError(olderHead(store, before, now));
  return found;
}

export function createTurns(platform: Platform, everyMs: number): Turns {
  let lookedAt = 0;
  return {
    isDue() {
      const ageMs = platform.now() - lookedAt;
      // One that lies in the future is of before the clock was set back.
      const due = ageMs < 0 || ageMs >= everyMs;
      if (due) lookedAt = platform.now();
      return due;
    },
    giveBack() {
      lookedAt = 0;
    },
  };
}

/** From the newest snapshot, or the log's beginning, to its end; then all of it at once. Throws StoreError; nothing has changed then. */
export async function readAfresh(host: Host, { store, model, confirmed }: RepairParts): Promise<Held> {
  const replica = createFoldReplica(model);
  const { is, held } = await createPoller(host, { store, modelVersion: model.version, replica }).poll();
  if (is === "stuck") throw new StoreError(stuckReader(store));
  const { name: modelName, version: modelVersion } = model;
  const { position: through, known } = held;
  const state = { modelName, modelVersion, stateHash: "", state: replica.fold.encode() };
  const trouble = await confirmed.replica.load({ through, hash: replica.hash, ...state }, known);
  if (trouble) throw new StoreError(trouble);
  return held;
}

export interface RepairParts {
  readonly store: StoreId;
  readonly model: Model<unknown>;
  readonly confirmed: Pick<Confirmed<unknown>, "replica">;
}
