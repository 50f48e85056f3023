/**
 * A Redux enhancer: an existing reducer, unchanged, on an icecore store. Synchronous: the Redux store is there at once, with the reducer's
 * own initial state; local data, then the remote's, arrive later like any other change.
 *
 * The reducer becomes the model: each plain action that is dispatched is stored as it is (its `type` as the name, everything else as the
 * data) and replayed through the same reducer, here and elsewhere. Redux itself only holds what the icecore store shows. Thunks and
 * other middleware see nothing of it.
 */
import type { Action, Reducer, StoreEnhancer, UnknownAction } from "redux";
import type { Model } from "../../shared/model/model.ts";
import { reducerModel } from "../../shared/model/reducer.ts";
import { openStore, type StoreOptions } from "../open-store.ts";
import type { Store } from "../store.ts";

/** Everything that `openStore` takes but the model, and the model's name and version. */
export interface IcecoreEnhancerOptions<S> extends Omit<StoreOptions<Model<S>>, "model"> {
  readonly name: string;
  /** Raise it when the reducer treats stored actions or the state in another way. @default 1 */
  readonly version?: number;
  /** From version n's state to version n+1's. */
  readonly migrate?: Parameters<typeof reducerModel<S>>[0]["migrate"];
  /** Classes and enums in actions and state. */
  readonly types?: Parameters<typeof reducerModel<S>>[0]["types"];
}

export interface IcecoreExtension<S> {
  /** The store beneath: `sync`, `outbox`, `problems`, `close`. */
  readonly icecore: Store<Model<S>>;
}

/** Told to Redux when the state has changed by itself; no reducer of an app gets it. */
export const syncedType = "icecore/synced";

/** Redux asks every reducer with types of its own; none of these is an action of the app. */
const reduxOwn = /^@@/;

/**
 * Makes the enhancer.
 *
 * @example
 * const store = configureStore({ reducer, enhancers: (defaults) => defaults().concat(icecoreEnhancer({ name: "todos", storeId, remote, local, platform })) });
 */
export function icecoreEnhancer<S>(options: IcecoreEnhancerOptions<S>): StoreEnhancer<IcecoreExtension<S>> {
  return (createStore) => (reducer, preloadedState) => {
    const appReducer = reducer as unknown as Reducer<S, UnknownAction>;
    const initialState = appReducer(preloadedState as unknown as S | undefined, { type: "@@icecore/init" });
    const icecore = openStore({ ...options, model: modelOf(appReducer, initialState, options) });
    let telling = false;
    // Whatever Redux dispatches, the state is the one that icecore shows.
    const inner = createStore((() => icecore.state) as unknown as typeof reducer, undefined);
    icecore.subscribe(() => {
      if (!telling && inner.getState() !== (icecore.state as unknown))
        inner.dispatch({ type: syncedType } as never);
    });

    const dispatch = <A extends Action>(action: A): A => {
      if (!isAppAction(action)) return inner.dispatch(action as never) as unknown as A;
      const { type, ...data } = action as unknown as UnknownAction;
      telling = true;
      try {
        icecore.dispatch({ name: type, data });
      } finally {
        telling = false;
      }
      return inner.dispatch(action as never) as unknown as A;
    };
    return { ...inner, dispatch: dispatch as typeof inner.dispatch, icecore };
  };
}

function modelOf<S>(
  reducer: Reducer<S, UnknownAction>,
  initialState: S,
  { name, version = 1, migrate, types }: IcecoreEnhancerOptions<S>,
): Model<S> {
  return reducerModel<S>({
    name,
    version,
    initialState,
    reducer: (state, { type, payload }) => reducer(state, { ...(payload as object), type }),
    ...(migrate === undefined ? {} : { migrate }),
    ...(types === undefined ? {} : { types }),
  }) as unknown as Model<S>;
}

function isAppAction(action: unknown): action is { readonly type: string } {
  const type = (action as { readonly type?: unknown } | null)?.type;
  return typeof type === "string" && !reduxOwn.test(type) && type !== syncedType;
}
