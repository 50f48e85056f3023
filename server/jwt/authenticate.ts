/**
 * createJwtAuthenticate: the claims of a signed token, or why it does not hold.
 *
 * Which algorithms are taken depends on the configured keys, never on the token: HS256 with secrets, public-key signatures with a key
 * set. So `alg: none` and a public key used as a secret fail before any key is looked at. Every token ends; who sends none is nobody. What
 * is told of a token is why it fails, never what it holds.
 */
import {
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { isLoopback } from "../../shared/wire/loopback.ts";
import { readPassAudience } from "../../shared/wire/read-pass.ts";
import type { Authenticate } from "../auth.ts";
import { createLocalKeySet, createRemoteKeySet } from "./key-set.ts";
import {
  clockToleranceDefault,
  clockToleranceMax,
  keysTimeoutMs,
  keysTriedMax,
  lifeSecondsMaxDefault,
  tokenLengthMax,
} from "./limits.ts";
import { createKeysFetch, type KeysFetch } from "./platform.ts";
import { requireSecrets } from "./secrets.ts";

/** What tokens are signed with: a secret of at least 32 bytes, several while one is changed, or the issuer's public keys. */
export type JwtKeys =
  | { readonly secret: string }
  | { readonly secrets: readonly string[] }
  /** HTTPS, or HTTP on loopback. */
  | { readonly jwksUrl: string }
  | { readonly jwks: JSONWebKeySet };

export interface JwtOptions {
  /** The token's `aud` must be this or hold it: a token for another service of the same issuer is none here. */
  readonly audience: string;
  /** The token's `iss`. @default not looked at */
  readonly issuer?: string | undefined;
  readonly keys: JwtKeys;
  /** By which clocks may differ, 0 to 300. @default 5 */
  readonly clockToleranceSeconds?: number | undefined;
  /** Between a token's `iat` (or now) and its `exp`. @default 86,400 */
  readonly lifeSecondsMax?: number | undefined;
  readonly platform: Pick<Platform, "now">;
  /** Reads the key set. @default this machine's, with a time limit of 4 seconds and no redirects */
  readonly fetch?: KeysFetch | undefined;
}

type Verify = (token: string, options: JWTVerifyOptions) => Promise<JWTPayload>;

/** Signatures by key pairs alone: a secret in a key set would be no secret. */
const publicKeyAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/**
 * Reads the claims out of `Authorization: Bearer …`: null where there is no such header. For `createApp({ authenticate })`.
 *
 * @throws StoreError "rejected" for options that cannot be. What it makes throws StoreError "unauthorized" for a token that does not hold,
 * and "unavailable" while the issuer's keys cannot be read.
 * @example
 * const authenticate = createJwtAuthenticate({
 *   audience: "notes",
 *   keys: { jwksUrl: "https://login.example.com/.well-known/jwks.json" },
 *   platform: createNodePlatform(),
 * });
 */
export function createJwtAuthenticate(options: JwtOptions): Authenticate {
  const { platform } = options;
  const { verify, algorithms } = createVerify(options);
  const checks = checksOf(options);
  const limits = limitsOf(options);

  return async (request) => {
    const header = request.headers.get("authorization");
    if (header === null) return null;
    const token = tokenOf(header);
    const now = Math.floor(platform.now() / 1_000);
    const { toleranceSeconds } = limits;
    const given = {
      ...checks,
      algorithms,
      clockTolerance: toleranceSeconds,
      currentDate: new Date(now * 1_000),
    };
    const claims = await verify(token, given).catch(refuse);
    requireLife(claims, now, limits);
    return claims;
  };
}

function createVerify({ keys, platform, fetch }: JwtOptions): {
  readonly verify: Verify;
  readonly algorithms: string[];
} {
  if ("secret" in keys) return { verify: bySecrets(requireSecrets([keys.secret])), algorithms: ["HS256"] };
  if ("secrets" in keys) return { verify: bySecrets(requireSecrets(keys.secrets)), algorithms: ["HS256"] };
  const find =
    "jwks" in keys
      ? createLocalKeySet(keys.jwks)
      : createRemoteKeySet({
          url: requireAddress(keys.jwksUrl),
          platform,
          fetch: fetch ?? createKeysFetch(keysTimeoutMs),
        });
  return { verify: byKeySet(find), algorithms: publicKeyAlgorithms };
}

function bySecrets(secrets: readonly Uint8Array[]): Verify {
  return async (token, options) => {
    let failure: unknown;
    for (const secret of secrets) {
      try {
        return (await jwtVerify(token, secret, options)).payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

function byKeySet(find: JWTVerifyGetKey): Verify {
  return async (token, options) => {
    try {
      return (await jwtVerify(token, find, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // A token without a key id: any of the keys of its type may be the one.
      let tries = 0;
      for await (const key of error) {
        tries += 1;
        if (tries > keysTriedMax) throw namesNoKey();
        const verified = await jwtVerify(token, key, options).catch(skipForged);
        if (verified) return verified.payload;
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  };
}

function skipForged(error: unknown): null {
  if (error instanceof errors.JWSSignatureVerificationFailed) return null;
  throw error;
}

function namesNoKey(): StoreError {
  return new StoreError({
    kind: "unauthorized",
    what: `The token names none of its issuer's keys (kid), and none of the first ${keysTriedMax} that fit has signed it`,
    fix: "Let the issuer write the key's id (kid) into its tokens; then sign in again.",
  });
}

function checksOf({ audience, issuer }: JwtOptions): JWTVerifyOptions {
  // Without types it may be anything, say an environment's variable that is missing: then jose would not look at it.
  if (typeof audience !== "string" || audience === "")
    throw unfit("The audience is empty", "Give the name that this server has in the tokens' `aud`.");
  if (audience === readPassAudience)
    throw unfit(
      `"${audience}" is the audience of read passes`,
      "Give another one, or a pass would count as a token.",
    );
  if (issuer === "")
    throw unfit("The issuer is empty", "Give what the tokens have as `iss`, or leave it out.");
  return { audience, requiredClaims: ["exp"], ...(issuer === undefined ? {} : { issuer }) };
}

interface Limits {
  readonly toleranceSeconds: number;
  readonly lifeSecondsMax: number;
}

function limitsOf(options: JwtOptions): Limits {
  const { clockToleranceSeconds: toleranceSeconds = clockToleranceDefault } = options;
  const { lifeSecondsMax = lifeSecondsMaxDefault } = options;
  if (!(toleranceSeconds >= 0 && toleranceSeconds <= clockToleranceMax))
    throw unfit(`clockToleranceSeconds is ${toleranceSeconds}`, `Give 0 to ${clockToleranceMax}.`);
  if (!(lifeSecondsMax >= 1)) throw unfit(`lifeSecondsMax is ${lifeSecondsMax}`, "Give at least 1.");
  return { toleranceSeconds, lifeSecondsMax };
}

function requireAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url !== null && isSafe && url.username === "" && url.password === "") return url.href;
  throw unfit(
    "jwksUrl is no HTTPS address",
    "Give the issuer's https://…/jwks.json; plain HTTP is for loopback alone.",
  );
}

function unfit(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}

/** Of the letters of a signed token alone, and not too long, before anything is decoded. */
function tokenOf(header: string): string {
  const [, token = ""] = /^bearer +([\w.-]+)$/i.exec(header.slice(0, tokenLengthMax + 20)) ?? [];
  if (token.length > tokenLengthMax || header.length > tokenLengthMax + 20)
    throw unauthorized(`The token is longer than ${tokenLengthMax} characters`);
  if (token === "") throw unauthorized("The Authorization header holds no Bearer token");
  return token;
}

/** What was thrown has the token's claims in it: only its kind goes on. */
function refuse(error: unknown): never {
  if (error instanceof StoreError) throw error;
  throw unauthorized(reasonOf(error));
}

const claimReasons: ReadonlyMap<string, string> = new Map([
  ["aud", "The token is for another audience"],
  ["iss", "The token is of another issuer"],
  ["nbf", "The token does not hold yet"],
  ["exp", "The token has no end (exp)"],
]);

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "The token has ended";
  if (error instanceof errors.JWTClaimValidationFailed)
    return claimReasons.get(error.claim) ?? "A claim of the token is malformed";
  if (error instanceof errors.JOSEAlgNotAllowed) return "The token is signed in a way that is not taken";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is wrong";
  if (error instanceof errors.JWKSNoMatchingKey) return "The token is signed with a key that is not known";
  return "The token cannot be read";
}

/** From when it was made, or from now where it does not say or lies: an `iat` to come would make it last longer. */
function requireLife(
  { iat, exp = 0 }: JWTPayload,
  now: number,
  { lifeSecondsMax, toleranceSeconds }: Limits,
): void {
  if (iat !== undefined && iat > now + toleranceSeconds) throw unauthorized("The token does not hold yet");
  const from = Math.min(iat ?? now, now);
  // The clock of who made it may be behind by the tolerance.
  if (exp - from > lifeSecondsMax + toleranceSeconds)
    throw unauthorized(`The token lasts longer than ${lifeSecondsMax} seconds`);
}

function unauthorized(what: string): StoreError {
  return new StoreError({ kind: "unauthorized", what, fix: "Sign in again, and send the new token." });
}
