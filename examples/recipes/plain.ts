/** Without a framework. Quoted by docs/recipes.md. */
// recipe begins
import type { Store } from "../../client/index.ts";
import type { Model, StateOf } from "../../shared/index.ts";

/** Calls `show` with a part of the state, now and whenever that part is another one; answers with how to stop. */
export function watch<M extends Model<unknown>, T>(
  store: Store<M>,
  select: (state: StateOf<M>) => T,
  show: (part: T) => void,
): () => void {
  let shown = select(store.state);
  show(shown);
  return store.subscribe(() => {
    const part = select(store.state);
    if (Object.is(part, shown)) return;
    shown = part;
    show(part);
  });
}
// recipe ends
