/**
 * Bodies of the HTTP API that give access another way than by the API itself: read passes for shared caches, and credentials for
 * direct mode. Both ends use them; faults never repeat a value, as it may be a secret.
 */
import type { JsonObject } from "../json.ts";
import { type AppId, parseAppId } from "./ids.ts";
import { asCount, asObject, asParsed, fault, type Parsed, parsing } from "./parse.ts";

/** For cached reads: what a shared cache lets its holder read one store with, in place of a user's token. */
export interface ReadPass {
  readonly pass: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly expiresAt: number;
}

export function encodeReadPass({ pass, expiresAt }: ReadPass): JsonObject {
  return { pass, expiresAt };
}

export function parseReadPass(value: unknown): Parsed<ReadPass> {
  return parsing(() => {
    const { pass, expiresAt } = asObject(value, "the answer");
    return { pass: asFilled(pass, "pass"), expiresAt: asCount(expiresAt, "expiresAt") };
  });
}

/** Direct mode: whose credentials are asked for. */
export interface DirectRequest {
  readonly app: AppId;
}

export function encodeDirectRequest({ app }: DirectRequest): JsonObject {
  return { app };
}

export function parseDirectRequest(value: unknown): Parsed<DirectRequest> {
  return parsing(() => ({ app: asParsed(asObject(value, "the body").app, "app", parseAppId) }));
}

/** Direct mode: what one app may use one store's objects with, for a while. The secret members are never logged. */
export interface DirectGrant {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly expiresAt: number;
  /** The bucket's, without secrets: "s3://bucket/root?region=eu-central-1". */
  readonly address: string;
}

export function encodeDirectGrant(grant: DirectGrant): JsonObject {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, address } = grant;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt, address };
}

export function parseDirectGrant(value: unknown): Parsed<DirectGrant> {
  return parsing(() => {
    const grant = asObject(value, "the answer");
    return {
      accessKeyId: asFilled(grant.accessKeyId, "accessKeyId"),
      secretAccessKey: asFilled(grant.secretAccessKey, "secretAccessKey"),
      sessionToken: asFilled(grant.sessionToken, "sessionToken"),
      expiresAt: asCount(grant.expiresAt, "expiresAt"),
      address: asFilled(grant.address, "address"),
    };
  });
}

/** A text that is there; it is never shown, as it may be a secret. */
function asFilled(value: unknown, name: string): string {
  return typeof value === "string" && value !== "" ? value : fault(`${name} is no text that says something`);
}
