/**
 * The fold: a model's state, advanced by updates in log order. Pure, synchronous, deterministic and total: an action that
 * cannot be applied is set aside alone, with its reason.
 *
 * As long as nobody has asked for a state, entities are changed in place; from then on every batch clones what it touches.
 */
import { AssertionError, assert, StoreError } from "../errors.ts";
import { canonicalText, type Json } from "../json.ts";
import { createJournal } from "../model/journal.ts";
import type { Model, Problem, StateContext, StateStore } from "../model/model.ts";
import { reasonOf } from "../model/reason.ts";
import type { Sha256 } from "../ports/hash.ts";
import type { ActionId, AppId } from "../wire/ids.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import type { Action } from "../wire/update.ts";
import type { FoldUpdate } from "./fold-update.ts";
import { type ActionRun, runAction } from "./run-action.ts";

/** An action that was set aside: it had no effect; the others of its update had theirs. */
export interface Rejection {
  readonly timestamp: Timestamp;
  readonly app: AppId;
  readonly seq: number;
  readonly actionId: ActionId;
  readonly name: string;
  /** One line, at most 300 characters. */
  readonly reason: string;
}

export interface FoldReport {
  /** Actions that took effect. */
  readonly applied: number;
  readonly rejected: readonly Rejection[];
  /** The update of a newer model version before which the fold stopped. */
  readonly stoppedAt?: FoldStop;
}

export interface FoldStop {
  readonly timestamp: Timestamp;
  readonly modelVersion: number;
}

export interface FoldOptions {
  /** Freezes action data and entities deeply, so that a model that changes what it was given is rejected. Slow: for tests. */
  readonly strict?: boolean;
}

export interface Fold<S = unknown> {
  readonly model: Model<S>;
  /** Every update at or below it is in the state; nothing above it is. */
  readonly position: Timestamp;
  /**
   * Replaces the state by a stored one; a state of an older model version is migrated. Takes ownership of `stored`.
   * Throws StoreError incompatible for a newer version and corrupt for what does not decode; the fold is then unchanged.
   */
  load(stored: Json, storedVersion: number, through: Timestamp): void;
  /**
   * Applies updates in log order, all of them above the position; then the position is `through`. An update of a newer
   * model version stops it: nothing at or after that timestamp is applied, and the position is just before it.
   */
  apply(updates: readonly FoldUpdate[], through: Timestamp): FoldReport;
  /** The present state, immutable; the same object as long as nothing changes, and unchanged fields keep their identity. */
  state(): S;
  /** Back (or forth) to a state that this fold returned since the last `load`. */
  rewind(state: S, position: Timestamp): void;
  /** The storable form: `{ fieldName: … }`, tables as objects in key order. Shares parts with the state: do not change it. */
  encode(): Json;
  /** The state as people read it: enums by name, instances by label. */
  info(): Json;
  /** What the model's invariants find in the present state, or the one named `only`. */
  problems(only?: string): readonly Problem[];
}

/**
 * A fold at position 0 with the model's initial state.
 *
 * @example
 * const fold = createFold(todos);
 * fold.load(snapshot.state, snapshot.modelVersion, snapshot.through);
 * const { rejected } = fold.apply(segment.updates, segment.through);
 * fold.state().todos.get("a1");
 */
export function createFold<S>(model: Model<S>, { strict = false }: FoldOptions = {}): Fold<S> {
  let position: Timestamp = zeroTimestamp;
  // A journal for each state: the draft of one that was replaced writes nowhere any more.
  const newContext = (): StateContext => {
    const journal = createJournal();
    return { codec: model.stateCodec, journal, strict, meta: () => metaOf(run) };
  };
  const context = newContext();
  let store: StateStore<S> = model.createState(context);
  const run: ActionRun = { model: model as Model, journal: context.journal, strict, store, meta: undefined };
  run.journal.close();

  return {
    model,
    get position() {
      return position;
    },
    load(stored, storedVersion, through) {
      const next = newContext();
      store = loadState(model, next, stored, storedVersion);
      next.journal.close();
      run.store = store;
      run.journal = next.journal;
      position = through;
    },
    apply(updates, through) {
      checkOrder(updates, position, through);
      const stop = firstTooNew(model, updates);
      const report = applyAll(run, updates, stop === undefined ? updates.length : stop.count);
      position = stop === undefined ? through : toTimestamp(stop.stoppedAt.timestamp - 1);
      return stop === undefined ? report : { ...report, stoppedAt: stop.stoppedAt };
    },
    state: () => store.publish(),
    rewind(state, to) {
      store.rewind(state);
      position = to;
    },
    encode() {
      store.publish();
      return store.encode();
    },
    info: () => store.info(),
    problems: (only) => model.problemsOf(store.publish(), only),
  };
}

/** SHA-256 of the state's canonical text: equal for equal states on every machine. */
export function stateHash(fold: Pick<Fold, "encode">, sha256: Sha256): string {
  return sha256(canonicalText(fold.encode()));
}

/** How many leading updates may be applied, when one is of a newer model version. None of its timestamp are. */
export function firstTooNew(
  model: Pick<Model, "anyVersion" | "version">,
  updates: readonly FoldUpdate[],
): { readonly count: number; readonly stoppedAt: FoldStop } | undefined {
  if (model.anyVersion) return undefined;
  const at = updates.findIndex((update) => update.modelVersion > model.version);
  const tooNew = updates[at];
  if (tooNew === undefined) return undefined;
  const { timestamp, modelVersion } = tooNew;
  const count = updates.findIndex((update) => update.timestamp === timestamp);
  return { count, stoppedAt: { timestamp, modelVersion } };
}

function applyAll(run: ActionRun, updates: readonly FoldUpdate[], count: number): FoldReport {
  const rejected: Rejection[] = [];
  let applied = 0;
  for (let i = 0; i < count; i++) {
    const update = updates[i] as FoldUpdate;
    run.journal.clear();
    run.model.noteUpdate?.(run.store.draft, update);
    for (const action of update.actions) {
      const reason = runAction(run, update, action);
      if (reason === undefined) applied += 1;
      else rejected.push(rejection(update, action, reason));
    }
  }
  run.journal.close();
  return { applied, rejected };
}

function rejection({ timestamp, app, seq }: FoldUpdate, { id, name }: Action, reason: string): Rejection {
  return { timestamp, app, seq, actionId: id, name, reason };
}

function loadState<S>(
  model: Model<S>,
  context: StateContext,
  stored: Json,
  storedVersion: number,
): StateStore<S> {
  if (storedVersion > model.version) throw tooNew(model, storedVersion);
  try {
    const decoded = model.stateCodec.decodeOwned(stored);
    const store = model.createState(context);
    store.load(storedVersion < model.version ? model.migrate(decoded, storedVersion) : decoded);
    return store;
  } catch (error) {
    throw asLoadError(model, storedVersion, error);
  }
}

/** A migrate step may throw anything; whoever loads a snapshot needs to know only that it cannot be used. */
function asLoadError({ name }: Pick<Model, "name">, storedVersion: number, error: unknown): unknown {
  if (error instanceof AssertionError || (error instanceof StoreError && error.kind !== "rejected"))
    return error;
  const what = `A stored state of version ${storedVersion} of model "${name}" cannot be loaded: ${reasonOf(error)}`;
  return new StoreError(
    { kind: "corrupt", what, fix: "Correct the migrate step, or load another snapshot" },
    error,
  );
}

function checkOrder(updates: readonly FoldUpdate[], position: Timestamp, through: Timestamp): void {
  let before: number = position;
  for (let i = 0; i < updates.length; i++) {
    const { timestamp } = updates[i] as FoldUpdate;
    assert(i === 0 ? timestamp > before : timestamp >= before, "updates are folded in log order, each once");
    before = timestamp;
  }
  assert(through >= before, "a fold's position never moves back, nor before what it has applied");
}

function metaOf(run: ActionRun): NonNullable<ActionRun["meta"]> {
  assert(run.meta !== undefined, "a field asks for meta only while an action is applied");
  return run.meta;
}

function tooNew(model: Pick<Model, "name" | "version">, storedVersion: number): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: `The stored state is of version ${storedVersion} of model "${model.name}"; this app has version ${model.version}`,
    fix: "Upgrade the app",
  });
}
