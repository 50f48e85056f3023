/** Solid: a part of the state as a signal. Quoted by docs/recipes.md. */
// recipe begins
import { type Accessor, createSignal, onCleanup } from "solid-js";
import type { Store } from "../../client/index.ts";
import type { Model, StateOf } from "../../shared/index.ts";

export function useStore<M extends Model<unknown>, T>(
  store: Store<M>,
  select: (state: StateOf<M>) => T,
): Accessor<T> {
  const [selected, setSelected] = createSignal(select(store.state));
  // A function, since a signal would call a selected function instead of keeping it.
  onCleanup(store.subscribe(() => setSelected(() => select(store.state))));
  return selected;
}
// recipe ends
