/** The S3 bucket over fetch on a real server: odd keys, packed bodies, hidden headers, credentials, and a network on which everything goes wrong. */

import { gzipSync } from "node:zlib";
import { HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startBytes } from "../../bucket/limits.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import type { S3Credentials } from "../../bucket/s3-fetch/credentials.ts";
import { bucketRemote } from "../../client/remote/bucket.ts";
import { selfTest } from "../../shared/drive/self-test.ts";
import type { Bucket, PutContent, WriteAnswer } from "../../shared/ports/bucket.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { newSettings } from "../../shared/settings.ts";
import { newClient } from "../ceph/buckets.ts";
import { describeS3, newBucket, server } from "../ceph/s3-tests.ts";
import { type Fate, type FaultyProxy, startFaultyProxy } from "../faults/http-proxy.ts";
import { everythingAtOnce, slowDown, spoiltAnswers, weather } from "../faults/storm.ts";
import { type CountingLine, startCountingLine } from "../fixtures/counting-line.ts";
import { fetchBucket, pageFetch } from "../fixtures/fetch-bucket.ts";
import { testStoreId } from "../fixtures/store-host.ts";

const text = (body: string): PutContent => ({
  body: new TextEncoder().encode(body),
  contentType: "application/json",
  cacheControl: "no-store",
});
const etagOf = (answer: WriteAnswer): string => (answer.is === "stored" ? answer.etag : "");
const bucketOf = (address: string): string => new URL(address).hostname;
const right = (): S3Credentials => ({
  accessKeyId: server?.accessKeyId ?? "",
  secretAccessKey: server?.secretAccessKey ?? "",
});

async function allKeys(bucket: Bucket, prefix: string, limit: number): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let more = true; more; ) {
    const page = await bucket.list(prefix, { after: keys.at(-1) ?? "", limit });
    keys.push(...page.objects.map(({ key }) => key));
    more = page.more;
  }
  return keys;
}

async function bodyOf(bucket: Bucket, key: string): Promise<Uint8Array | string> {
  const answer = await bucket.get(key);
  return answer.is === "found" ? answer.body : answer.is;
}

describeS3("The S3 bucket over fetch on a real server", () => {
  let plain: S3Client;
  beforeAll(() => {
    plain = newClient(server?.endpoint ?? "");
  });
  afterAll(() => plain.destroy());

  it("passes the self-test that a store asks of its bucket", async () => {
    const host = {
      bucket: fetchBucket(await newBucket()),
      platform: createNodePlatform(),
      settings: newSettings(),
    };
    const { checks } = await selfTest(host);
    expect(checks.length).toBeGreaterThan(5);
    expect(checks.filter(({ verdict }) => verdict !== "good")).toEqual([]);
  });

  it("signs, stores, reads, lists and deletes keys with every printable character, below a prefix with some too", async () => {
    const address = (await newBucket()).replace("?", "/te%20am+/100%25?");
    const bucket = fetchBucket(address);
    const signs = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    const keys = signs.filter((sign) => !"/\\".includes(sign)).map((sign) => `k/a${sign}b${sign}`);
    for (const key of keys) expect((await bucket.putIfAbsent(key, text(key))).is).toBe("stored");
    expect(await allKeys(bucket, "k/", 10)).toEqual([...keys].sort());
    for (const key of keys) expect(await bodyOf(bucket, key)).toEqual(text(key).body);
    expect(await allKeys(createS3Bucket(address), "k/", 1_000)).toEqual([...keys].sort());
    await bucket.delete([...keys, "k/never"]);
    expect(await allKeys(bucket, "", 1_000)).toEqual([]);
  });

  it("lists each foreign key once, as it is, in UTF-8 order, on pages of any size", async () => {
    const names = ["\u0001control", " space", "%2525", "&lt;x&gt;", "+plus +", "../up", "/empty", "<b>\"'"];
    const more = ["a\nb\tc", "back\\slash", "folder/", "ü", "\uffee", "🎉"];
    const foreign = [...names, ...more].map((name) => `foreign/${name}`);
    const address = await newBucket();
    for (const Key of foreign)
      await plain.send(new PutObjectCommand({ Bucket: bucketOf(address), Key, Body: "x" }));
    const inOrder = [...foreign].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const limit of [1, 3, 1_000])
      expect(await allKeys(fetchBucket(address), "foreign/", limit)).toEqual(inOrder);
  });

  describe("with packed bodies", () => {
    const body = '{"a":1}'.padEnd(20_000);
    const packed = new Uint8Array(gzipSync(body));
    const bodies: readonly (readonly [name: string, content: PutContent])[] = [
      ["packed, and said so", { ...text(""), body: packed, contentEncoding: "gzip" }],
      ["packed, and not said", { ...text(""), body: packed }],
      ["no gzip, though said so", { ...text("no gzip"), contentEncoding: "gzip" }],
      ["cut gzip", { ...text(""), body: packed.subarray(0, 30), contentEncoding: "gzip" }],
      ["plain", text(body)],
    ];

    it.each(bodies)(
      "gives one that is %s byte for byte as it is stored, to a server and to a page",
      async (_, content) => {
        const address = await newBucket();
        const bucket = fetchBucket(address);
        expect((await bucket.putIfAbsent("a.json", content)).is).toBe("stored");
        const stored = await plain.send(new HeadObjectCommand({ Bucket: bucketOf(address), Key: "a.json" }));
        expect(stored.ContentEncoding || undefined).toBe(content.contentEncoding);
        expect([stored.ContentType, stored.CacheControl]).toEqual([content.contentType, "no-store"]);
        for (const fetch of [undefined, pageFetch("etag")]) {
          const reader = fetchBucket(address, fetch === undefined ? {} : { fetch });
          expect(await bodyOf(reader, "a.json")).toEqual(content.body);
          expect(await bodyOf(createS3Bucket(address), "a.json")).toEqual(content.body);
          const small = await reader.get("a.json", { bytesMax: 5 });
          expect(small).toMatchObject({ is: "tooLarge", bytes: content.body.length });
        }
      },
    );
  });

  it("works for a page that sees no Date: the clock of its answers is the service's after the first write, however wrong its own is", async () => {
    const address = await newBucket();
    const platform = createNodePlatform();
    for (const wrongMs of [-600_000, 0, 600_000]) {
      const now = () => Date.now() + wrongMs;
      const bucket = fetchBucket(address, { platform: { ...platform, now }, fetch: pageFetch("etag") });
      const begun = Date.now();
      await bucket.putIfAbsent(`${wrongMs + 1_000_000}.json`, text("x"));
      const { date } = await bucket.get("none.json");
      // No nearer than an answer takes.
      expect(Math.abs(date - Date.now())).toBeLessThan(2_500 + Date.now() - begun);
    }
  });

  it("tells a client the service's clock, where that shows", async () => {
    const platform = { ...createNodePlatform(), now: () => Date.now() - 600_000 };
    const remote = bucketRemote(fetchBucket(await newBucket(), { platform }), platform);
    const opened = remote.open(testStoreId("main"));
    const begun = Date.now();
    await opened.get("heads/main.json");
    // No nearer than an answer takes.
    expect(Math.abs((opened.clockOffsetMs() ?? 0) - 600_000)).toBeLessThan(2_500 + Date.now() - begun);
  });

  it("corrects a clock for signing that is a day off, so that it costs one try", async () => {
    const platform = { ...createNodePlatform(), now: () => Date.now() + 86_400_000 };
    const bucket = fetchBucket(await newBucket(), { platform });
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("stored");
  });

  it("says of a page that sees no ETag what CORS needs, and calls its write unknown, though it was stored", async () => {
    const address = await newBucket();
    const bucket = fetchBucket(address, { fetch: pageFetch() });
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
    await expect(bucket.get("a.json")).rejects.toMatchObject({
      kind: "incompatible",
      message: expect.stringMatching(/hide their ETag.*CORS.*expose the headers ETag, Date/),
    });
    expect(await bodyOf(fetchBucket(address), "a.json")).toEqual(text("x").body);
  });

  it("says of a bucket that is not there, and of a secret that is wrong, what it is, in reads, lists, writes and deletes", async () => {
    const address = await newBucket();
    const credentials = () => ({ ...right(), secretAccessKey: "wrong" });
    for (const [bucket, kind, word] of [
      [fetchBucket(address.replace(bucketOf(address), "never-made")), "rejected", /no such bucket/],
      [fetchBucket(address, { credentials }), "unauthorized", /secret key is wrong/],
    ] as const)
      for (const call of [
        () => bucket.get("a"),
        () => bucket.list(""),
        () => bucket.putIfAbsent("a", text("x")),
        () => bucket.delete(["a"]),
      ])
        await expect(call()).rejects.toMatchObject({ kind, what: expect.stringMatching(word) });
  });

  it("asks for credentials again where they are refused: a read goes on with them, a write is the caller's to send again", async () => {
    const address = await newBucket();
    const given = [{ ...right(), secretAccessKey: "old" }];
    let asked = 0;
    const credentials = () => {
      asked++;
      return given.shift() ?? right();
    };
    expect((await fetchBucket(address, { credentials }).get("none.json")).is).toBe("absent");
    expect(asked).toBe(2);
    given.push({ ...right(), secretAccessKey: "old" });
    const bucket = fetchBucket(address, { credentials });
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
    expect((await bucket.get("a.json")).is).toBe("absent");
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("stored");
    expect(asked).toBe(4);
  });

  describe("over a line that counts", () => {
    let line: CountingLine;
    beforeAll(async () => {
      line = await startCountingLine(server?.endpoint ?? "");
    });
    afterAll(() => line.close());
    const overLine = (address: string): string => address.replace(server?.endpoint ?? "", line.endpoint);

    it("takes the start of a large object without the rest of it", async () => {
      const address = await newBucket();
      const body = new Uint8Array(64 * 1024 * 1024).map((_, i) => i);
      await plain.send(new PutObjectCommand({ Bucket: bucketOf(address), Key: "large.bin", Body: body }));
      const before = line.answeredBytes();
      const answer = await fetchBucket(overLine(address)).get("large.bin", { bytesMax: 1_000_000 });
      expect(answer).toMatchObject({ is: "tooLarge", bytes: body.length });
      expect(answer.is === "tooLarge" && Buffer.compare(answer.start, body.subarray(0, startBytes))).toBe(0);
      // What the machine's own buffers hold by then; a real network holds less.
      expect(line.answeredBytes() - before).toBeLessThan(body.length / 4);
    });

    it("swaps with one request when it is told the right spelling, with three when the wrong one, and then with one", async () => {
      const address = overLine(await newBucket());
      const etag = etagOf(await fetchBucket(address).putIfAbsent("a.json", text("0")));
      const count = () => [line.requests("PUT"), line.requests("HEAD")] as const;
      const swap = async (bucket: Bucket, from: string, told?: "quoted" | "unquoted") => {
        const [puts, heads] = count();
        const options = told === undefined ? {} : { ifMatch: told };
        const answer = await bucket.putIfMatch("a.json", text(`after ${from}`), from, options);
        return { etag: etagOf(answer), requests: [count()[0] - puts, count()[1] - heads] };
      };
      const good = await swap(fetchBucket(address), etag, "unquoted");
      expect(good.requests).toEqual([1, 0]);
      const bucket = fetchBucket(address);
      const wrong = await swap(bucket, good.etag, "quoted");
      expect(wrong.requests).toEqual([2, 1]);
      const known = await swap(bucket, wrong.etag, "quoted");
      expect(known.requests).toEqual([1, 0]);
      expect(await swap(bucket, wrong.etag)).toEqual({ etag: "", requests: [1, 0] });
      expect(bucket.ifMatch?.()).toBe("unquoted");
    });
  });
});

describeS3("The S3 bucket over fetch behind a faulty network", () => {
  let proxy: FaultyProxy;
  let direct: Bucket;
  let address: string;
  let bucket: Bucket;

  beforeAll(async () => {
    proxy = await startFaultyProxy(server?.endpoint ?? "");
  });
  afterAll(() => proxy.close());
  beforeEach(async () => {
    proxy.decide(() => "pass");
    const there = await newBucket();
    direct = createS3Bucket(there);
    address = there.replace(server?.endpoint ?? "", proxy.endpoint);
    bucket = fetchBucket(address);
  });

  /** The next requests meet these, all others pass. */
  const once = (...fates: readonly Fate[]): void => {
    const left = [...fates];
    proxy.decide(() => left.shift() ?? "pass");
  };

  it.each<Fate>(["busy", "reset", "answerLost", "answerSpoilt", "half", "conflict"])(
    "reads, lists and deletes again after %s",
    async (fate) => {
      await direct.putIfAbsent("a.json", text("a body that is longer than a few bytes"));
      once(fate, fate);
      expect((await bucket.get("a.json")).is).toBe("found");
      once(fate, fate);
      expect((await bucket.list("")).objects).toHaveLength(1);
      once(fate, fate);
      await bucket.delete(["a.json"]);
      expect((await direct.get("a.json")).is).toBe("absent");
    },
  );

  it.each<Fate>(["busy", "reset", "conflict"])(
    "answers unknown to a write that met %s, sends it once, and it did not happen",
    async (fate) => {
      const before = proxy.counts[fate] ?? 0;
      proxy.decide(() => fate);
      expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
      expect(proxy.counts[fate]).toBe(before + 1);
      expect((await direct.get("a.json")).is).toBe("absent");
    },
  );

  it.each<Fate>(["answerLost", "answerSpoilt"])(
    "answers unknown to a write, to make or to replace, whose answer was lost (%s), sends it once, and it did happen",
    async (fate) => {
      const before = proxy.counts[fate] ?? 0;
      proxy.decide(() => fate);
      expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
      expect(proxy.counts[fate]).toBe(before + 1);
      const made = await direct.get("a.json");
      const etag = made.is === "found" ? made.etag : "";
      const swapped = await bucket.putIfMatch("a.json", text("y"), etag, { ifMatch: "unquoted" });
      expect([swapped.is, proxy.counts[fate]]).toEqual(["unknown", before + 2]);
      expect(await bodyOf(direct, "a.json")).toEqual(text("y").body);
    },
  );

  it("answers refused to a write that somebody on the way sent twice", async () => {
    once("twice");
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("refused");
    expect((await direct.get("a.json")).is).toBe("found");
  });

  it("reads a 404 to If-Match as refused, as AWS says it where the object is gone", async () => {
    const etag = etagOf(await direct.putIfAbsent("a.json", text("x")));
    await direct.delete(["a.json"]);
    proxy.decide(() => "notFoundFor412");
    expect((await bucket.putIfMatch("a.json", text("y"), etag)).is).toBe("refused");
  });

  it("says of a web page that it is no S3, and takes it for no object, no empty list and no write", async () => {
    proxy.decide(() => "webPage");
    for (const call of [
      () => bucket.get("heads/main.json"),
      () => bucket.list(""),
      () => bucket.putIfAbsent("a.json", text("x")),
    ])
      await expect(call()).rejects.toMatchObject({ name: "StoreError", kind: "incompatible" });
  });

  it("says that the credentials have expired, for a read and for a write, and works on once they are renewed", async () => {
    proxy.decide(() => "expired");
    await expect(bucket.get("a.json")).rejects.toMatchObject({ kind: "unauthorized" });
    await expect(bucket.putIfAbsent("a.json", text("x"))).rejects.toThrow(/expired.*sign in again/i);
    proxy.decide(() => "pass");
    expect((await bucket.putIfAbsent("a.json", text("x"))).is).toBe("stored");
  });

  it("gives up on an endpoint that accepts and never answers, and says so", async () => {
    proxy.decide(() => "silent");
    const platform = createNodePlatform();
    const waits: number[] = [];
    /** A hundred times as hurried. */
    const hurried: Platform = {
      ...platform,
      wait: (ms, signal) => {
        waits.push(ms);
        return platform.wait(ms / 100, signal);
      },
    };
    const silent = fetchBucket(address, { platform: hurried });
    const written = silent.putIfAbsent("a.json", text("x"));
    await expect(silent.get("a.json")).rejects.toMatchObject({ kind: "unavailable" });
    expect(await written).toMatchObject({ is: "unknown", why: "no answer TimeoutError" });
    expect(waits.filter((ms) => ms >= 15_000)).not.toEqual([]);
  });

  it("cannot tell a page why nothing came, and names the network and CORS", async () => {
    const refused = (): never => {
      throw new TypeError("Failed to fetch");
    };
    const page = fetchBucket(address, { fetch: refused });
    await expect(page.get("a.json")).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/no answer FetchFailed.*network.*CORS.*GET, HEAD, PUT and DELETE/),
    });
    expect((await page.putIfAbsent("a.json", text("x"))).is).toBe("unknown");
  });

  it.each([
    ["a storm of SlowDown", slowDown],
    ["lost and spoilt answers", spoiltAnswers],
    ["everything at once", everythingAtOnce],
  ] as const)("loses and doubles nothing under %s, with four writers and two rollups", (_, chances) =>
    weather({ proxy, direct, newBucket: (platform) => fetchBucket(address, { platform }), chances }),
  );
});
