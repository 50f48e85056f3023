/** Vue: a part of the state as a ref. Quoted by docs/recipes.md. */
// recipe begins
import { onScopeDispose, type ShallowRef, shallowRef } from "vue";
import type { Store } from "../../client/index.ts";
import type { Model, StateOf } from "../../shared/index.ts";

export function useStore<M extends Model<unknown>, T>(
  store: Store<M>,
  select: (state: StateOf<M>) => T,
): Readonly<ShallowRef<T>> {
  // Shallow: what a state holds is immutable, and Vue need not wrap it.
  const selected = shallowRef(select(store.state));
  const stop = store.subscribe(() => {
    selected.value = select(store.state);
  });
  onScopeDispose(stop);
  return selected;
}
// recipe ends
