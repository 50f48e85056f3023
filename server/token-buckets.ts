/**
 * Buckets of tokens, one for each holder, filled at a steady rate up to a burst. Best effort: each process counts for itself and forgets
 * who has not come for long, who then begins with a full burst.
 */
import type { Platform } from "../shared/ports/platform.ts";
import { createRecent } from "./recent.ts";

export interface TokenBuckets {
  /** Takes one: 0. Where none is left: milliseconds until the next. */
  take(holder: string): number;
  /** For what came to nothing. */
  giveBack(holder: string): void;
}

export interface TokenBucketsOptions {
  readonly platform: Pick<Platform, "now">;
  /** Until one is filled in. */
  readonly tokenMs: number;
  readonly burst: number;
  readonly holdersMax: number;
}

/** In milliseconds of filling. */
interface Credit {
  readonly leftMs: number;
  readonly at: number;
}

const almost = 1 - 1e-6;

export function createTokenBuckets(options: TokenBucketsOptions): TokenBuckets {
  const { platform, tokenMs, burst, holdersMax } = options;
  const fullMs = tokenMs * burst;
  const holders = createRecent<string, Credit>(holdersMax);

  /** A clock that was set back fills nothing, and starts anew from there. */
  function filled(holder: string, now: number): number {
    const { leftMs, at } = holders.get(holder) ?? { leftMs: fullMs, at: now };
    return Math.min(fullMs, leftMs + Math.max(0, now - at));
  }

  return {
    take(holder) {
      const now = platform.now();
      const filledMs = filled(holder, now);
      // What divisions leave over must not cost the last of a burst.
      const enough = filledMs >= tokenMs * almost;
      holders.set(holder, { leftMs: enough ? Math.max(0, filledMs - tokenMs) : filledMs, at: now });
      return enough ? 0 : tokenMs - filledMs;
    },
    giveBack(holder) {
      const now = platform.now();
      holders.set(holder, { leftMs: Math.min(fullMs, filled(holder, now) + tokenMs), at: now });
    },
  };
}
