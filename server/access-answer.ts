/**
 * POST …/pass and POST …/credentials: access to a store's objects another way than through this server. Both are secrets for a while, so
 * nothing on the way may keep them; a server that gives none out says so as of anything that is absent.
 */
import { encodeDirectGrant, encodeReadPass, parseDirectRequest } from "../shared/wire/http-access.ts";
import { absent, jsonAnswer, Refusal } from "./answers.ts";
import type { Answering, Parts } from "./call.ts";
import { readJson } from "./request-body.ts";

export function createPassAnswer({ readPass }: Parts): Answering {
  return async ({ store }) => {
    if (readPass === null)
      throw absent("This server gives out no read passes", "Read through it, with your token.");
    return jsonAnswer(encodeReadPass(await readPass.newPass(store)));
  };
}

export function createCredentialsAnswer({ direct, owners, host, settings }: Parts): Answering {
  return async ({ store, request, claims }) => {
    if (direct === null)
      throw absent("This server gives out no credentials for its bucket", "Send updates through it.");
    const asked = parseDirectRequest(await readJson(request, host, settings.smallBodyBytesMax));
    if (!asked.ok) throw noRequest(asked.reason);
    const { app } = asked.value;
    await owners.require(claims, app);
    return jsonAnswer(encodeDirectGrant(await direct.grant({ store, app })));
  };
}

function noRequest(reason: string): Refusal {
  return new Refusal(400, {
    kind: "rejected",
    what: `The body asks for nothing: ${reason}`,
    fix: 'Send { "app": "…" } with your app id.',
  });
}
