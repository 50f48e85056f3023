/**
 * One read for all who ask: while it runs they join it, and for a while its answer is everybody's.
 *
 * `spoil` says that what was read may be old: who asks after it gets a read that began after it. With `paced` even that waits until the
 * last read is `sharedMs` old, so that nothing makes the server read more often.
 */
import type { Platform } from "../shared/ports/platform.ts";

export interface SharedRead<T> {
  get(): Promise<T>;
  spoil(): void;
}

export interface SharedReadOptions<T> {
  readonly platform: Pick<Platform, "now" | "wait">;
  readonly sharedMs: number;
  readonly paced: boolean;
  readonly read: () => Promise<T>;
}

interface Running<T> {
  promise: Promise<T>;
  /** Null until it really begins. */
  version: number | null;
}

export function createSharedRead<T>(options: SharedReadOptions<T>): SharedRead<T> {
  const { platform, sharedMs, paced, read } = options;
  let version = 0;
  let begunAt = Number.NEGATIVE_INFINITY;
  let kept: { readonly value: T; readonly version: number } | null = null;
  let running: Running<T> | null = null;
  let following: Promise<T> | null = null;

  function begin(): Promise<T> {
    const mine: Running<T> = { promise: Promise.resolve() as Promise<never>, version: null };
    running = mine;
    mine.promise = work(mine).finally(() => {
      if (running === mine) running = null;
    });
    return mine.promise;
  }

  async function work(mine: Running<T>): Promise<T> {
    const gapMs = Math.min(sharedMs, begunAt + sharedMs - platform.now());
    if (paced && gapMs > 0) await platform.wait(gapMs);
    const mineVersion = version;
    mine.version = mineVersion;
    begunAt = platform.now();
    const value = await read();
    kept = { value, version: mineVersion };
    return value;
  }

  /** After one that began too early: another, for all who come until it begins. */
  function follow(before: Promise<T>): Promise<T> {
    following ??= before
      .catch(() => undefined)
      .then(() => {
        following = null;
        return begin();
      });
    return following;
  }

  return {
    async get() {
      if (following) return following;
      if (running)
        return running.version === null || running.version === version
          ? running.promise
          : follow(running.promise);
      const ageMs = platform.now() - begunAt;
      if (kept && kept.version === version && ageMs >= 0 && ageMs < sharedMs) return kept.value;
      return begin();
    },
    spoil() {
      version += 1;
    },
  };
}
