/**
 * createReplay: a store's state at chosen times, folded from its objects.
 *
 * Segments are read once, in order; times must not go back. For the present the newest snapshot saves the way; for a time
 * before it the fold begins at the log's start, with the version's upcasters.
 */
import { StoreError } from "../errors.ts";
import type { Fold } from "../fold/fold.ts";
import type { Model } from "../model/model.ts";
import type { AppliedRange, Replica } from "../ports/replica.ts";
import type { StoreId } from "../wire/ids.ts";
import { formatTimestamp, type Timestamp, toTimestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { createFoldReplica, type FoldReplicaOptions } from "./fold-replica.ts";
import { createPoller } from "./poller.ts";
import type { Host } from "./run.ts";

export interface ReplayOptions<S> extends FoldReplicaOptions {
  readonly store: StoreId;
  readonly model: Model<S>;
  /** Fold the whole log even where a snapshot would do. Default false. */
  readonly fromStart?: boolean;
}

export interface Replay<S> {
  readonly fold: Fold<S>;
  /** Updates applied so far (not counting those inside a snapshot). */
  readonly applied: number;
  /** Folds on to a time, all updates at or below it; by default to the end of what is published. Throws StoreError. */
  advanceTo(time?: Timestamp): Promise<Fold<S>>;
}

const endOfTime = toTimestamp(Number.POSITIVE_INFINITY);

export function createReplay<S>(host: Host, options: ReplayOptions<S>): Replay<S> {
  const { store, model, fromStart = false } = options;
  const inner = createFoldReplica(model, options);
  const cut = createCut(inner);
  const modelVersion = fromStart ? null : model.version;
  const poller = createPoller(host, { store, replica: cut.replica, modelVersion, history: true });

  return {
    get fold() {
      return inner.fold;
    },
    get applied() {
      return cut.applied;
    },
    async advanceTo(time = endOfTime) {
      if (time < cut.until) throw backwards(time, cut.until);
      await cut.moveTo(time);
      const outcome = await poller.poll({ until: time });
      if (outcome.is === "stuck") throw noWay(store);
      return inner.fold;
    },
  };
}

/** A replica that lets updates through up to a time and keeps the rest of the last segment for the next time. */
function createCut(inner: Replica) {
  let until = 0 as Timestamp;
  let applied = 0;
  let waiting: AppliedRange | null = null;

  async function apply(range: AppliedRange) {
    const now: StampedUpdate[] = [];
    const later: StampedUpdate[] = [];
    for (const update of range.updates) (update.timestamp <= until ? now : later).push(update);
    waiting = range.through > until ? { ...range, updates: later } : null;
    const through = range.through > until ? until : range.through;
    if (waiting && now.length === 0) return null;
    applied += now.length;
    return inner.apply({ updates: now, through, hash: range.hash });
  }

  return {
    get until() {
      return until;
    },
    get applied() {
      return applied;
    },
    replica: {
      reset(epoch) {
        waiting = null;
        applied = 0;
        return inner.reset(epoch);
      },
      load(snapshot) {
        waiting = null;
        return inner.load(snapshot);
      },
      apply,
    } satisfies Replica,
    async moveTo(time: Timestamp) {
      until = time;
      const trouble = waiting ? await apply(waiting) : null;
      if (trouble) throw new StoreError(trouble);
    },
  };
}

function backwards(time: Timestamp, until: Timestamp): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `A replay at ${formatTimestamp(until)} cannot go back to ${formatTimestamp(time)}`,
    fix: "Begin a new replay.",
  });
}

function noWay(store: StoreId): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: `Nothing that is stored leads to the state of store "${store}" at that time`,
    fix: "Its older segments were removed, or its snapshots are of another model version: give that version, or a later time.",
    store,
  });
}
