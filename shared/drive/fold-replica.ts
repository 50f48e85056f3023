/** createFoldReplica: a replica in memory, over a fold. For rollups, replays and anyone who keeps no local storage. */
import { StoreError, type Trouble } from "../errors.ts";
import type { Fold, Rejection } from "../fold/fold.ts";
import { createFold } from "../fold/fold.ts";
import type { Model } from "../model/model.ts";
import type { Replica } from "../ports/replica.ts";
import { emptyLogHash } from "../wire/segment.ts";
import { formatTimestamp, type Timestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";

export interface FoldReplica<S> extends Replica {
  readonly fold: Fold<S>;
  /** The log's hash at the fold's position. */
  readonly hash: string;
}

export interface FoldReplicaOptions {
  /** Told of each action that was set aside. */
  readonly onRejection?: (rejection: Rejection) => void;
}

export function createFoldReplica<S>(model: Model<S>, options: FoldReplicaOptions = {}): FoldReplica<S> {
  let fold = createFold(model);
  let hash = emptyLogHash;

  function advance(updates: readonly StampedUpdate[], through: Timestamp): Trouble | null {
    const missing = updates.filter((update) => update.timestamp > fold.position);
    const report = fold.apply(missing, through);
    for (const rejection of report.rejected) options.onRejection?.(rejection);
    return report.stoppedAt ? newerModel(model.name, model.version, report.stoppedAt) : null;
  }

  return {
    get fold() {
      return fold;
    },
    get hash() {
      return hash;
    },
    reset() {
      fold = createFold(model);
      hash = emptyLogHash;
      return null;
    },
    load(snapshot) {
      if (snapshot.modelName !== model.name) return otherModel(model.name, snapshot.modelName);
      try {
        const next = createFold(model);
        next.load(snapshot.state, snapshot.modelVersion, snapshot.through);
        fold = next;
        hash = snapshot.hash;
        return null;
      } catch (error) {
        if (error instanceof StoreError) return { kind: error.kind, what: error.message, fix: error.fix };
        throw error;
      }
    },
    apply(range) {
      const trouble = advance(range.updates, range.through);
      if (!trouble) hash = range.hash;
      return trouble;
    },
  };
}

function newerModel(
  name: string,
  version: number,
  at: { timestamp: Timestamp; modelVersion: number },
): Trouble {
  return {
    kind: "incompatible",
    what: `The update at ${formatTimestamp(at.timestamp)} was made with version ${at.modelVersion} of model "${name}"; this one is version ${version}`,
    fix: "Run the newer model.",
  };
}

function otherModel(name: string, other: string): Trouble {
  return {
    kind: "incompatible",
    what: `The store's snapshots are of model "${other}", not "${name}"`,
    fix: "Give the model that the store was made with.",
  };
}
