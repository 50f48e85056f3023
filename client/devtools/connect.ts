/**
 * connectDevTools: lists a store's actions, of this app and of others, in the Redux DevTools browser extension, each with the state after it.
 *
 * It only looks. A jump to an earlier state hands that state to the app, which shows it or not; the store's own state, and so everybody
 * else's, stays as it is. Actions that arrived together from the remote show the state after the last of them; what came inside a
 * snapshot, or moved because others' actions went before ours, is one entry named `(synced)`.
 */
import type { ActionName, Model, StateOf } from "../../shared/model/model.ts";
import type { Seen, Store } from "../store.ts";
import { type DevToolsExtension, features, findExtension, parseNote } from "./extension.ts";
import { plainOf } from "./plain.ts";

export interface DevToolsOptions<S> {
  /** How the store is called in the list of stores. @default "icecore" */
  readonly name?: string;
  /** Its user jumped to this earlier state, or back to now (null). @default jumps show in the DevTools alone */
  readonly onJump?: (state: S | null) => void;
  /** A state as the DevTools show it. @default tables and Maps as objects, sets and lists as arrays */
  readonly show?: (state: S) => unknown;
  /** Entries that are kept, each with its state. @default 50 */
  readonly entriesMax?: number;
  /** @default the browser's, where it is installed */
  readonly extension?: DevToolsExtension;
}

/** The extension's own limit: it forgets older ones in any case. */
const entriesMaxDefault = 50;

/**
 * Connects a store; answers with how to stop. Does nothing where the extension is not installed.
 *
 * @example
 * const disconnect = connectDevTools(store, { name: "todos", onJump: (state) => setShown(state) });
 * // <StoreProvider store={store} shown={shown}> of icecore/react then shows what was jumped to
 */
export function connectDevTools<M extends Model<unknown>>(
  store: Store<M>,
  options: DevToolsOptions<StateOf<M>> = {},
): () => void {
  const { name = "icecore", onJump, show = plainOf, entriesMax = entriesMaxDefault } = options;
  const extension = options.extension ?? findExtension();
  if (extension === undefined) return () => undefined;
  const connection = extension.connect({ name, maxAge: entriesMax, features });
  const entries = createEntries<StateOf<M>>(entriesMax);
  let arrived: Seen<string, unknown>[] = [];

  function begin(): void {
    entries.begin(store.state);
    connection.init(show(store.state));
  }

  function send(action: { readonly type: string }, state: StateOf<M>): void {
    entries.add(state);
    connection.send(action, show(state));
  }

  function tell(): void {
    const { state } = store;
    const told = arrived;
    arrived = [];
    for (const { name: type, data, origin, app, id } of told)
      send({ type, ...{ data: plainOf(data), origin, app, id } }, state);
    if (told.length === 0 && state !== entries.last()) send({ type: "(synced)" }, state);
  }

  function listen(note: unknown): void {
    const asked = parseNote(note);
    if (asked.is === "clear") begin();
    if (asked.is === "clear" || (asked.is === "jump" && entries.isLast(asked.number))) onJump?.(null);
    else if (asked.is === "jump") {
      const state = entries.at(asked.number);
      if (state !== undefined) onJump?.(state);
    }
  }

  begin();
  const names = Object.keys(store.do) as ActionName<M>[];
  const stops = [
    ...names.map((each) => store.on(each, (seen) => void arrived.push(seen as Seen<string, unknown>))),
    store.subscribe(tell),
    connection.subscribe(listen),
  ];
  return () => {
    for (const stop of stops) stop?.();
  };
}

/** The states behind the entries, numbered as the extension numbers them: 0 for the first, then one by one. */
function createEntries<S>(max: number) {
  let states = new Map<number, S>();
  let newest = 0;
  return {
    begin(state: S): void {
      states = new Map([[0, state]]);
      newest = 0;
    },
    add(state: S): void {
      states.set(++newest, state);
      const [oldest] = states.keys();
      if (states.size > max && oldest !== undefined) states.delete(oldest);
    },
    at: (number: number): S | undefined => states.get(number),
    last: (): S | undefined => states.get(newest),
    isLast: (number: number): boolean => number === newest,
  };
}
