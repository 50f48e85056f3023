/** Jumps of the Redux DevTools, where a developer has them: the page shows the state that was jumped to; the store goes on. */
import { useSyncExternalStore } from "react";
import { connectDevTools } from "../../../client/devtools/index.ts";
import type { Store } from "../../../client/index.ts";
import type { TodoModel, TodoState } from "../model.ts";

export interface JumpWatch {
  subscribe(listener: () => void): () => void;
  /** Null: the present is shown. */
  jumped(): TodoState | null;
}

export function useJump({ subscribe, jumped }: JumpWatch): TodoState | null {
  return useSyncExternalStore(subscribe, jumped);
}

export function watchJumps(store: Store<TodoModel>): JumpWatch {
  const listeners = new Set<() => void>();
  let state: TodoState | null = null;
  connectDevTools(store, {
    name: "todos",
    onJump(jumped) {
      state = jumped;
      for (const listener of listeners) listener();
    },
  });
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    jumped: () => state,
  };
}
