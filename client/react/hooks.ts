/**
 * createStoreHooks: the React binding of one model. It only subscribes: the store is opened, closed and owned by the app, outside of
 * components.
 */
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useMemo } from "react";
import { StoreError } from "../../shared/errors.ts";
import type { Model, Problem, StateOf } from "../../shared/model/model.ts";
import type { Store, SyncStatus } from "../store.ts";
import type { IsEqual } from "./equal.ts";
import { createSources, type Sources } from "./source.ts";
import { useSelection } from "./use-selection.ts";

export interface StoreProviderProps<M extends Model<unknown>> {
  readonly store: Store<M>;
  /**
   * Shown in place of the store's own state, say one of `store.at(time)` or of the DevTools. The store itself is not changed: its actions,
   * status and problems stay those of now. @default the store's state
   */
  readonly shown?: StateOf<M> | null | undefined;
  readonly children?: ReactNode;
}

export interface StoreHooks<M extends Model<unknown>> {
  /** Gives a store to all components below it. */
  readonly StoreProvider: (props: StoreProviderProps<M>) => ReactElement;
  /** The state, or what `select` takes of it; renders again when that changes by `isEqual`. @default isEqual is Object.is */
  useStore(): StateOf<M>;
  useStore<T>(select: (state: StateOf<M>) => T, isEqual?: IsEqual<T>): T;
  /** The model's actions; always the same object. */
  useActions(): Store<M>["do"];
  /** The status, or what `select` takes of it; renders again only when that changes. */
  useSyncStatus(): SyncStatus;
  useSyncStatus<T>(select: (status: SyncStatus) => T, isEqual?: IsEqual<T>): T;
  /** What the model's invariants find; renders again only when they find something else. */
  useProblems(): readonly Problem[];
  /** The store itself, for `on`, `outbox`, `sync` and `at`. */
  useOpenStore(): Store<M>;
}

/**
 * The hooks of one model, with its types. Call it once, beside the model.
 *
 * @example
 * export const { StoreProvider, useStore, useActions, useSyncStatus } = createStoreHooks<typeof todos>();
 *
 * const store = openStore({ model: todos, storeId: "family", local: idbLocal(), remote, platform: createWebPlatform() });
 * createRoot(element).render(<StoreProvider store={store}><App /></StoreProvider>);
 *
 * function Title({ id }: { id: string }) {
 *   const title = useStore((state) => state.todos.get(id)?.title);   // renders when this title changes, and never else
 *   const { deleteTodo } = useActions();
 *   return <button onClick={() => deleteTodo({ id })}>{title}</button>;
 * }
 */
export function createStoreHooks<M extends Model<unknown>>(): StoreHooks<M> {
  const context = createContext<Sources<M> | null>(null);

  function useSources(): Sources<M> {
    const sources = useContext(context);
    if (sources === null) throw noProvider();
    return sources;
  }

  return {
    StoreProvider({ store, shown, children }) {
      const sources = useMemo(() => createSources(store, shown ?? undefined), [store, shown]);
      return createElement(context.Provider, { value: sources }, children);
    },
    useStore<T>(select: (state: StateOf<M>) => T = whole, isEqual?: IsEqual<T>) {
      return useSelection(useSources().state, select, isEqual);
    },
    useSyncStatus<T>(select: (status: SyncStatus) => T = whole, isEqual?: IsEqual<T>) {
      return useSelection(useSources().status, select, isEqual);
    },
    useActions: () => useSources().store.do,
    useProblems: () => useSelection<readonly Problem[], readonly Problem[]>(useSources().problems, whole),
    useOpenStore: () => useSources().store,
  };
}

/** Where a selector may be left out, T is the type of the whole. */
function whole<T>(value: unknown): T {
  return value as T;
}

function noProvider(): StoreError {
  return new StoreError({
    kind: "rejected",
    what: "A hook of a store was used outside of its StoreProvider",
    fix: "Put <StoreProvider store={store}> of the same createStoreHooks around the component.",
  });
}
