/** Svelte: a part of the state as a readable store, for `$name` in components. Quoted by docs/recipes.md. */
// recipe begins
import type { Readable } from "svelte/store";
import type { Store } from "../../client/index.ts";
import type { Model, StateOf } from "../../shared/index.ts";

export function selected<M extends Model<unknown>, T>(
  store: Store<M>,
  select: (state: StateOf<M>) => T,
): Readable<T> {
  return {
    subscribe(run) {
      let shown = select(store.state);
      run(shown);
      return store.subscribe(() => {
        const part = select(store.state);
        if (Object.is(part, shown)) return;
        shown = part;
        run(part);
      });
    },
  };
}
// recipe ends
