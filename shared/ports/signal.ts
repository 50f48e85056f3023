/** An abort signal of our own: the core runs where there is no AbortController, and many may listen to it. */
import type { AbortSignalLike } from "./platform.ts";

export function createSignal(): { readonly signal: AbortSignalLike; abort(): void } {
  const listeners = new Set<() => void>();
  let aborted = false;
  return {
    signal: {
      get aborted() {
        return aborted;
      },
      addEventListener: (_, listener) => void listeners.add(listener),
      removeEventListener: (_, listener) => void listeners.delete(listener),
    },
    abort() {
      aborted = true;
      for (const listener of [...listeners]) listener();
      listeners.clear();
    },
  };
}
