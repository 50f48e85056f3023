import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { s3RenewAheadMs } from "../../../../bucket/limits.ts";
import { createNodePlatform } from "../../../../bucket/platform/node.ts";
import { createServiceClock } from "../../../../bucket/s3-fetch/clock.ts";
import {
  createCredentials,
  type GetCredentials,
  type S3Credentials,
} from "../../../../bucket/s3-fetch/credentials.ts";
import { StoreError } from "../../../../shared/errors.ts";
import { eagerPlatform, fetchBucket } from "../../../fixtures/fetch-bucket.ts";

const local = { ms: 1_000_000 };
const newCredentials = (get: GetCredentials) => {
  const platform = { ...createNodePlatform(), now: () => local.ms };
  return createCredentials(get, { platform, clock: createServiceClock(platform) });
};
const named = (accessKeyId: string, expiresAt?: number): S3Credentials => ({
  accessKeyId,
  secretAccessKey: "secret",
  sessionToken: undefined,
  expiresAt,
});

describe("The app's credentials", () => {
  it("are asked for once, for all who need them at the same time and later", async () => {
    let asked = 0;
    const credentials = newCredentials(async () => named(`key-${asked++}`));
    const given = await Promise.all([credentials.current(), credentials.current(), credentials.current()]);
    expect([...given, await credentials.current()].map(({ accessKeyId }) => accessKeyId)).toEqual(
      Array(4).fill("key-0"),
    );
    expect(asked).toBe(1);
  });

  it("are asked for again shortly before they end", async () => {
    let asked = 0;
    const credentials = newCredentials(() => named(`key-${asked++}`, local.ms + 10 * s3RenewAheadMs));
    await credentials.current();
    local.ms += 9 * s3RenewAheadMs - 1;
    expect((await credentials.current()).accessKeyId).toBe("key-0");
    local.ms += 1;
    expect((await credentials.current()).accessKeyId).toBe("key-1");
  });

  it("do to their very end where there are no others, and no longer", async () => {
    const given = [named("key-0", local.ms + s3RenewAheadMs)];
    const credentials = newCredentials(() => given.shift() ?? Promise.reject(new Error("offline")));
    await credentials.current();
    local.ms += s3RenewAheadMs - 1;
    expect((await credentials.current()).accessKeyId).toBe("key-0");
    local.ms += 1;
    await expect(credentials.current()).rejects.toMatchObject({ fault: { sent: false } });
  });

  it("are renewed when they were refused, by one question for all whom that met; whoever comes late finds the new ones", async () => {
    let asked = 0;
    const credentials = newCredentials(() => named(`key-${asked++}`));
    const used = await credentials.current();
    expect(await Promise.all([credentials.renew(used), credentials.renew(used)])).toEqual([true, true]);
    expect([await credentials.renew(used), asked]).toEqual([true, 2]);
  });

  it("are not renewed where the app gives the same, or none", async () => {
    const same = newCredentials(() => named("key"));
    expect(await same.renew(await same.current())).toBe(false);
    const given = [named("key")];
    const none = newCredentials(() => given.shift() ?? Promise.reject(new Error("signed out")));
    expect(await none.renew(await none.current())).toBe(false);
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["no secret", { accessKeyId: "a" }],
    ["an empty key", { accessKeyId: "", secretAccessKey: "b" }],
    ["a secret that ends in a line break", { accessKeyId: "a", secretAccessKey: "geheim\n" }],
    ["a token that ends in a line break", { ...named("a"), sessionToken: "geheim\n" }],
    ["an end that is no number", { ...named("a"), expiresAt: "soon" }],
  ])("are refused where the app gives %s, before anything is sent", async (_, given) => {
    const credentials = () => given as unknown as S3Credentials;
    const bucket = fetchBucket("s3://bucket?endpoint=http://127.0.0.1:1", { credentials });
    const error = await bucket.get("a").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: "unauthorized",
      message: expect.stringMatching(/gave no credentials \(not sent NoCredentials\)/),
    });
    expect(inspect(error, { depth: 10 })).not.toMatch(/geheim/);
  });

  it.each<[string, string, unknown]>([
    ["unauthorized", "its own error, whose text is not repeated", new Error("geheim")],
    ["unauthorized", "nothing that says anything", "geheim"],
    ["unavailable", "what fetch throws without a network", new TypeError("Failed to fetch geheim")],
    [
      "unavailable",
      "a connection that was reset",
      Object.assign(new Error("geheim"), { code: "ECONNRESET" }),
    ],
  ])("are %s where the app's function throws %s", async (kind, _, thrown) => {
    const bucket = fetchBucket("s3://bucket?endpoint=http://127.0.0.1:1", {
      credentials: () => Promise.reject(thrown),
      platform: eagerPlatform(),
    });
    for (const call of [() => bucket.get("a"), () => bucket.list(""), () => bucket.delete(["a"])]) {
      const error = await call().catch((other: unknown) => other);
      expect(error).toMatchObject({ name: "StoreError", kind });
      expect(inspect(error, { depth: 10 })).not.toMatch(/geheim/);
    }
  });

  it("pass on a StoreError of the app's as it is, for reads and for writes", async () => {
    const own = new StoreError({ kind: "unauthorized", what: "Signed out", fix: "Sign in" });
    const bucket = fetchBucket("s3://bucket?endpoint=http://127.0.0.1:1", {
      credentials: () => Promise.reject(own),
    });
    const content = { body: new Uint8Array(1), contentType: "text/plain", cacheControl: "no-store" };
    await expect(bucket.get("a")).rejects.toBe(own);
    await expect(bucket.putIfAbsent("a", content)).rejects.toBe(own);
  });
});
