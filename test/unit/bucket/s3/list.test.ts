import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3EmptyPagesMax, s3ReadTriesMax } from "../../../../bucket/limits.ts";
import type { Bucket } from "../../../../shared/ports/bucket.ts";
import { listOf, type Odd, type OddService, s3Says, startOddService } from "../../../fixtures/odd-service.ts";

describe("A list of S3", () => {
  let service: OddService;
  let bucket: Bucket;
  beforeAll(async () => {
    service = await startOddService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    bucket = service.bucket();
  });

  const keysOf = async (prefix = "", after = ""): Promise<readonly string[]> =>
    (await bucket.list(prefix, { after })).objects.map(({ key }) => key);
  const queryOf = (i: number): URLSearchParams => new URLSearchParams(service.asked[i]?.path.split("?")[1]);

  it("asks for keys as they are encoded, below the prefix and after the given text", async () => {
    bucket = service.bucket({ prefix: "/te%20am" });
    service.answer(listOf(["te+am/a/2"]));
    expect(await bucket.list("a/", { after: "a/1 %+", limit: 7 })).toMatchObject({
      objects: [{ key: "a/2", bytes: 1, lastModified: Date.UTC(2026, 0, 1) }],
      more: false,
    });
    expect(Object.fromEntries(queryOf(0))).toMatchObject({
      "list-type": "2",
      "encoding-type": "url",
      prefix: "te am/a/",
      "start-after": "te am/a/1 %+",
      "max-keys": "7",
    });
  });

  it("asks for no more than S3 gives on one page", async () => {
    service.answer(listOf([]));
    await bucket.list("", { limit: 50_000 });
    expect(queryOf(0).get("max-keys")).toBe("1000");
    expect(queryOf(0).has("start-after")).toBe(false);
  });

  it.each([
    ["a+b", "a b"],
    ["a%2Bb", "a+b"],
    ["a%20b", "a b"],
    ["100%25", "100%"],
    ["%C3%BC%F0%9F%8E%89", "ü🎉"],
    ["a%0Ab%01", "a\nb\u0001"],
    ["a%26lt%3B", "a&lt;"],
    ["%00", "\u0000"],
    ["a%2F..%2Fb", "a/../b"],
  ])("reads the key %s as %j", async (text, key) => {
    service.answer(listOf([text]));
    expect(await keysOf()).toEqual([key]);
  });

  it("reads keys of a service that does not encode them, also where it says that it does", async () => {
    bucket = service.bucket({ prefix: "/100%25+x" });
    service.answer(listOf(["100%+x/a", "100%+x/b&amp;c"], { encoded: false }));
    expect(await keysOf()).toEqual(["a", "b&c"]);
    service.answer(listOf(["100%+x/a", "100%+x/b"], { encoded: true }));
    expect(await keysOf()).toEqual(["a", "b"]);
  });

  it("leaves out the marker that a web console puts at the prefix itself, and goes on behind it", async () => {
    bucket = service.bucket({ prefix: "/team" });
    service.answer(listOf(["team/", "team/a"]));
    expect(await keysOf()).toEqual(["a"]);
    service.answer(listOf(["team/"], { next: "t1" }), listOf(["team/a"], { next: "t2" }));
    expect(await bucket.list("", { limit: 1 })).toMatchObject({ objects: [{ key: "a" }], more: true });
    expect(queryOf(1).get("continuation-token")).toBe("t1");
  });

  it("goes on behind empty pages, by their tokens", async () => {
    service.answer(listOf([], { next: "t1+/=" }), listOf([], { next: "t2" }), listOf(["b"]));
    expect(await keysOf("", "a")).toEqual(["b"]);
    expect([0, 1, 2].map((i) => queryOf(i).get("continuation-token"))).toEqual([null, "t1+/=", "t2"]);
    expect([0, 1, 2].map((i) => queryOf(i).get("start-after"))).toEqual(["a", null, null]);
  });

  it.each<[string, Odd]>([
    ["empty pages without end", listOf([], { next: "t1" })],
    [
      "an empty page that goes on without saying where",
      {
        status: 200,
        body: "<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated></ListBucketResult>",
      },
    ],
    ["keys that do not come after the given one", listOf(["a"])],
    ["keys that lie before the prefix", listOf(["0"])],
    [
      "objects without a time",
      {
        status: 200,
        body: "<ListBucketResult><Name>b</Name><Contents><Key>p/x</Key><Size>1</Size></Contents></ListBucketResult>",
      },
    ],
  ])("is refused where it has %s, as a caller would not see all or never come to an end", async (_, odd) => {
    service.answer(odd);
    await expect(bucket.list("", { after: "a" }).then(() => bucket.list("p/"))).rejects.toMatchObject({
      kind: "incompatible",
      what: expect.stringMatching(/does not list as S3 does/),
    });
    expect(service.asked.length).toBeLessThanOrEqual(s3EmptyPagesMax);
  });

  it.each<[string, Odd]>([
    ["a web page", { status: 200, body: "<html><body>Welcome</body></html>" }],
    ["an empty answer", { status: 200 }],
    ["404 of a web server", { status: 404 }],
  ])("does not take %s for an empty bucket", async (_, odd) => {
    service.answer(odd);
    await expect(bucket.list("")).rejects.toMatchObject({ kind: "incompatible" });
  });

  it("takes a bucket that is not there for no empty one", async () => {
    service.answer(s3Says(404, "NoSuchBucket"));
    await expect(bucket.list("")).rejects.toMatchObject({
      kind: "rejected",
      what: expect.stringMatching(/no such bucket/),
    });
  });

  it.each<[string, Odd]>([
    ["busy", s3Says(503, "SlowDown")],
    ["an error inside a 200", s3Says(200, "InternalError")],
    [
      "half a page",
      (request, response) => {
        response.writeHead(200, { "content-length": "5000" });
        response.write("<ListBucketResult><Contents>", () => request.socket.resetAndDestroy());
      },
    ],
    ["half a page that says that it is whole", { status: 200, body: "<ListBucketResult><Contents><Key>a" }],
    [
      "a time that is none",
      {
        status: 200,
        body: "<ListBucketResult><Name>b</Name><Contents><Key>a</Key><Size>1</Size><LastModified>soon</LastModified></Contents></ListBucketResult>",
      },
    ],
  ])("is asked for again after %s", async (_, odd) => {
    service.answer(odd, odd, listOf(["a"]));
    expect(await keysOf()).toEqual(["a"]);
    expect(service.asked).toHaveLength(3);
    service.answer(odd);
    await expect(bucket.list("")).rejects.toMatchObject({ name: "StoreError" });
    expect(service.asked).toHaveLength(s3ReadTriesMax);
  });

  it("does not tell of a key that nobody can ask for what was wrong with it", async () => {
    service.answer(listOf(["a"]));
    await expect(bucket.list("", { after: "\ud800" })).rejects.toMatchObject({ kind: "rejected" });
    expect(service.asked).toEqual([]);
  });
});
