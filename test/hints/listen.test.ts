/** The function that AppSync asks, as it is bundled: with the secret and the roles that the HTTP API has. */
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNodePlatform } from "../../bucket/index.ts";
import { newToken } from "../../server/jwt/index.ts";
import { bundleOf } from "../lambdas/bundles.ts";
import { type SecretsStandIn, startSecrets } from "../lambdas/secrets-stand-in.ts";

const secret = "a secret of tests, which is long enough";
let secrets: SecretsStandIn;
let handler: (event: unknown) => Promise<unknown>;

beforeAll(async () => {
  secrets = await startSecrets({ tokens: secret });
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "none",
    AWS_SECRET_ACCESS_KEY: "none",
    AWS_REGION: "eu-central-1",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    ICECORE_BUCKET: "s3://notes?region=eu-central-1",
    ICECORE_AUDIENCE: "notes",
    ICECORE_TOKEN_SECRET_ID: "tokens",
    POWERTOOLS_LOG_LEVEL: "CRITICAL",
  });
  const bundle = (await import(pathToFileURL(bundleOf("listen")).href)) as { handler: typeof handler };
  handler = bundle.handler;
});
afterAll(() => secrets.close());

const tokenOf = (stores: readonly string[], signedWith = secret) =>
  newToken({
    secret: signedWith,
    audience: "notes",
    subject: "anna",
    role: "reader",
    stores,
    lifeSeconds: 60,
    platform: createNodePlatform(),
  });

const asked = (authorizationToken: string, channel?: string) => ({
  authorizationToken,
  requestContext:
    channel === undefined ? { operation: "EVENT_CONNECT" } : { operation: "EVENT_SUBSCRIBE", channel },
});
const refused = { isAuthorized: false, ttlOverride: 0 };
const allowed = { isAuthorized: true, ttlOverride: 0 };

test("A reader connects and listens to a store of theirs, and to no other.", async () => {
  const token = await tokenOf(["family"]);
  expect(await handler(asked(token))).toEqual(allowed);
  expect(await handler(asked(token, "/icecore/family"))).toEqual(allowed);
  expect(await handler(asked(token, "/icecore/others"))).toEqual(refused);
  expect(await handler(asked(token, "/icecore/*"))).toEqual(refused);
});

test("A token of another secret opens nothing.", async () => {
  const forged = await tokenOf(["family"], "another secret of tests, as long as it");
  expect(await handler(asked(forged))).toEqual(refused);
  expect(await handler(asked(forged, "/icecore/family"))).toEqual(refused);
});

test("The secret is read once, at the cold start.", () => {
  expect(secrets.asked).toEqual(["tokens"]);
});
