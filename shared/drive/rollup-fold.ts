/**
 * createRollupFold: the state beside a rollup, folded only over what is new, and its snapshots.
 *
 * `base` is the key of the snapshot that the fold began from or wrote last. Where the head lists another one (a second rollup
 * wrote it), the fold begins again from that: a snapshot is linked only on top of its own base.
 */
import { AssertionError, assert, StoreError } from "../errors.ts";
import { stateHash } from "../fold/fold.ts";
import type { KnownHead } from "../log/known-head.ts";
import type { PublishOutcome } from "../log/publish.ts";
import { type WriteSnapshotOutcome, writeSnapshot } from "../log/write-snapshot.ts";
import type { Model } from "../model/model.ts";
import type { AbortSignalLike } from "../ports/platform.ts";
import type { StoreId } from "../wire/ids.ts";
import { createFoldReplica, type FoldReplicaOptions } from "./fold-replica.ts";
import { createReader } from "./reader.ts";
import { type Host, run } from "./run.ts";

export interface RollupFold {
  /** Folds up to the round's head, or as far as the time goes. */
  follow(outcome: PublishOutcome): Promise<FoldFollowed>;
  writeSnapshot(): Promise<WriteSnapshotOutcome>;
}

export interface FoldFollowed {
  /** Why it could not: "closed" where it was stopped in time. */
  readonly trouble: StoreError | null;
  /** What is folded may be written as a snapshot, where one is due. */
  readonly mayWrite: boolean;
}

export interface RollupFoldOptions extends FoldReplicaOptions {
  readonly store: StoreId;
  readonly foldSignal?: AbortSignalLike;
}

export function createRollupFold(host: Host, model: Model<unknown>, options: RollupFoldOptions): RollupFold {
  const { store, foldSignal } = options;
  const foldHost = foldSignal === undefined ? host : { ...host, signal: foldSignal };
  const begin = () => {
    const replica = createFoldReplica(model, options);
    return {
      replica,
      reader: createReader(foldHost, { store, replica, modelVersion: model.version, migrate: true }),
    };
  };
  const listed = ({ head }: KnownHead) => head.snapshots[model.version]?.key ?? null;
  let base: string | null = null;
  let { replica, reader } = begin();

  async function catchUp(outcome: PublishOutcome): Promise<void> {
    if (reader.held && listed(outcome.known) !== base) ({ replica, reader } = begin());
    const cold = reader.held === null;
    const cached = outcome.is === "published" ? { [outcome.key]: outcome.segment } : {};
    try {
      const read = await reader.poll({ given: outcome.known, cached });
      if (read.is === "stuck") throw noBase(store, model.version);
    } finally {
      // Also where it got only part of the way: it goes on from there.
      if (cold && reader.held) base = listed(reader.held.known);
    }
  }

  /** Stopped on its way: above the floor, and further than what is listed, the state so far is worth as much as any. */
  function mayWritePart({ head }: KnownHead): boolean {
    const { position } = replica.fold;
    const before = head.snapshots[model.version]?.through ?? 0;
    // Before an update of a newer model version it stands inside a segment, where no hash of the log is known.
    const isWhole = position === reader.held?.position;
    return foldSignal?.aborted === true && isWhole && position >= head.floor && position > before;
  }

  return {
    async follow(outcome) {
      try {
        await catchUp(outcome);
        return { trouble: null, mayWrite: true };
      } catch (error) {
        const trouble = asStoreError(error, store);
        return { trouble, mayWrite: trouble.kind === "closed" && mayWritePart(outcome.known) };
      }
    },
    async writeSnapshot() {
      const { fold, hash } = replica;
      const { name: modelName, version: modelVersion } = model;
      const state = fold.encode();
      const snapshot = {
        through: fold.position,
        hash,
        modelName,
        modelVersion,
        stateHash: stateHash(fold, host.platform.sha256),
        state,
      };
      assert(reader.held, "a snapshot is written only of what was folded");
      const { epoch } = reader.held.known.head;
      const outcome = await run(writeSnapshot, { store, snapshot, base, epoch }, host);
      if (outcome.is === "written") base = outcome.key;
      return outcome;
    },
  };
}

/** What a model or an object threw, as a StoreError; a bug of our own stays what it is. */
export function asStoreError(error: unknown, store: StoreId): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof AssertionError) throw error;
  const what = `The model of store "${store}" failed: ${error instanceof Error ? error.message : String(error)}`;
  return new StoreError(
    { kind: "rejected", what, fix: "Correct the model; updates are published all the same.", store },
    error,
  );
}

function noBase(store: StoreId, version: number): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: `Store "${store}" has no snapshot that version ${version} of the model can begin from`,
    fix: "Run the rollup with the model version that wrote the store's snapshots, or a newer one.",
    store,
  });
}
