import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Bucket } from "../../../../shared/ports/bucket.ts";
import {
  content,
  type Odd,
  type OddService,
  s3Says,
  startOddService,
} from "../../../fixtures/odd-service.ts";

const broken =
  (text: string): Odd =>
  (request) =>
    void request.socket.end(text);
const reset: Odd = (request) => void request.socket.resetAndDestroy();

describe("A conditional write to S3", () => {
  let service: OddService;
  let bucket: Bucket;
  beforeAll(async () => {
    service = await startOddService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    bucket = service.bucket();
  });

  it("is one PUT with its condition, headers and body as given", async () => {
    service.answer({ status: 200, headers: { etag: '"e1"', date: "Sat, 01 Aug 2026 00:00:00 GMT" } });
    const gzip = { ...content, contentEncoding: "gzip", cacheControl: "max-age=60" } as const;
    expect(await bucket.putIfAbsent("a/b.json", gzip)).toEqual({
      is: "stored",
      etag: '"e1"',
      date: Date.UTC(2026, 7, 1),
    });
    expect(await bucket.putIfMatch("a/b.json", content, '"e1"')).toMatchObject({ is: "stored" });
    expect(service.asked).toMatchObject([
      {
        method: "PUT",
        path: "/bucket/a/b.json?x-id=PutObject",
        body: "x",
        headers: {
          "if-none-match": "*",
          "content-type": "application/json",
          "content-encoding": "gzip",
          "cache-control": "max-age=60",
        },
      },
      { method: "PUT", headers: { "if-match": '"e1"', "cache-control": "no-store" } },
    ]);
    expect(service.asked[1]?.headers).not.toHaveProperty("content-encoding");
    expect(service.asked[0]?.headers).not.toHaveProperty("expect");
  });

  it.each<[string, Odd]>([
    ["a good answer without an etag", { status: 200 }],
    ["500 and a web page", { status: 500, headers: { "content-type": "text/html" }, body: "<p>oh" }],
    ["503 SlowDown", s3Says(503, "SlowDown")],
    ["502 without a body", { status: 502 }],
    ["an error inside a 200", s3Says(200, "InternalError")],
    ["409", s3Says(409, "ConditionalRequestConflict")],
    ["429", { status: 429 }],
    ["400 RequestTimeout", s3Says(400, "RequestTimeout")],
    ["400 IncompleteBody", s3Says(400, "IncompleteBody")],
    ["403 RequestTimeTooSkewed", s3Says(403, "RequestTimeTooSkewed")],
    ["a reset", reset],
    ["an end without an answer", broken("")],
    ["an answer that breaks off in its headers", broken("HTTP/1.1 200 OK\r\nETag: ")],
    ["an answer that is no HTTP", broken("hello\r\n\r\n")],
    [
      "an answer with two lengths",
      broken("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    ],
    [
      "a good answer whose body breaks off",
      broken('HTTP/1.1 200 OK\r\nETag: "e1"\r\nContent-Length: 9\r\n\r\nab'),
    ],
  ])("is unknown after %s, and is not sent again", async (_, odd) => {
    service.answer(odd);
    expect(await bucket.putIfAbsent("a", content)).toMatchObject({
      is: "unknown",
      why: expect.stringMatching(/^(?:HTTP \d{3}|no answer)/),
      date: expect.any(Number),
    });
    expect(await bucket.putIfMatch("a", content, '"e1"')).toMatchObject({ is: "unknown" });
    expect(service.asked.map(({ method }) => method)).toEqual(["PUT", "PUT"]);
  });

  it.each<[string, Odd]>([
    ["S3 says so", s3Says(412, "PreconditionFailed")],
    ["nothing is said beside the status", { status: 412 }],
    ["a proxy says it with a page of its own", { status: 412, body: "<!doctype html><p>no" }],
  ])("is refused by a 412 where %s", async (_, odd) => {
    service.answer(odd);
    expect((await bucket.putIfAbsent("a", content)).is).toBe("refused");
    expect(service.asked).toHaveLength(1);
  });

  it("is refused by S3's 404 where it wanted to replace, not where it wanted to make", async () => {
    service.answer(s3Says(404, "NoSuchKey"));
    expect((await bucket.putIfMatch("a", content, '"e1"')).is).toBe("refused");
    await expect(bucket.putIfAbsent("a", content)).rejects.toMatchObject({ kind: "rejected" });
  });

  it.each<[string, string, Odd]>([
    ["rejected", "404 NoSuchBucket", s3Says(404, "NoSuchBucket")],
    ["unauthorized", "403 AccessDenied", s3Says(403, "AccessDenied")],
    ["unauthorized", "400 ExpiredToken", s3Says(400, "ExpiredToken")],
    ["rejected", "a redirect to another region", s3Says(301, "PermanentRedirect")],
    ["incompatible", "a redirect to a sign-in page", { status: 302, headers: { location: "https://x/" } }],
    ["incompatible", "501", s3Says(501, "NotImplemented")],
    [
      "incompatible",
      "a web page",
      { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: "<p>" },
    ],
    ["incompatible", "404 of a web server", { status: 404, body: "<html><h1>Not found</h1></html>" }],
    ["incompatible", "404 without a body", { status: 404 }],
    ["incompatible", "405 of a web server", { status: 405 }],
    ["limit", "413 of a proxy", { status: 413 }],
    ["limit", "507", s3Says(507, "XMinioStorageFull")],
    ["rejected", "a code that nobody knows", s3Says(400, "Weird")],
  ])("is thrown as %s after %s, which certainly did nothing, and is not sent again", async (kind, _, odd) => {
    service.answer(odd);
    await expect(bucket.putIfMatch("a", content, '"e1"')).rejects.toMatchObject({
      name: "StoreError",
      kind,
      key: "a",
    });
    expect(service.asked).toHaveLength(1);
  });

  it("is not sent at all for an etag that could match what was not meant", async () => {
    service.answer({ status: 200, headers: { etag: '"e2"' } });
    for (const etag of ["*", '"a", "b"', ""])
      expect((await bucket.putIfMatch("a", content, etag)).is).toBe("refused");
    expect(service.asked).toEqual([]);
  });

  it("that is refused under a spelling that never worked asks for the etag, and is sent once more only where it is the same", async () => {
    service.answer(s3Says(412, "PreconditionFailed"), { status: 200, headers: { etag: '"e2"' } });
    expect((await bucket.putIfMatch("a", content, '"e1"')).is).toBe("refused");
    expect(service.asked.map(({ method }) => method)).toEqual(["PUT", "HEAD"]);
    const etag = { status: 200, headers: { etag: '"e1"' } };
    service.answer(s3Says(412, "PreconditionFailed"), { status: 503 }, etag, reset);
    expect((await bucket.putIfMatch("a", content, '"e1"')).is).toBe("unknown");
    expect(service.asked.map(({ method, headers }) => `${method} ${headers["if-match"]}`)).toEqual([
      'PUT "e1"',
      "HEAD undefined",
      "HEAD undefined",
      "PUT e1",
    ]);
    expect(bucket.ifMatch?.()).toBe(null);
  });

  it("takes an empty body and one of a megabyte", async () => {
    service.answer({ status: 200, headers: { etag: '"e1"' } });
    for (const length of [0, 1_000_000])
      expect((await bucket.putIfAbsent("a", { ...content, body: new Uint8Array(length) })).is).toBe("stored");
    expect(service.asked.map(({ headers, body }) => [headers["content-length"], body.length])).toEqual([
      ["0", 0],
      ["1000000", 1_000_000],
    ]);
  });
});
