/** A time limit for what cannot be stopped: it is no longer waited for, and its later end is nobody's business. */
import type { Platform } from "../../shared/ports/platform.ts";
import { createSignal } from "../../shared/ports/signal.ts";

class TooLate extends Error {
  override readonly name = "TooLate";
}

export async function within<T>(work: Promise<T>, ms: number, platform: Pick<Platform, "wait">): Promise<T> {
  const { signal, abort } = createSignal();
  const late = platform.wait(ms, signal).then((): never => {
    throw new TooLate(`nothing came within ${ms} ms`);
  });
  // Whichever loses may still fail.
  for (const one of [work, late]) one.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    abort();
  }
}
