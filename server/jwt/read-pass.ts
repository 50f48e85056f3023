/**
 * Read passes: what the API swaps a user's token for, so that a cache's edge can let reads of one store in without knowing users.
 *
 * A pass names a store and an end and nobody; it is the same for all, so it adds nothing to a cache's key. cdk/edge checks it, and knows
 * exactly this header and these claims.
 */
import { SignJWT } from "jose";
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { readPassAudience } from "../../shared/wire/read-pass.ts";
import type { ReadPasses } from "../call.ts";
import { passLifeSecondsDefault, passLifeSecondsMax } from "./limits.ts";
import { requireSecret } from "./secrets.ts";

export interface ReadPassOptions {
  /** At least 32 bytes; not the one that tokens are signed with. */
  readonly secret: string;
  /** @default 300, at most 3,600 */
  readonly lifeSeconds?: number | undefined;
  readonly platform: Pick<Platform, "now">;
}

/**
 * Makes read passes, for `createApp({ readPass })`: HS256 over `{ aud: "icecore-read", store, exp }`.
 *
 * `expiresAt` of its answers is in milliseconds since 1970.
 *
 * @throws StoreError "rejected" for a secret that is too short, or a life out of range.
 * @example
 * const readPass = createReadPass({ secret, platform: createNodePlatform() });
 * const { pass, expiresAt } = await readPass.newPass(store);
 */
export function createReadPass({
  secret,
  lifeSeconds = passLifeSecondsDefault,
  platform,
}: ReadPassOptions): ReadPasses {
  const key = requireSecret(secret);
  if (!(Number.isInteger(lifeSeconds) && lifeSeconds >= 1 && lifeSeconds <= passLifeSecondsMax))
    throw new StoreError({
      kind: "rejected",
      what: `lifeSeconds of a read pass is ${lifeSeconds}`,
      fix: `Give 1 to ${passLifeSecondsMax}.`,
    });

  return {
    async newPass(store) {
      const exp = Math.floor(platform.now() / 1_000) + lifeSeconds;
      const claims = new SignJWT({ aud: readPassAudience, store, exp });
      const pass = await claims.setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
      return { pass, expiresAt: exp * 1_000 };
    },
  };
}
