/**
 * Who asks, and may they? Two functions of the app's own: `authenticate` reads claims out of a request, `authorize` decides by claims,
 * store and intent. Nothing is allowed unless something allows it.
 */
import { StoreError } from "../shared/errors.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { Refusal } from "./answers.ts";

/** read: head, tail, objects, live. write: updates. create: a new store. admin: whatever else there will be. */
export type Intent = "read" | "write" | "create" | "admin";

/** What a token says of who holds it. `sub`, where it is a text, names who sent an update. */
export type Claims = Readonly<Record<string, unknown>>;

/** Null: nobody in particular. Throws StoreError "unauthorized" for a token that does not hold, without repeating it. */
export type Authenticate = (request: Request) => Claims | null | Promise<Claims | null>;

export interface Asked {
  readonly claims: Claims | null;
  readonly storeId: StoreId;
  readonly intent: Intent;
}

export type Authorize = (asked: Asked) => boolean | Promise<boolean>;

/** For one machine, a trusted network or a public store: has to be asked for by its name. */
export const openToAll: Authorize = () => true;

export const closedToAll: Authorize = () => false;

export const anonymous: Authenticate = () => null;

export interface Guard {
  /** The claims of who may. Throws Refusal: 401 for who did not say who they are, 403 for who may not. */
  admit(request: Request, storeId: StoreId, intent: Intent): Promise<Claims | null>;
}

export function createGuard(authenticate: Authenticate, authorize: Authorize): Guard {
  async function claimsOf(request: Request): Promise<Claims | null> {
    try {
      return await authenticate(request);
    } catch (error) {
      if (error instanceof StoreError && error.kind === "unauthorized")
        throw unknownCaller(error.what, error.fix);
      throw error;
    }
  }

  return {
    async admit(request, storeId, intent) {
      const claims = await claimsOf(request);
      // A hook that forgets to answer has not allowed anything.
      if ((await authorize({ claims, storeId, intent })) === true) return claims;
      throw claims === null ? unknownCaller() : forbidden(storeId, intent);
    },
  };
}

function unknownCaller(
  what = "This needs somebody who has signed in",
  fix = "Send a token that holds.",
): Refusal {
  return new Refusal(401, { kind: "unauthorized", what, fix }, { "www-authenticate": "Bearer" });
}

function forbidden(store: StoreId, intent: Intent): Refusal {
  return new Refusal(403, {
    kind: "unauthorized",
    what: `You may not ${intent} store "${store}"`,
    fix: "Ask who runs the server for it.",
  });
}
