/**
 * How often somebody may ask: a bucket of tokens for each principal; a request takes one. Best effort: what holds against many machines
 * stands before the server.
 */
import { StoreError } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { Refusal } from "./answers.ts";
import type { Claims } from "./auth.ts";
import { holderOf, type PrincipalOf } from "./principal.ts";
import type { ServerSettings } from "./settings.ts";
import { createTokenBuckets } from "./token-buckets.ts";

export interface Rate {
  /** Requests a second in the long run, more than 0. */
  readonly perSecond: number;
  /** Requests at once, at least 1. */
  readonly burst: number;
}

export interface RateLimit {
  /** Throws Refusal 429 where these claims have asked too often. */
  take(claims: Claims | null): void;
}

export interface RateLimitParts {
  readonly platform: Pick<Platform, "now" | "sha256">;
  readonly settings: ServerSettings;
  readonly principalOf: PrincipalOf;
}

export const noRateLimit: RateLimit = { take: () => undefined };

/** Throws StoreError "rejected" for a rate that is none. */
export function createRateLimit(rate: Rate, parts: RateLimitParts): RateLimit {
  requireRate(rate);
  const { platform, settings, principalOf } = parts;
  const { burst } = rate;
  const tokenMs = 1_000 / rate.perSecond;
  const buckets = createTokenBuckets({ platform, tokenMs, burst, holdersMax: settings.rateHoldersMax });
  return {
    take(claims) {
      const waitMs = buckets.take(holderOf(claims, principalOf, platform));
      if (waitMs > 0) throw tooOften(waitMs);
    },
  };
}

function tooOften(waitMs: number): Refusal {
  return new Refusal(429, {
    kind: "unavailable",
    what: "Too many requests in a short time",
    fix: "Wait as long as Retry-After says.",
    retryAfterMs: Math.ceil(waitMs),
  });
}

function requireRate({ perSecond, burst }: Rate): void {
  if (perSecond > 0 && Number.isFinite(perSecond) && burst >= 1 && Number.isFinite(burst)) return;
  throw new StoreError({
    kind: "rejected",
    what: "This is no rate: perSecond has to be more than 0, and burst at least 1",
    fix: "Give both, or leave the rate out.",
  });
}
