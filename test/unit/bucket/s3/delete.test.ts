import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3ReadTriesMax } from "../../../../bucket/limits.ts";
import type { Bucket } from "../../../../shared/ports/bucket.ts";
import { type Odd, type OddService, s3Says, startOddService } from "../../../fixtures/odd-service.ts";

const date = "Sat, 01 Aug 2026 00:00:00 GMT";
const deleted = (errors: Readonly<Record<string, string>> = {}): Odd => ({
  status: 200,
  headers: { date },
  body: `<DeleteResult>${Object.entries(errors)
    .map(([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>text</Message></Error>`)
    .join("")}</DeleteResult>`,
});
const gone: Odd = { status: 204, headers: { date } };

describe("A delete on S3", () => {
  let service: OddService;
  let bucket: Bucket;
  beforeAll(async () => {
    service = await startOddService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    bucket = service.bucket();
  });

  const keysAsked = (i: number): readonly string[] =>
    [...(service.asked[i]?.body ?? "").matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key ?? "");

  it("is one request for all, below the prefix, with keys as XML and a checksum", async () => {
    bucket = service.bucket({ prefix: "/team" });
    service.answer(deleted());
    expect(await bucket.delete(["a", "b <&> c"])).toEqual({ date: Date.UTC(2026, 7, 1) });
    expect(keysAsked(0)).toEqual(["team/a", "team/b &lt;&amp;&gt; c"]);
    expect(service.asked).toMatchObject([
      { method: "POST", headers: { "x-amz-checksum-crc32": expect.any(String) } },
    ]);
  });

  it("of nothing asks nothing", async () => {
    service.answer(deleted());
    await bucket.delete([]);
    expect(service.asked).toEqual([]);
  });

  it("is one request for each thousand", async () => {
    service.answer(deleted());
    await bucket.delete(Array.from({ length: 2_001 }, (_, i) => `${i}`));
    expect([0, 1, 2].map((i) => keysAsked(i).length)).toEqual([1_000, 1_000, 1]);
  });

  it("minds no key that is absent, in a group and alone", async () => {
    service.answer(deleted({ a: "NoSuchKey" }));
    await bucket.delete(["a", "b"]);
    service.answer(s3Says(501, "NotImplemented"), s3Says(404, "NoSuchKey"), gone);
    await bucket.delete(["a", "b"]);
    expect(service.asked.map(({ method }) => method)).toEqual(["POST", "DELETE", "DELETE"]);
  });

  it("is asked for again where some keys failed for a reason that passes", async () => {
    service.answer(deleted({ b: "InternalError" }), deleted({ b: "SlowDown" }), deleted());
    await bucket.delete(["a", "b"]);
    expect(service.asked).toHaveLength(3);
    service.answer(deleted({ b: "InternalError" }));
    await expect(bucket.delete(["a", "b"])).rejects.toMatchObject({ kind: "unavailable" });
    expect(service.asked).toHaveLength(s3ReadTriesMax);
  });

  it("is thrown where a key may not be deleted, though the others were", async () => {
    service.answer(deleted({ a: "NoSuchKey", b: "AccessDenied" }));
    await expect(bucket.delete(["a", "b", "c"])).rejects.toMatchObject({
      kind: "unauthorized",
      what: expect.stringMatching(/AccessDenied/),
    });
    expect(service.asked).toHaveLength(1);
  });

  it.each<[string, Odd]>([
    ["wants an MD5", s3Says(400, "MissingContentMD5")],
    ["wants an MD5 in other words", s3Says(400, "InvalidRequest")],
    ["has no such request", s3Says(501, "NotImplemented")],
    ["does not know such a request", s3Says(405, "MethodNotAllowed")],
  ])("goes one by one where the service %s, and each has tries of its own", async (_, odd) => {
    service.answer(odd, gone, s3Says(503, "SlowDown"), gone, gone);
    expect(await bucket.delete(["a", "b", "c"])).toEqual({ date: Date.UTC(2026, 7, 1) });
    const singles = service.asked.slice(1).map(({ method, path }) => `${method} ${path.split("?")[0]}`);
    expect(singles).toHaveLength(4);
    expect(new Set(singles)).toEqual(new Set(["a", "b", "c"].map((key) => `DELETE /bucket/${key}`)));
  });

  it("says of one that cannot be deleted alone which one it was", async () => {
    service.answer(s3Says(501, "NotImplemented"), s3Says(403, "AccessDenied"));
    await expect(bucket.delete(["a"])).rejects.toMatchObject({ kind: "unauthorized", key: "a" });
  });

  it.each<[string, Odd]>([
    ["unauthorized", s3Says(403, "AccessDenied")],
    ["rejected", s3Says(404, "NoSuchBucket")],
    ["unauthorized", s3Says(400, "ExpiredToken")],
    ["incompatible", { status: 404 }],
  ])("is thrown as %s where the service refuses it", async (kind, odd) => {
    service.answer(odd);
    await expect(bucket.delete(["a"])).rejects.toMatchObject({ kind });
  });

  it("refuses keys that no bucket can hold before it deletes any", async () => {
    service.answer(deleted());
    await expect(bucket.delete(["a", "../b"])).rejects.toMatchObject({ kind: "rejected", key: "../b" });
    expect(service.asked).toEqual([]);
  });
});
