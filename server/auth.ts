/**
 * Who asks, and may they? Two functions of the app's own: `authenticate` reads claims out of a request, `authorize` decides by claims,
 * store and intent. Nothing is allowed unless something allows it.
 */
import { StoreError } from "../shared/errors.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { Refusal } from "./answers.ts";
import type { RateLimit } from "./rate.ts";

/**
 * read: head, tail, objects, live, passes. write: updates, credentials; both are answered with what a reader reads, so who may write may
 * read. create: a new store. admin: whatever else there will be.
 */
export type Intent = "read" | "write" | "create" | "admin";

/** What a token says of who holds it. `sub` names who sent an update, `app` the one app id that it is for; both are texts, and may be missing. */
export type Claims = Readonly<Record<string, unknown>>;

/** Null: nobody in particular. Throws StoreError "unauthorized" for a token that does not hold, without repeating it. */
export type Authenticate = (request: Request) => Claims | null | Promise<Claims | null>;

export interface Asked {
  readonly claims: Claims | null;
  readonly storeId: StoreId;
  readonly intent: Intent;
}

/** True lets in. May throw StoreError "unauthorized" to say why not in its own words. */
export type Authorize = (asked: Asked) => boolean | Promise<boolean>;

/** For one machine, a trusted network or a public store: has to be asked for by its name. */
export const openToAll: Authorize = () => true;

/** As openToAll, in these stores alone. Throws Refusal 404 for another one: a token would not help, the right name does. */
export function openToStores(stores: readonly StoreId[]): Authorize {
  const named = stores.map((store) => `"${store}"`).join(", ");
  const [is, them] = stores.length === 1 ? ["store", "it"] : ["stores", "one of them"];
  return ({ storeId }) => {
    if (stores.includes(storeId)) return true;
    throw new Refusal(404, {
      kind: "rejected",
      what: `This server serves the ${is} ${named}, and not "${storeId}"`,
      fix: `Open ${them}, or have the server started with the other store, too.`,
    });
  };
}

export const closedToAll: Authorize = () => false;

export const anonymous: Authenticate = () => null;

/** A hook that answers nothing, or anything but claims, has named nobody: rules ask whether claims are null. */
export async function whoAsks(authenticate: Authenticate, request: Request): Promise<Claims | null> {
  const claims: unknown = await authenticate(request);
  return typeof claims === "object" ? (claims as Claims | null) : null;
}

export interface Guard {
  /** The claims of who may. Throws Refusal: 401 for who did not say who they are, 403 for who may not, 429 for who asks too often. */
  admit(request: Request, storeId: StoreId, intents: readonly Intent[]): Promise<Claims | null>;
}

export interface GuardParts {
  readonly authenticate: Authenticate;
  readonly authorize: Authorize;
  readonly rate: RateLimit;
}

export function createGuard({ authenticate, authorize, rate }: GuardParts): Guard {
  async function claimsOf(request: Request): Promise<Claims | null> {
    try {
      return await whoAsks(authenticate, request);
    } catch (error) {
      if (isUnauthorized(error)) throw unknownCaller(error.what, error.fix);
      throw error;
    }
  }

  async function isAllowed(asked: Asked): Promise<boolean> {
    try {
      // A hook that forgets to answer has not allowed anything.
      return (await authorize(asked)) === true;
    } catch (error) {
      // It may say why in its own words.
      if (isUnauthorized(error) && asked.claims !== null) throw refused(error.what, error.fix);
      if (isUnauthorized(error)) throw unknownCaller(error.what, error.fix);
      throw error;
    }
  }

  return {
    async admit(request, storeId, intents) {
      const claims = await claimsOf(request);
      // Before `authorize`, which may ask a database.
      rate.take(claims);
      for (const intent of intents)
        if (!(await isAllowed({ claims, storeId, intent })))
          throw claims === null ? unknownCaller() : forbidden(storeId, intent);
      return claims;
    },
  };
}

function isUnauthorized(error: unknown): error is StoreError {
  return error instanceof StoreError && error.kind === "unauthorized";
}

function unknownCaller(
  what = "This needs somebody who has signed in",
  fix = "Send a token that holds.",
): Refusal {
  return new Refusal(401, { kind: "unauthorized", what, fix }, { "www-authenticate": "Bearer" });
}

function forbidden(store: StoreId, intent: Intent): Refusal {
  return refused(`You may not ${intent} store "${store}"`, "Ask who runs the server for it.");
}

function refused(what: string, fix: string): Refusal {
  return new Refusal(403, { kind: "unauthorized", what, fix });
}
