/**
 * Sources: what components read of a store, each as a value that keeps its identity while it stays the same. React compares by identity to
 * find out whether it must render, and whether a render that it paused shows one moment only.
 */
import type { Json } from "../../shared/json.ts";
import type { Model, Problem, StateOf } from "../../shared/model/model.ts";
import type { Store, SyncStatus } from "../store.ts";
import { type IsEqual, sameJson, shallowEqual } from "./equal.ts";

export interface Source<T> {
  /** Called after each change that may concern it; answers with how to stop. */
  subscribe(listener: () => void): () => void;
  /** The same value as before while nothing changed. */
  read(): T;
}

export interface Sources<M extends Model<unknown>> {
  readonly store: Store<M>;
  readonly state: Source<StateOf<M>>;
  readonly status: Source<SyncStatus>;
  readonly problems: Source<readonly Problem[]>;
}

/** With `shown` the state is that one and stands still. */
export function createSources<M extends Model<unknown>>(
  store: Store<M>,
  shown: StateOf<M> | undefined,
): Sources<M> {
  const { subscribe } = store;
  return {
    store,
    state:
      shown === undefined
        ? { subscribe, read: () => store.state }
        : { subscribe: () => () => undefined, read: () => shown },
    status: { subscribe, read: steady(() => store.sync.status, shallowEqual) },
    problems: { subscribe, read: steady(() => store.problems, sameProblems) },
  };
}

/** A read that answers with the value of before as long as the new one equals it. */
function steady<T>(read: () => T, isEqual: IsEqual<T>): () => T {
  let last: { readonly value: T } | undefined;
  return () => {
    const value = read();
    if (last === undefined || !isEqual(last.value, value)) last = { value };
    return last.value;
  };
}

function sameProblems(before: readonly Problem[], after: readonly Problem[]): boolean {
  return sameJson(before as unknown as Json, after as unknown as Json);
}
