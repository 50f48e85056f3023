/**
 * Who may listen for hints: the authorizer of the Events API, which asks the same two functions as the HTTP API does, with the same token.
 *
 * A connection needs somebody who has signed in, a channel somebody who may read its store. Nobody gives hints by way of it
 * (AWS's own rights decide that), and what is not understood is refused.
 */
import { type Authenticate, type Authorize, whoAsks } from "../server/auth.ts";
import { parseHintChannel } from "../shared/wire/hint-channel.ts";
import { authorizerTokenMax } from "./limits.ts";

export interface HintAuthorizerOptions {
  readonly authenticate: Authenticate;
  readonly authorize: Authorize;
}

export interface HintDecision {
  readonly isAuthorized: boolean;
  /** Never kept: AppSync does not say whether it would be for this channel alone. */
  readonly ttlOverride: 0;
}

const decision = (isAuthorized: boolean): HintDecision => ({ isAuthorized, ttlOverride: 0 });

/**
 * The function behind AppSync's AWS_LAMBDA authorization.
 *
 * @example
 * export const handler = createHintAuthorizer({ authenticate, authorize: authorizeByRole });
 */
export function createHintAuthorizer({ authenticate, authorize }: HintAuthorizerOptions) {
  return async (event: unknown): Promise<HintDecision> => {
    const asked = parseAsked(event);
    if (asked === undefined) return decision(false);
    try {
      const headers = { authorization: `Bearer ${asked.token}` };
      const claims = await whoAsks(authenticate, new Request("https://hints.invalid/", { headers }));
      if (asked.channel === null) return decision(claims !== null);
      const storeId = parseHintChannel(asked.channel);
      if (storeId === undefined) return decision(false);
      return decision((await authorize({ claims, storeId, intent: "read" })) === true);
    } catch {
      // A token that does not hold, or a key set that cannot be reached: no hints, and polls go on.
      return decision(false);
    }
  };
}

interface Asked {
  readonly token: string;
  /** Null: a connection, whatever it will listen to. */
  readonly channel: string | null;
}

function parseAsked(event: unknown): Asked | undefined {
  const { authorizationToken, requestContext } = Object(event) as Readonly<Record<string, unknown>>;
  const { operation, channel } = Object(requestContext) as Readonly<Record<string, unknown>>;
  // With or without its scheme: AppSync hands on what the client sent.
  const token = String(authorizationToken ?? "").replace(/^Bearer /i, "");
  if (token === "" || token.length > authorizerTokenMax || !/^[\x21-\x7e]+$/.test(token)) return undefined;
  // By what is asked for, whatever AppSync calls it: a channel is listened to, and without one it is a connection.
  if (typeof operation !== "string" || /publish/i.test(operation)) return undefined;
  if (channel === undefined || channel === null) return { token, channel: null };
  return typeof channel === "string" ? { token, channel } : undefined;
}
