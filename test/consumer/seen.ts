/** Waits until a store shows a todo. A file of test/consumer: an app's own, compiled and run by scripts/consumer.ts over the packed package. */
import type { Store } from "../../client/index.ts";
import type { model } from "../unit/house/readme-example.ts";

export type Todos = Store<typeof model>;

export function seen(store: Todos, id: string): Promise<void> {
  return new Promise((resolve) => {
    let stop = (): void => undefined;
    const look = (): void => {
      if (!store.state.todos.has(id)) return;
      stop();
      resolve();
    };
    stop = store.subscribe(look);
    look();
  });
}

/** As plain JSON. */
export function shown(store: Todos) {
  return [...store.state.todos].map(([id, { title, done }]) => ({ id, title, done }));
}
