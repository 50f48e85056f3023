/** What the Lambdas send: signed as AWS asks, and never in anybody's way. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createHintSender, type HintSenderOptions } from "../../lambdas/hints.ts";
import { type AppSync, startAppSync } from "../fixtures/appsync-server.ts";
import { testStoreId } from "../fixtures/store-host.ts";

const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const sessionToken = "IQoJb3JpZ2luX2VjE+EXAMPLE/TOKEN==";
const store = testStoreId("team-a");
let service: AppSync;
const troubles: string[] = [];
beforeEach(async () => {
  service = await startAppSync({ secretAccessKey });
  troubles.length = 0;
});
afterEach(() => service.close());

const sender = (options: Partial<HintSenderOptions> = {}) =>
  createHintSender({
    url: service.url,
    region: "eu-central-1",
    platform: createNodePlatform(),
    credentials: () => ({ accessKeyId: "AKIAEXAMPLE", secretAccessKey, sessionToken }),
    onTrouble: (why) => troubles.push(why),
    ...options,
  });

describe("The sender of hints", () => {
  it("sends one empty hint on the store's channel, signed with the session that a Lambda has", async () => {
    await sender().send(store);
    await sender({ url: `${service.url}/`, credentials: () => ({ accessKeyId: "A", secretAccessKey }) }).send(
      store,
    );
    expect([service.published, service.refused, troubles]).toEqual([
      ["/icecore/teamDa {}", "/icecore/teamDa {}"],
      [],
      [],
    ]);
  });

  it("takes the credentials that Lambda puts into the environment", async () => {
    const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;
    const before = names.map((name) => process.env[name]);
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: secretAccessKey });
    process.env.AWS_SESSION_TOKEN = sessionToken;
    try {
      const { url } = service;
      await createHintSender({ url, region: "us-east-1", platform: createNodePlatform() }).send(store);
    } finally {
      for (const [i, name] of names.entries())
        if (before[i] === undefined) delete process.env[name];
        else process.env[name] = before[i];
    }
    expect([service.published.length, service.refused]).toEqual([1, []]);
  });

  it("never fails, and says without a secret why no hint went out", async () => {
    const wrong = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "another", sessionToken };
    await sender({ credentials: () => wrong }).send(store);
    service.mode.answer = { status: 200, body: '{"failed":[{"index":0,"code":500}],"successful":[]}' };
    await sender().send(store);
    service.mode.answer = { status: 503, body: "<h1>busy</h1>" };
    await sender().send(store);
    await sender({ url: "http://127.0.0.1:1" }).send(store);
    await sender({ url: "no address" }).send(store);
    await sender({ credentials: () => ({ accessKeyId: "", secretAccessKey: "" }) }).send(store);
    await sender({
      credentials: () => {
        throw new Error(secretAccessKey);
      },
    }).send(store);
    expect(troubles).toHaveLength(7);
    expect(troubles.slice(0, 4)).toEqual([
      'No hint of store "team-a": AppSync answered 403',
      'No hint of store "team-a": AppSync took the request and gave no hint',
      'No hint of store "team-a": AppSync answered 503',
      expect.stringMatching(/^No hint of store "team-a": \w+$/),
    ]);
    for (const secret of [secretAccessKey, sessionToken, "another", "AKIAEXAMPLE"])
      expect(troubles.join()).not.toContain(secret);
  });

  it("waits no longer than a moment", async () => {
    service.mode.delayMs = 30_000;
    const begun = Date.now();
    await sender().send(store);
    // Not for as long as the service takes.
    expect(Date.now() - begun).toBeLessThan(30_000);
    expect(troubles).toEqual(['No hint of store "team-a": nothing came within 2000 ms']);
  });
});
