/** The S3 bucket over fetch at a service that answers as a test tells it to: what a real one does rarely or never. */
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3EmptyPagesMax, s3FirstTriesMax, s3ReadTriesMax } from "../../../../bucket/limits.ts";
import type { Bucket } from "../../../../shared/ports/bucket.ts";
import { eagerPlatform, fetchBucket, pageFetch } from "../../../fixtures/fetch-bucket.ts";
import {
  content,
  listOf,
  type Odd,
  type OddService,
  objectOf,
  s3Says,
  startOddService,
} from "../../../fixtures/odd-service.ts";

const date = "Sat, 01 Aug 2026 00:00:00 GMT";
const dateMs = Date.UTC(2026, 7, 1);
const reset: Odd = (request) => void request.socket.resetAndDestroy();
const broken =
  (text: string): Odd =>
  (request) =>
    void request.socket.end(text);
const stored: Odd = { status: 200, headers: { etag: '"e1"', date } };
const webPage: Odd = { status: 200, headers: { "content-type": "text/html" }, body: "<p>Welcome" };

describe("The S3 bucket over fetch", () => {
  let service: OddService;
  let bucket: Bucket;
  const platform = eagerPlatform();
  const open = (prefix = ""): Bucket =>
    fetchBucket(`s3://bucket${prefix}?endpoint=${service.endpoint}`, { platform });
  beforeAll(async () => {
    service = await startOddService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    bucket = open();
  });

  describe("reading", () => {
    const textOf = async (key: string): Promise<string> => {
      const answer = await bucket.get(key);
      return answer.is === "found" ? new TextDecoder().decode(answer.body) : answer.is;
    };

    it("asks for the bytes as they are stored, past every cache, and gives body, etag, time and the service's clock", async () => {
      service.answer(objectOf("body", { date }));
      expect(await open("/te%20am").get("a b/c+d%.json")).toEqual({
        is: "found",
        body: new TextEncoder().encode("body"),
        etag: '"e1"',
        lastModified: 0,
        date: dateMs,
      });
      expect(service.asked[0]).toMatchObject({
        method: "GET",
        path: "/bucket/te%20am/a%20b/c%2Bd%25.json?response-content-encoding=identity",
        headers: { "cache-control": "no-cache", "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      });
    });

    it("takes a 304 for unchanged only where it asked for that", async () => {
      service.answer({ status: 304, headers: { date } });
      expect(await bucket.get("a", { ifNoneMatch: '"e1"' })).toEqual({ is: "unchanged", date: dateMs });
      expect(service.asked[0]?.headers["if-none-match"]).toBe('"e1"');
      await expect(bucket.get("a")).rejects.toMatchObject({ kind: "incompatible" });
    });

    it("takes a 404 for an absent object only in S3's words", async () => {
      service.answer(s3Says(404, "NoSuchKey"));
      expect((await bucket.get("a")).is).toBe("absent");
      for (const [kind, odd] of [
        ["rejected", s3Says(404, "NoSuchBucket")],
        ["incompatible", { status: 404 }],
        ["incompatible", { status: 404, body: "<html><body><h1>Not found</h1></body></html>" }],
        ["incompatible", { status: 404, body: '{"Code":"NoSuchKey"}' }],
      ] as const) {
        service.answer(odd);
        await expect(bucket.get("a")).rejects.toMatchObject({ kind });
        expect(service.asked).toHaveLength(1);
      }
    });

    it.each<[string, Odd]>([
      ["a web page", webPage],
      ["an object without a time", { status: 200, headers: { etag: '"e1"' }, body: "{}" }],
      ["an object without an etag", { status: 200, headers: { "last-modified": date }, body: "{}" }],
      ["an error in S3's words under a good status", s3Says(200, "InternalError")],
      ["a redirect to a sign-in page", { status: 302, headers: { location: "https://x.example/" } }],
    ])("does not take %s for an object", async (_, odd) => {
      service.answer(odd);
      await expect(bucket.get("a")).rejects.toMatchObject({ kind: "incompatible" });
      expect(service.asked).toHaveLength(1);
    });

    it.each<[string, Odd]>([
      [
        "a body that breaks off",
        (_, response) => {
          response.writeHead(200, { etag: '"e1"', "last-modified": date, "content-length": "4" });
          response.write("bo", () => response.destroy());
        },
      ],
      [
        "a body in pieces that breaks off",
        (_, response) => {
          response.writeHead(200, { etag: '"e1"', "last-modified": date });
          response.write("bo", () => response.destroy());
        },
      ],
      ["a reset", reset],
      ["bytes that are no HTTP", broken("hello\r\n\r\n")],
      ["a busy service", s3Says(503, "SlowDown")],
      ["a proxy's own page", { status: 502, body: "<!doctype html><p>Bad gateway" }],
      ["a throttle", s3Says(400, "ThrottlingException")],
      ["a part of it", { ...objectOf("bo"), status: 503 }],
    ])("tries again after %s, and gives it whole in the end", async (_, odd) => {
      service.answer(odd, odd, objectOf("body"));
      expect(await textOf("a")).toBe("body");
      expect(service.asked).toHaveLength(3);
    });

    it("gives a packed body unpacked, and bounded, where a service does not say identity of it; also to a page that cannot tell", async () => {
      const text = '{"a":1}'.padEnd(100_000);
      service.answer(objectOf(gzipSync(text), { "content-encoding": "gzip" }));
      for (const fetch of [undefined, pageFetch("ETag".toLowerCase())]) {
        const reader = fetchBucket(`s3://bucket?endpoint=${service.endpoint}`, {
          platform,
          ...(fetch === undefined ? {} : { fetch }),
        });
        const answer = await reader.get("a");
        expect(answer.is === "found" && new TextDecoder().decode(answer.body)).toBe(text);
        expect(await reader.get("a", { bytesMax: 5_000 })).toMatchObject({ is: "tooLarge" });
      }
    });

    it("gives up on a service that stays busy, and soon on one that never answered", async () => {
      service.answer(s3Says(503, "SlowDown"));
      await expect(bucket.get("a")).rejects.toMatchObject({ kind: "unavailable" });
      expect(service.asked).toHaveLength(s3ReadTriesMax);
      service.answer((request) => void request.socket.destroy());
      await expect(open().get("a")).rejects.toMatchObject({ kind: "unavailable" });
      expect(service.asked).toHaveLength(s3FirstTriesMax);
    });

    it("lets go of the connection of an answer that it does not read to its end", async () => {
      service.answer(objectOf(new Uint8Array(20_000_000)));
      const before = service.open();
      expect(await bucket.get("a", { bytesMax: 1_000 })).toMatchObject({ is: "tooLarge", bytes: 20_000_000 });
      while (service.open() > before) await new Promise((resolve) => setImmediate(resolve));
    });

    it("says of a redirect that a page may not look into where it may lead", async () => {
      const fetch = async () => ({
        status: 0,
        type: "opaqueredirect",
        headers: new Headers(),
        body: null,
        arrayBuffer: async () => new ArrayBuffer(0),
      });
      const page = fetchBucket(`s3://bucket?endpoint=${service.endpoint}`, { platform, fetch });
      await expect(page.get("a")).rejects.toMatchObject({
        kind: "rejected",
        message: expect.stringMatching(/another place.*HTTP 302 Redirect.*region=NAME/),
      });
    });

    it("repeats nothing of an answer that may be a secret", async () => {
      service.answer(s3Says(400, "ExpiredToken", "<Token-0>geheim</Token-0><RequestId>tx0-1</RequestId>"));
      const error = await bucket.get("a").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: "unauthorized", cause: { code: "ExpiredToken", status: 400 } });
      expect(inspect(error, { depth: 10, showHidden: true })).toMatch(/tx0-1/);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/geheim|odd-secret/);
    });
  });

  describe("writing", () => {
    it("sends one PUT with its condition, headers and body as given", async () => {
      service.answer(stored);
      const gzip = { ...content, contentEncoding: "gzip", cacheControl: "max-age=60" } as const;
      expect(await bucket.putIfAbsent("a/b.json", gzip)).toEqual({
        is: "stored",
        etag: '"e1"',
        date: dateMs,
      });
      expect(await bucket.putIfMatch("a/b.json", content, '"e1"')).toMatchObject({ is: "stored" });
      expect(service.asked).toMatchObject([
        {
          method: "PUT",
          path: "/bucket/a/b.json",
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
    });

    it.each<[string, Odd]>([
      ["a good answer without an etag", { status: 200 }],
      ["500 and a web page", { status: 500, headers: { "content-type": "text/html" }, body: "<p>oh" }],
      ["503 SlowDown", s3Says(503, "SlowDown")],
      ["an error inside a 200", s3Says(200, "InternalError")],
      ["another good status", { status: 206, headers: { etag: '"e1"' } }],
      ["409", s3Says(409, "ConditionalRequestConflict")],
      ["429", { status: 429 }],
      ["400 RequestTimeout", s3Says(400, "RequestTimeout")],
      ["403 RequestTimeTooSkewed", s3Says(403, "RequestTimeTooSkewed")],
      ["a reset", reset],
      ["an end without an answer", broken("")],
      ["an answer that breaks off in its headers", broken("HTTP/1.1 200 OK\r\nETag: ")],
      ["an answer that is no HTTP", broken("hello\r\n\r\n")],
      [
        "a good answer whose body breaks off",
        broken('HTTP/1.1 200 OK\r\nETag: "e1"\r\nContent-Length: 9\r\n\r\nab'),
      ],
    ])("is unknown after %s, and sends nothing again", async (_, odd) => {
      service.answer(odd);
      expect(await bucket.putIfAbsent("a", content)).toMatchObject({
        is: "unknown",
        why: expect.stringMatching(/^(?:HTTP \d{3}|no answer)/),
        date: expect.any(Number),
      });
      expect(await bucket.putIfMatch("a", content, '"e1"')).toMatchObject({ is: "unknown" });
      expect(service.asked.map(({ method }) => method)).toEqual(["PUT", "PUT"]);
    });

    it("is refused by a 412, whoever says it, and by S3's 404 where it wanted to replace", async () => {
      for (const odd of [s3Says(412, "PreconditionFailed"), { status: 412, body: "<!doctype html><p>no" }]) {
        service.answer(odd);
        expect((await bucket.putIfAbsent("a", content)).is).toBe("refused");
      }
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
      ["incompatible", "a web page", webPage],
      ["incompatible", "404 of a web server", { status: 404, body: "<html><h1>Not found</h1></html>" }],
      ["limit", "413 of a proxy", { status: 413 }],
      ["limit", "507", s3Says(507, "XMinioStorageFull")],
      ["rejected", "a code that nobody knows", s3Says(400, "Weird")],
    ])("throws %s after %s, which certainly did nothing, and sends nothing again", async (kind, _, odd) => {
      service.answer(odd);
      await expect(bucket.putIfMatch("a", content, '"e1"')).rejects.toMatchObject({
        name: "StoreError",
        kind,
        key: "a",
      });
      expect(service.asked).toHaveLength(1);
    });

    it("sends nothing for an etag that could match what was not meant", async () => {
      service.answer(stored);
      for (const etag of ["*", '"a", "b"', ""])
        expect((await bucket.putIfMatch("a", content, etag)).is).toBe("refused");
      expect(service.asked).toEqual([]);
    });

    it("finds out how etags are spelt where they are wanted with quotes, and where without", async () => {
      for (const wanted of ['"e1"', "e1"]) {
        const found = open();
        const etag: Odd = (request, response) => {
          const isSpelt = request.method !== "PUT" || request.headers["if-match"] === wanted;
          response.writeHead(isSpelt ? 200 : 412, { etag: '"e1"', date }).end();
        };
        service.answer(etag);
        for (const told of ["quoted", "unquoted"] as const)
          expect((await found.putIfMatch("a", content, '"e1"', { ifMatch: told })).is).toBe("stored");
        expect(found.ifMatch?.()).toBe(wanted === "e1" ? "unquoted" : "quoted");
      }
    });

    it("looks up the service's clock once, by what it has written, where no answer shows it", async () => {
      const noDate: Odd = (_, response) => {
        response.sendDate = false;
        response.writeHead(200, { etag: '"e1"', "last-modified": date }).end();
      };
      service.answer(noDate);
      const answer = await bucket.putIfAbsent("a", content);
      expect(Math.abs(answer.date - dateMs)).toBeLessThan(5_000);
      await bucket.putIfAbsent("b", content);
      expect(service.asked.map(({ method }) => method)).toEqual(["PUT", "HEAD", "PUT"]);
    });

    it("sets its clock for signing by the text of a refusal, where no answer shows a Date", async () => {
      const body = s3Says(403, "RequestTimeTooSkewed", "<ServerTime>2026-08-01T00:00:00Z</ServerTime>");
      const skewed: Odd = (_, response) => {
        response.sendDate = false;
        response.writeHead(403).end(typeof body === "function" ? "" : body.body);
      };
      service.answer(skewed, stored);
      expect((await bucket.putIfAbsent("a", content)).is).toBe("unknown");
      expect((await bucket.putIfAbsent("a", content)).is).toBe("stored");
      expect(service.asked[1]?.headers["x-amz-date"]).toMatch(/^20260801T0000|^20260731T2359/);
    });
  });

  describe("listing", () => {
    const keysOf = async (prefix = "", after = ""): Promise<readonly string[]> =>
      (await bucket.list(prefix, { after })).objects.map(({ key }) => key);
    const queryOf = (i: number): URLSearchParams => new URLSearchParams(service.asked[i]?.path.split("?")[1]);

    it("asks for keys as they are encoded, below the prefix and after the given text", async () => {
      bucket = open("/te%20am");
      service.answer(listOf(["te+am/a/2"]));
      expect(await bucket.list("a/", { after: "a/1 %+", limit: 7 })).toMatchObject({
        objects: [{ key: "a/2", bytes: 1, lastModified: Date.UTC(2026, 0, 1) }],
        more: false,
      });
      expect(Object.fromEntries(queryOf(0))).toEqual({
        "list-type": "2",
        "encoding-type": "url",
        prefix: "te am/a/",
        "start-after": "te am/a/1 %+",
        "max-keys": "7",
      });
    });

    it("goes on behind empty pages, by their tokens, and not for ever", async () => {
      service.answer(listOf([], { next: "t1+/=" }), listOf([], { next: "t2" }), listOf(["b"]));
      expect(await keysOf("", "a")).toEqual(["b"]);
      expect([0, 1, 2].map((i) => queryOf(i).get("continuation-token"))).toEqual([null, "t1+/=", "t2"]);
      service.answer(listOf([], { next: "same" }));
      await expect(bucket.list("")).rejects.toMatchObject({ kind: "incompatible" });
      expect(service.asked.length).toBeLessThan(s3EmptyPagesMax);
    });

    it.each<[string, Odd]>([
      ["a key that was not asked for", listOf(["other/a"])],
      ["a key that does not come after the given one", listOf(["p/a"])],
      ["a web page", webPage],
      ["another answer of S3's", { status: 200, body: "<ListAllMyBucketsResult/>" }],
      ["a list of nothing at all", { status: 200, body: "<ListBucketResult></ListBucketResult>" }],
    ])("does not take %s for a page", async (_, odd) => {
      service.answer(odd);
      await expect(bucket.list("p/", { after: "p/b" })).rejects.toMatchObject({ kind: "incompatible" });
    });

    it.each<[string, Odd]>([
      ["a busy service", s3Says(503, "SlowDown")],
      ["an error inside a 200", s3Says(200, "InternalError")],
      ["half a page that says that it is whole", { status: 200, body: "<ListBucketResult><Contents><Key>a" }],
      ["a time that is none", { status: 200, body: pageWith("<LastModified>soon</LastModified>") }],
      ["a size that is none", { status: 200, body: pageWith("<Size>-1</Size>") }],
      ["bytes that are no text", { status: 200, body: Uint8Array.of(0x3c, 0xff) }],
    ])("asks again after %s", async (_, odd) => {
      service.answer(odd, odd, listOf(["a"]));
      expect(await keysOf()).toEqual(["a"]);
      expect(service.asked).toHaveLength(3);
    });
  });

  it("deletes one by one, minds no absent one, and says of one that it may not", async () => {
    service.answer({ status: 204, headers: { date } }, s3Says(404, "NoSuchKey"));
    expect(await bucket.delete(["a", "b"])).toEqual({ date: dateMs });
    expect(service.asked.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      "DELETE /bucket/a",
      "DELETE /bucket/b",
    ]);
    service.answer(s3Says(403, "AccessDenied"));
    await expect(bucket.delete(["a"])).rejects.toMatchObject({ kind: "unauthorized", key: "a" });
  });

  it("ends its tries when the signal does", async () => {
    const stopping = new AbortController();
    service.answer((_, response) => {
      stopping.abort();
      response.writeHead(503).end();
    });
    const address = `s3://bucket?endpoint=${service.endpoint}`;
    const ended = fetchBucket(address, { platform, signal: stopping.signal });
    await expect(ended.get("a")).rejects.toMatchObject({ kind: "unavailable" });
    expect(service.asked).toHaveLength(1);
  });
});

function pageWith(part: string): string {
  return `<ListBucketResult><Name>b</Name><Contents><Key>a</Key>${part}</Contents></ListBucketResult>`;
}
