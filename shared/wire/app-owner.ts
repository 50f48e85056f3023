/**
 * The app owner: which principal an app id belongs to, an object of its own below `apps/` (docs/rfcs/0003-app-owners.md). Made once,
 * by who uses the app id first, and never changed: so it may be kept in memory for ever.
 */
import type { JsonObject } from "../json.ts";
import { type AppId, parseAppId } from "./ids.ts";
import { asParsed, asText, fault, formatted, type Parsed, parsing } from "./parse.ts";

export const appOwnerFormat = "icecore-app-1";

export interface AppOwner {
  readonly app: AppId;
  /** As the server calls who holds a token; never empty. */
  readonly principal: string;
}

export function encodeAppOwner({ app, principal }: AppOwner): JsonObject {
  return { format: appOwnerFormat, app, principal };
}

export function parseAppOwner(value: unknown): Parsed<AppOwner> {
  return parsing(() => {
    const body = formatted(value, appOwnerFormat);
    const principal = asText(body.principal, "principal");
    return {
      app: asParsed(body.app, "app", parseAppId),
      principal: principal === "" ? fault("principal is empty") : principal,
    };
  });
}
