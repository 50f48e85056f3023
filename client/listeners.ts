/** Who wants to know: of any change, and of particular actions, each of them once per action id. A listener that throws stops nobody. */
import type { Model } from "../shared/model/model.ts";
import type { ActionId, AppId } from "../shared/wire/ids.ts";
import type { Action, StampedUpdate } from "../shared/wire/update.ts";
import type { ActionRow } from "./rows.ts";
import type { Origin, Seen } from "./store.ts";
import { createToldIds } from "./told-ids.ts";

type ActionListener = (seen: Seen<string, unknown>) => void;

export interface Listeners {
  subscribe(listener: () => void): () => void;
  on(name: string, listener: ActionListener): () => void;
  changed(): void;
  /** What it throws is told as an error of a listener. */
  call(listener: () => void): void;
  /** An action of this app was made. `rejected` tells, where somebody listens, what the model refused. */
  made(row: ActionRow, app: AppId, rejected: RejectedIds): void;
  /** Updates have come in; what the tail brings comes again with a segment. */
  arrived(updates: readonly StampedUpdate[], me: AppId, from: "tail" | "log", rejected: RejectedIds): void;
}

/** The ids of actions that have no effect. */
export type RejectedIds = () => ReadonlySet<ActionId>;

export function createListeners(model: Model<unknown>, onError: (error: unknown) => void): Listeners {
  const all = new Set<() => void>();
  const byName = new Map<string, Set<ActionListener>>();
  /** Those of the tail may come again with a segment. */
  const told = createToldIds();

  function call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      onError(error);
    }
  }

  function tell(
    action: Action,
    from: { readonly app: AppId; readonly origin: Origin; readonly modelVersion: number },
  ): void {
    const listeners = byName.get(action.name);
    if (!listeners) return;
    const value = readValue(model, action, from.modelVersion);
    const { app, origin } = from;
    for (const listener of [...listeners])
      call(() => listener({ id: action.id, name: action.name, data: value, app, origin }));
  }

  return {
    subscribe(listener) {
      all.add(listener);
      return () => void all.delete(listener);
    },
    on(name, listener) {
      const listeners = byName.get(name) ?? new Set<ActionListener>();
      byName.set(name, listeners);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    call,
    changed() {
      for (const listener of [...all]) call(listener);
    },
    made({ action, modelVersion }, app, rejected) {
      if (byName.has(action.name) && !rejected().has(action.id))
        tell(action, { app, origin: "local", modelVersion });
    },
    arrived(updates, me, from, rejected) {
      if (byName.size === 0 && from === "log") return;
      const left: ReadonlySet<ActionId> = byName.size > 0 ? rejected() : new Set();
      for (const { app, actions, modelVersion } of updates)
        for (const action of app === me ? [] : actions) {
          if (left.has(action.id)) continue;
          if (told.add(action.id)) tell(action, { app, origin: "remote", modelVersion });
        }
    },
  };
}

/** As the model's function got it; where that fails the action had no effect, and its stored form says enough. */
function readValue(model: Model<unknown>, { name, data }: Action, modelVersion: number): unknown {
  try {
    const decoded = model.codec.decode(data);
    const value = modelVersion < model.version ? model.upcast(name, decoded, modelVersion) : decoded;
    return model.findAction(name)?.accept(value) ?? value;
  } catch {
    return data;
  }
}
