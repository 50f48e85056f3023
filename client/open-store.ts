/**
 * openStore: puts the parts of a client together and answers at once. Local data, then the remote's, arrive later and at any time.
 *
 * 1. An action goes into the outbox, its rows into a transaction, and into the shown state, all in one turn.
 * 2. Rounds (round.ts) send, read, settle and show the tail; the loop (sync-loop.ts) decides when.
 * 3. Every change of outbox, tail or log passes through `refresh`, which brings layers, handles and listeners up to date.
 */
import { StoreError } from "../shared/errors.ts";
import type { Model, StateOf } from "../shared/model/model.ts";
import { defaultSettings, type Settings } from "../shared/settings.ts";
import { requireStoreId } from "../shared/wire/require-store-id.ts";
import { createEngine } from "./engine.ts";
import type { Engine } from "./engine-port.ts";
import type { Local } from "./local/local.ts";
import { memoryLocal } from "./local/memory.ts";
import { withEdit } from "./outbox-view.ts";
import { createWebPlatform } from "./platform.ts";
import type { ClientPlatform } from "./presence.ts";
import type { Remote } from "./remote/remote.ts";
import { type ClientSettings, defaultClientSettings } from "./settings.ts";
import type { RejectedAction, Store } from "./store.ts";

export interface StoreOptions<M extends Model<unknown>> {
  readonly model: M;
  readonly storeId: string;
  /** Without one everything stays here, and goes out when one is given at a later start. */
  readonly remote?: Remote;
  /** @default memory: nothing survives the process */
  readonly local?: Local;
  /** Clock, randomness, timers and hashing, and whether somebody looks. @default this engine's own, by createWebPlatform() */
  readonly platform?: ClientPlatform;
  readonly settings?: Partial<Settings & ClientSettings>;
  /** Send only while the model's invariants find nothing (requirement F2). @default false */
  readonly pushOnlyWhileValid?: boolean;
  /**
   * Told of each action of this app that has no effect, because the model's function or schema refuses it: at once, or when the log puts it
   * after others' work. @default a warning on the console
   */
  readonly onRejected?: (rejected: RejectedAction) => void;
  /** Told of errors that listeners, and `onRejected`, throw. @default they are thrown again in a turn of their own */
  readonly onListenerError?: (error: unknown) => void;
}

/**
 * Opens a store. Synchronous: its state is the model's initial one until local data has arrived.
 *
 * @throws StoreError "rejected" for a store id or a model that is none.
 * @example
 * const store = openStore({ model: todos, storeId: "family", remote, local });
 * store.do.addTodo({ id: "t1", title: "Milk" });
 */
export function openStore<M extends Model<unknown>>(options: StoreOptions<M>): Store<M> {
  const { model, local = memoryLocal(), platform = createWebPlatform() } = options;
  if (typeof model?.createState !== "function") throw noModel();
  const store = requireStoreId(options.storeId);
  const engine: Engine<StateOf<M>> = createEngine<StateOf<M>>({
    model: model as unknown as Model<StateOf<M>>,
    store,
    local,
    remote: options.remote?.open(store, () => engine.loaded.then(() => engine.app())) ?? null,
    platform,
    settings: { ...defaultSettings, ...defaultClientSettings, ...options.settings },
    pushOnlyWhileValid: options.pushOnlyWhileValid ?? false,
    onListenerError: guarded(options.onListenerError ?? throwLater),
    onRejected: options.onRejected ?? warn,
  });
  const calls = Object.fromEntries(
    model.actionNames.map((name) => [name, (data: unknown) => engine.dispatch({ name, data })]),
  );
  return {
    get app() {
      return engine.app();
    },
    do: calls as Store<M>["do"],
    dispatch: engine.dispatch,
    get state() {
      return engine.layers.states().optimistic as StateOf<M>;
    },
    get confirmedState() {
      return engine.layers.states().confirmed as StateOf<M>;
    },
    subscribe: engine.listeners.subscribe,
    on: engine.listeners.on as Store<M>["on"],
    get problems() {
      return engine.problems();
    },
    outbox: withEdit(engine.outbox, engine.dispatch),
    sync: {
      get status() {
        return engine.status();
      },
      now: engine.syncNow,
      wake: engine.wake,
    },
    at: engine.at as Store<M>["at"],
    loaded: engine.loaded,
    close: engine.close,
    forget: engine.forget,
  };
}

function noModel(): StoreError {
  return new StoreError({
    kind: "rejected",
    what: "openStore was given no model",
    fix: "Give it one as `model`: what defineModel or reducerModel answers with.",
  });
}

function warn({ id, name, reason }: RejectedAction): void {
  const { console } = globalThis as { readonly console?: { warn(text: string): void } };
  console?.warn(`icecore: action "${name}" (${id}) has no effect: ${reason}`);
}

/** What tells of errors may throw, too; nothing of the store's own work is to end by that. */
function guarded(tell: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      tell(error);
    } catch (worse) {
      throwLater(worse);
    }
  };
}

function throwLater(error: unknown): void {
  void Promise.resolve().then(() => {
    throw error;
  });
}
