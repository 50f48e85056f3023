import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { s3FirstTriesMax, s3ReadTriesMax, startBytes } from "../../../../bucket/limits.ts";
import type { Bucket } from "../../../../shared/ports/bucket.ts";
import {
  type Odd,
  type OddAnswer,
  type OddService,
  objectOf,
  s3Says,
  startOddService,
} from "../../../fixtures/odd-service.ts";

const date = "Sat, 01 Aug 2026 00:00:00 GMT";

describe("A read from S3", () => {
  let service: OddService;
  let bucket: Bucket;
  beforeAll(async () => {
    service = await startOddService();
  });
  afterAll(() => service.close());
  beforeEach(() => {
    bucket = service.bucket();
  });

  const textOf = async (key: string): Promise<string> => {
    const answer = await bucket.get(key);
    return answer.is === "found" ? new TextDecoder().decode(answer.body) : answer.is;
  };

  it("gives body, etag, time and the service's clock", async () => {
    service.answer(objectOf("body", { date }));
    expect(await bucket.get("a b/c+d%.json")).toEqual({
      is: "found",
      body: new TextEncoder().encode("body"),
      etag: '"e1"',
      lastModified: 0,
      date: Date.UTC(2026, 7, 1),
    });
    expect(service.asked[0]?.path).toBe("/bucket/a%20b/c%2Bd%25.json?x-id=GetObject");
  });

  it("asks below its prefix", async () => {
    service.answer(objectOf("body"));
    await service.bucket({ prefix: "/te%20am/100%25" }).get("a");
    expect(service.asked[0]?.path).toMatch(/^\/bucket\/te%20am\/100%25\/a\?/);
  });

  it("sends the etag that is known already, and takes a 304 for unchanged", async () => {
    service.answer({ status: 304, headers: { date } });
    expect(await bucket.get("a", { ifNoneMatch: '"e1"' })).toEqual({
      is: "unchanged",
      date: Date.UTC(2026, 7, 1),
    });
    expect(service.asked[0]?.headers["if-none-match"]).toBe('"e1"');
  });

  it("takes a 404 for an absent object only in S3's words", async () => {
    service.answer(s3Says(404, "NoSuchKey"));
    expect((await bucket.get("a")).is).toBe("absent");
    for (const [kind, odd] of [
      ["rejected", s3Says(404, "NoSuchBucket")],
      ["incompatible", { status: 404 }],
      ["incompatible", { status: 404, body: "<html><body><h1>Not found</h1></body></html>" }],
      ["incompatible", { status: 404, body: "<!doctype html><p>Not found" }],
      ["incompatible", { status: 404, body: '{"Code":"NoSuchKey"}' }],
    ] as const) {
      service.answer(odd);
      await expect(bucket.get("a")).rejects.toMatchObject({ kind });
      expect(service.asked).toHaveLength(1);
    }
  });

  it.each<[string, Odd]>([
    ["a web page", { status: 200, headers: { "content-type": "text/html" }, body: "<p>Welcome" }],
    ["an object without an etag", { status: 200, headers: { "last-modified": date }, body: "{}" }],
    ["an object without a time", { status: 200, headers: { etag: '"e1"' }, body: "{}" }],
    ["an error in S3's words under a good status", s3Says(200, "InternalError")],
  ])("does not take %s for an object", async (_, odd) => {
    service.answer(odd);
    await expect(bucket.get("a")).rejects.toMatchObject({ kind: "incompatible" });
  });

  it.each<[string, Odd]>([
    ["a body that breaks off", objectOf("bod", { "content-length": "4" })],
    [
      "a body in pieces that breaks off",
      (_, response) => {
        response.writeHead(200, { etag: '"e1"', "last-modified": date });
        response.write("bo", () => response.destroy());
      },
    ],
    [
      "a body that was reset",
      (request, response) => {
        response.writeHead(200, { etag: '"e1"', "last-modified": date, "content-length": "4" });
        response.write("bo", () => request.socket.resetAndDestroy());
      },
    ],
    ["bytes that are no HTTP", (request) => void request.socket.end("hello\r\n\r\n")],
    ["a busy service", s3Says(503, "SlowDown")],
    ["a proxy's own page", { status: 502, body: "<!doctype html><p>Bad gateway" }],
    ["a throttle", s3Says(400, "ThrottlingException")],
  ])("is tried again after %s, and whole in the end", async (_, odd) => {
    const broken: Odd =
      typeof odd === "function" ? odd : odd.headers?.["content-length"] === "4" ? cutOff(odd) : odd;
    service.answer(broken, broken, objectOf("body"));
    expect(await textOf("a")).toBe("body");
    expect(service.asked).toHaveLength(3);
  });

  it("is tried again where the body is not what its checksum says, and says so in the end", async () => {
    bucket = service.bucket({ more: "&checksums=supported" });
    const wrong = objectOf("body", { "x-amz-checksum-crc32": "AAAAAA==" });
    service.answer(wrong, objectOf("body", { "x-amz-checksum-crc32": "q1a8mQ==" }), objectOf("body"));
    expect(await textOf("a")).toBe("body");
    expect(service.asked.length).toBeGreaterThan(1);
    expect(service.asked[0]?.headers["x-amz-checksum-mode"]).toBe("ENABLED");
    service.answer(wrong);
    await expect(bucket.get("a")).rejects.toMatchObject({
      kind: "unavailable",
      what: expect.stringMatching(/checksum/),
    });
  });

  it("leaves the rest of a too large body also where its checksum would have been looked at", async () => {
    bucket = service.bucket({ more: "&checksums=supported" });
    const openBefore = service.open();
    service.answer(objectOf(new Uint8Array(5_000_000), { "x-amz-checksum-crc32": "AAAAAA==" }));
    const answer = await bucket.get("a", { bytesMax: 10 });
    expect(answer.is === "tooLarge" && [answer.bytes, answer.start.length]).toEqual([5_000_000, startBytes]);
    while (service.open() > openBefore) await new Promise((resolve) => setImmediate(resolve));
  });

  it("gives a packed body as it is stored", async () => {
    const packed = gzipSync("body");
    service.answer(objectOf(packed, { "content-encoding": "gzip" }));
    const answer = await bucket.get("a");
    expect(answer.is === "found" && Buffer.compare(answer.body, packed)).toBe(0);
    expect(service.asked[0]?.headers).not.toHaveProperty("accept-encoding");
  });

  it("gives up on a service that stays busy, and soon on one that never answered", async () => {
    service.answer(s3Says(503, "SlowDown"));
    await expect(bucket.get("a")).rejects.toMatchObject({ kind: "unavailable" });
    expect(service.asked).toHaveLength(s3ReadTriesMax);
    service.answer((request) => void request.socket.destroy());
    await expect(service.bucket().get("a")).rejects.toMatchObject({ kind: "unavailable" });
    expect(service.asked).toHaveLength(s3FirstTriesMax);
  });

  it("is patient with a service whose first answer was cut", async () => {
    service.answer(cutOff(objectOf("bod", { "content-length": "4" })));
    await expect(bucket.get("a")).rejects.toMatchObject({ kind: "unavailable" });
    expect(service.asked).toHaveLength(s3ReadTriesMax);
  });

  it("ends when the signal does", async () => {
    const stopping = new AbortController();
    service.answer((_, response) => {
      stopping.abort();
      response.writeHead(503).end();
    });
    await expect(service.bucket({ signal: stopping.signal }).get("a")).rejects.toMatchObject({
      kind: "unavailable",
    });
    expect(service.asked).toHaveLength(1);
  });

  it("takes this machine's clock where the service does not tell its own", async () => {
    service.answer((_, response) => {
      response.sendDate = false;
      response.writeHead(200, { etag: '"e1"', "last-modified": date }).end("body");
    });
    const before = Date.now();
    const answer = await bucket.get("a");
    expect(answer.date).toBeGreaterThanOrEqual(before);
    expect(answer.date).toBeLessThanOrEqual(Date.now());
  });
});

/** Says a longer length than it sends, then ends. */
function cutOff(odd: OddAnswer): Odd {
  return (request, response) => {
    response.writeHead(odd.status, odd.headers);
    response.write(odd.body, () => request.socket.end());
  };
}
