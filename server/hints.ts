/**
 * Hints of one store: "something may be new", to whoever listens, and nothing else. Some in a row become one, so that a busy store does
 * not make its clients poll more often than there is something to read.
 */
import type { AbortSignalLike, Platform } from "../shared/ports/platform.ts";

export interface Hints {
  give(): void;
  /** Answers with how to stop listening. */
  listen(listener: () => void): () => void;
  readonly listeners: number;
}

export function createHints(platform: Platform, gapMs: number, closing: AbortSignalLike): Hints {
  const listeners = new Set<() => void>();
  let givenAt = Number.NEGATIVE_INFINITY;
  let due = false;

  function fire(): void {
    due = false;
    givenAt = platform.now();
    for (const listener of [...listeners]) listener();
  }

  return {
    get listeners() {
      return listeners.size;
    },
    give() {
      if (due || listeners.size === 0) return;
      const restMs = Math.min(gapMs, givenAt + gapMs - platform.now());
      if (restMs <= 0) return fire();
      due = true;
      void platform.wait(restMs, closing).then(fire);
    },
    listen(listener) {
      // Each its own, also where one function listens twice.
      const mine = () => listener();
      listeners.add(mine);
      return () => void listeners.delete(mine);
    },
  };
}
