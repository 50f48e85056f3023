/**
 * Whom a served bucket lets in, by the options of "icecore serve": holders of tokens, everybody on this machine, or everybody.
 *
 * Exactly one of them: options that contradict each other, or leave it open beyond this machine without saying so, are wrong usage.
 */
import type { AppOptions } from "../server/app.ts";
import { type Authorize, openToAll, openToStores } from "../server/auth.ts";
import { authorizeByRole } from "../server/roles.ts";
import { StoreError } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { hostInUrl, isLoopback } from "../shared/wire/loopback.ts";
import { UsageError, whatOf } from "./errors.ts";
import { readSecretFile } from "./secret-file.ts";

export interface AccessOptions {
  readonly host: string;
  readonly open?: true | undefined;
  readonly authSecretFile?: string | undefined;
  readonly authJwks?: string | undefined;
  readonly audience?: string | undefined;
  readonly issuer?: string | undefined;
}

/** Without `hostNames` the server decides by its address. */
export type ServeAccess = Pick<AppOptions, "authenticate" | "authorize" | "hostNames">;

/** Throws UsageError. `stores`: no others are let into. */
export async function toServeAccess(
  options: AccessOptions,
  stores: readonly StoreId[] | null,
  platform: Pick<Platform, "now">,
): Promise<ServeAccess> {
  const within = (authorize: Authorize): Authorize =>
    stores === null ? authorize : (asked) => stores.includes(asked.storeId) && authorize(asked);
  const keys = keysOf(options);
  if (keys !== null) {
    const { createJwtAuthenticate } = await loadJwt();
    const { audience = "", issuer } = options;
    const authenticate = orUsage(() => createJwtAuthenticate({ audience, issuer, keys, platform }));
    // A token is not sent by a page of elsewhere, so it may be called by any name: a proxy's, for one.
    return { authenticate, authorize: within(authorizeByRole), hostNames: null };
  }
  if (options.open) return { authorize: stores === null ? openToAll : openToStores(stores), hostNames: null };
  requireLoopback(options.host);
  return {};
}

/** Tokens need jose, which the rest of the command line does without. */
export async function loadJwt() {
  return import("../server/jwt/index.ts").catch((cause) => {
    throw new StoreError(
      {
        kind: "incompatible",
        what: "Tokens need jose, which is not installed",
        fix: 'Run "npm install jose".',
      },
      cause,
    );
  });
}

/** Options that the library refuses are options of the command line. */
export function orUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw toUsage(error);
  }
}

export function toUsage(error: unknown): unknown {
  const isRefused = error instanceof StoreError && error.kind === "rejected";
  return isRefused ? new UsageError(whatOf(error), error.fix) : error;
}

function keysOf(options: AccessOptions): { readonly secret: string } | { readonly jwksUrl: string } | null {
  const { authSecretFile, authJwks, audience, issuer, open } = options;
  if (authSecretFile === undefined && authJwks === undefined) {
    if (audience === undefined && issuer === undefined) return null;
    throw new UsageError(
      "--audience and --issuer say which tokens are taken, but nothing says how they are signed",
      "Add --auth-secret-file or --auth-jwks.",
    );
  }
  if (authSecretFile !== undefined && authJwks !== undefined)
    throw new UsageError(
      "--auth-secret-file and --auth-jwks are two ways to sign tokens",
      "Give one of them.",
    );
  if (open)
    throw new UsageError(
      "--open lets everybody in, without a token",
      "Leave out --open or the tokens' options.",
    );
  if (audience === undefined)
    throw new UsageError(
      "No audience was named, so tokens for other services would be taken",
      "Add --audience with the name that this server has in the tokens' aud.",
    );
  if (authJwks !== undefined) return { jwksUrl: authJwks };
  return { secret: readSecretFile(authSecretFile ?? "", "--auth-secret-file") };
}

function requireLoopback(hostname: string): void {
  if (isLoopback(hostInUrl(hostname))) return;
  throw new UsageError(
    `--host ${hostname} lets other machines in, and nobody is asked who they are`,
    "Ask for tokens by --auth-secret-file or --auth-jwks, leave --host out to serve this machine alone, or add --open to let everybody read and write everything.",
  );
}
