/**
 * How often somebody may ask: a bucket of tokens for each principal, filled at a steady rate up to a burst; a request takes one.
 *
 * Best effort: each process counts for itself and forgets who has not asked for long. What holds against many machines stands before the
 * server.
 */
import { StoreError } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { Refusal } from "./answers.ts";
import type { Claims } from "./auth.ts";
import type { PrincipalOf } from "./principal.ts";
import { createRecent } from "./recent.ts";
import type { ServerSettings } from "./settings.ts";

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

/** In milliseconds of filling. */
interface Credit {
  readonly leftMs: number;
  readonly at: number;
}

const almost = 1 - 1e-6;

/** Throws StoreError "rejected" for a rate that is none. */
export function createRateLimit(rate: Rate, parts: RateLimitParts): RateLimit {
  requireRate(rate);
  const requestMs = 1_000 / rate.perSecond;
  const fullMs = requestMs * rate.burst;
  const { platform, settings, principalOf } = parts;
  const holders = createRecent<string, Credit>(settings.rateHoldersMax);

  return {
    take(claims) {
      const holder = holderOf(claims, principalOf, platform);
      const now = platform.now();
      const { leftMs, at } = holders.get(holder) ?? { leftMs: fullMs, at: now };
      // A clock that was set back fills nothing, and starts anew from there.
      const filledMs = Math.min(fullMs, leftMs + Math.max(0, now - at));
      // What divisions leave over must not cost the last of a burst.
      const enough = filledMs >= requestMs * almost;
      holders.set(holder, { leftMs: enough ? Math.max(0, filledMs - requestMs) : filledMs, at: now });
      if (!enough) throw tooOften(requestMs - filledMs);
    },
  };
}

/** Nobody in particular shares one; names of two kinds are never the same. */
function holderOf(
  claims: Claims | null,
  principalOf: PrincipalOf,
  { sha256 }: Pick<Platform, "sha256">,
): string {
  if (claims === null) return "";
  const principal = principalOf(claims);
  if (principal !== undefined) return `principal ${principal}`;
  return typeof claims.app === "string" ? `app ${sha256(claims.app)}` : "";
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
