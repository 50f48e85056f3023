/**
 * bisectLog: the first published update after which an invariant of the model finds a problem.
 *
 * An invariant may fail, hold and fail again, so nothing is halved: it is evaluated after every update, on a fold from the
 * log's start with the version's upcasters, as a replay at a past time is. A fold cannot stand between two updates of one
 * timestamp; those are folded anew, one more each time.
 */
import type { Trouble } from "../errors.ts";
import { madeAnew } from "../log/troubles.ts";
import type { Model, Problem } from "../model/model.ts";
import type { AppliedRange, Replica } from "../ports/replica.ts";
import type { StoreId } from "../wire/ids.ts";
import { type Timestamp, toTimestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { createFoldReplica } from "./fold-replica.ts";
import { createReader } from "./reader.ts";
import type { Host } from "./run.ts";

export interface BisectOptions {
  readonly store: StoreId;
  readonly model: Model<unknown>;
  /** The name of one of the model's invariants. */
  readonly invariant: string;
  /** The state at this time is the first one that is judged; 0: the initial state. */
  readonly from: Timestamp;
  /** Inclusive. */
  readonly to: Timestamp;
}

export type BisectOutcome =
  | { readonly is: "found"; readonly update: StampedUpdate; readonly problems: readonly Problem[] }
  /** The first state that is judged has a problem already. */
  | { readonly is: "before"; readonly problems: readonly Problem[] }
  | { readonly is: "never"; readonly through: Timestamp };

export interface BisectReport {
  readonly outcome: BisectOutcome;
  /** Updates that were judged. */
  readonly judged: number;
}

/** Throws StoreError, also "incompatible" at an update of a newer model version. */
export async function bisectLog(host: Host, options: BisectOptions): Promise<BisectReport> {
  const { store, from, to } = options;
  const judge = createJudge(options);
  const pause = createPause(host);
  const replica: Replica = {
    reset: () => madeAnew(store),
    load: () => null,
    async apply({ updates }: AppliedRange) {
      const trouble = await judge.pass(updates.filter((update) => update.timestamp <= from));
      if (trouble) return trouble;
      for (const group of byTimestamp(
        updates.filter(({ timestamp }) => timestamp > from && timestamp <= to),
      )) {
        const wrong = (await judge.take(group)) ?? (await pause());
        if (wrong) return wrong;
        if (judge.outcome) return enough;
      }
      return null;
    },
  };
  try {
    const { held } = await createReader(host, { store, replica, history: true }).poll({
      until: toTimestamp(to + 1),
    });
    const through = toTimestamp(Math.min(to, held.known.head.publishedThrough));
    return { outcome: judge.end() ?? { is: "never", through }, judged: judge.judged };
  } catch (error) {
    if (judge.outcome) return { outcome: judge.outcome, judged: judge.judged };
    throw error;
  }
}

/** The only way that ends a read early. */
const enough: Trouble = { kind: "closed", what: "A problem was found", fix: "Nothing is to be done." };

/** Folds on and looks at each state, up to the first problem. */
function createJudge({ model, invariant }: BisectOptions) {
  const inner = createFoldReplica(model);
  const { fold } = inner;
  let outcome: BisectOutcome | null = null;
  let begun = false;
  let judged = 0;

  function begin(): void {
    const problems = begun ? [] : fold.problems(invariant);
    begun = true;
    if (problems.length > 0) outcome = { is: "before", problems };
  }

  const apply = (updates: readonly StampedUpdate[]) => {
    const through = updates.at(-1)?.timestamp ?? fold.position;
    return inner.apply({ updates, through, hash: "" });
  };

  return {
    get outcome() {
      return outcome;
    },
    get judged() {
      return judged;
    },
    /** Updates that are not judged. */
    pass: async (updates: readonly StampedUpdate[]) => apply(updates),
    /** The updates of one timestamp. */
    async take(group: readonly StampedUpdate[]): Promise<Trouble | null> {
      begin();
      const state = fold.state();
      const { position } = fold;
      for (const [i, update] of group.entries()) {
        if (outcome) return null;
        if (i > 0) fold.rewind(state, position);
        const trouble = await apply(group.slice(0, i + 1));
        if (trouble) return trouble;
        judged += 1;
        const problems = fold.problems(invariant);
        if (problems.length > 0) outcome = { is: "found", update, problems };
      }
      return null;
    },
    /** Where no update was judged, the first state still is. */
    end() {
      begin();
      return outcome;
    },
  };
}

/** A pause this often lets signals in and progress out. */
const pauseEveryMs = 50;

function createPause({ platform, signal }: Host): () => Promise<Trouble | null> {
  let last = platform.now();
  return async () => {
    if (Math.abs(platform.now() - last) < pauseEveryMs) return null;
    await platform.wait(0, signal);
    last = platform.now();
    return signal?.aborted ? stopped : null;
  };
}

const stopped: Trouble = {
  kind: "closed",
  what: "The search was stopped before it found a problem",
  fix: "It changed nothing: run it again.",
};

function byTimestamp(updates: readonly StampedUpdate[]): readonly (readonly StampedUpdate[])[] {
  const groups: StampedUpdate[][] = [];
  for (const update of updates) {
    const group = groups.at(-1);
    if (group?.[0]?.timestamp === update.timestamp) group.push(update);
    else groups.push([update]);
  }
  return groups;
}
