/**
 * The principal: how who holds a token is called, in stored updates, as the owner of app ids, and where requests are counted. What is too
 * long is no name: a shortened one could be somebody else's.
 */
import { utf8Length } from "../shared/json.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { Claims } from "./auth.ts";
import type { ServerSettings } from "./settings.ts";

/** Undefined: these claims name nobody. */
export type PrincipalOf = (claims: Claims) => string | undefined;

/** `sub`, as JWTs have it. */
export function subjectOf({ sub }: Claims): string | undefined {
  return typeof sub === "string" ? sub : undefined;
}

/** `,"principal":""` beside the text itself, in a stored update. */
const memberBytes = 15;

/** An app's own function, whose answers are trusted no further than their type says. */
export function createPrincipalOf(name: PrincipalOf, { principalBytesMax }: ServerSettings): PrincipalOf {
  return (claims) => {
    const principal: unknown = name(claims);
    if (typeof principal !== "string" || principal === "") return undefined;
    const bytes = utf8Length(JSON.stringify(principal)) + memberBytes;
    return bytes > principalBytesMax ? undefined : principal;
  };
}

/** Holds what nobody in particular does. */
export const nobody = "";

/** Under which name a caller's requests and places are counted: nobody in particular shares one; names of two kinds are never the same. */
export function holderOf(
  claims: Claims | null,
  principalOf: PrincipalOf,
  { sha256 }: Pick<Platform, "sha256">,
): string {
  if (claims === null) return nobody;
  const principal = principalOf(claims);
  if (principal !== undefined) return `principal ${principal}`;
  return typeof claims.app === "string" ? `app ${sha256(claims.app)}` : nobody;
}
