import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import { openBucket } from "../../../bucket/url.ts";
import { setOddCredentials } from "../../fixtures/odd-service.ts";

setOddCredentials();
const platform = createNodePlatform();
const content = { body: Uint8Array.of(7), contentType: "", cacheControl: "" };

describe("openBucket", () => {
  it("opens the same folder by its absolute and its relative path", async () => {
    const path = await mkdtemp(join(tmpdir(), "icecore-url-"));
    const absolute = await openBucket(`folder:${path}`, platform);
    const near = await openBucket(`folder:${relative(process.cwd(), path)}`, platform);
    await absolute.putIfAbsent("a.json", content);
    expect((await near.get("a.json")).is).toBe("found");
    expect([absolute.name, near.name]).toEqual([`folder:${path}`, `folder:${path}`]);
    await rm(path, { recursive: true });
  });

  it("gives one memory bucket a name within this process", async () => {
    const one = await openBucket("memory:url-test", platform);
    const other = await openBucket("memory:url-test-2", platform);
    await one.putIfAbsent("a.json", content);
    expect((await (await openBucket("memory:url-test", platform)).get("a.json")).is).toBe("found");
    expect((await other.get("a.json")).is).toBe("absent");
    expect(one.name).toBe("memory:url-test");
  });

  it("opens a bucket on S3 by its address, and asks nothing yet", async () => {
    const url = "s3://bucket/team?endpoint=http://127.0.0.1:1";
    expect((await openBucket(url, platform)).name).toBe(url);
  });

  it("hands the signal to the tries of a bucket on S3", async () => {
    const stopping = new AbortController();
    const bucket = await openBucket("s3://bucket?endpoint=http://127.0.0.1:1", platform, {
      signal: stopping.signal,
    });
    stopping.abort();
    await expect(bucket.get("a.json")).rejects.toMatchObject({ kind: "unavailable" });
  });

  it.each([
    "s3://id:geheim@bucket",
    "s3://bucket?endpoint=https://id:geheim@s3.example.org",
    "s3://b?secret=geheim",
  ])("rejects %s, and repeats no secret of it", async (url) => {
    const opening = openBucket(url, platform);
    await expect(opening).rejects.toMatchObject({ name: "StoreError", kind: "rejected" });
    await expect(opening).rejects.not.toThrow(/geheim/);
  });

  it.each(["", "folder:", "bucket", "./bucket", "ftp://x:geheim@y", "S3://bucket", "://", ":", "C:\\bucket"])(
    "rejects %j and lists the known forms",
    async (url) => {
      const opening = openBucket(url, platform);
      await expect(opening).rejects.toMatchObject({ name: "StoreError", kind: "rejected" });
      await expect(opening).rejects.toThrow(/s3:\/\/BUCKET\/PREFIX.*folder:PATH.*memory:NAME/);
      await expect(opening).rejects.not.toThrow(/geheim/);
    },
  );
});
