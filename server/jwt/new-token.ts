/** newToken: a token of one's own, for development and for programs that hold the secret anyway. Users' tokens come from an issuer. */
import { SignJWT } from "jose";
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { parseAppId } from "../../shared/wire/ids.ts";
import { readPassAudience } from "../../shared/wire/read-pass.ts";
import { parseRole, parseStoreNames, type Role } from "../roles.ts";
import { lifeSecondsMaxDefault } from "./limits.ts";
import { requireSecret } from "./secrets.ts";

export interface TokenOptions {
  /** At least 32 bytes: the one that the server has. */
  readonly secret: string;
  readonly audience: string;
  readonly issuer?: string | undefined;
  /** Whom it is for: the principal of what they send. */
  readonly subject: string;
  readonly role: Role;
  /** Store ids, prefixes that end in `*`, or `"*"`; at most 100. */
  readonly stores: readonly string[];
  /** The app id that it is bound to. @default any that is new or theirs */
  readonly app?: string | undefined;
  /** 1 to 86,400. */
  readonly lifeSeconds: number;
  readonly platform: Pick<Platform, "now">;
}

/**
 * A signed token (HS256) that createJwtAuthenticate with the same secret takes and authorizeByRole understands.
 *
 * @throws StoreError "rejected", which names what is malformed.
 * @example
 * const token = await newToken({
 *   secret, audience: "notes", subject: "anna", role: "writer", stores: ["family"], lifeSeconds: 3_600, platform: createNodePlatform(),
 * });
 */
export async function newToken(options: TokenOptions): Promise<string> {
  const { secret, audience, issuer, subject, role, stores, app, lifeSeconds, platform } = options;
  const key = requireSecret(secret);
  requireFit(options);
  const iat = Math.floor(platform.now() / 1_000);
  const named = { ...(issuer === undefined ? {} : { iss: issuer }), aud: audience, sub: subject };
  const may = { role, stores: [...stores], ...(app === undefined ? {} : { app }) };
  const claims = new SignJWT({ ...named, ...may, iat, exp: iat + lifeSeconds });
  return claims.setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
}

function requireFit({ audience, issuer, subject, role, stores, app, lifeSeconds }: TokenOptions): void {
  if (audience === "" || audience === readPassAudience)
    throw unfit("The audience is none", "Give the one that the server was given.");
  if (issuer === "") throw unfit("The issuer is empty", "Give a name, or leave it out.");
  if (subject === "") throw unfit("The subject is empty", "Say whom the token is for.");
  if (parseRole(role) === undefined) throw unfit("The role is none", "Give reader, writer or admin.");
  if (parseStoreNames(stores) === undefined)
    throw unfit("The stores are none", 'Give 1 to 100 store ids, prefixes that end in "*", or "*".');
  if (app !== undefined && parseAppId(app) === undefined)
    throw unfit("The app id is none", "Give the 26 characters of an app's ULID.");
  if (!(Number.isInteger(lifeSeconds) && lifeSeconds >= 1 && lifeSeconds <= lifeSecondsMaxDefault))
    throw unfit(
      `The life is ${lifeSeconds} seconds`,
      `Give a whole number from 1 to ${lifeSecondsMaxDefault}.`,
    );
}

function unfit(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
