/** What the S3 bucket does beyond the contract, asked of a real server: odd keys, large numbers, large objects, spellings, headers, signals. */
import { HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBytes } from "../../bucket/limits.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore } from "../../shared/drive/store.ts";
import type { Bucket, PutContent, WriteAnswer } from "../../shared/ports/bucket.ts";
import { newSettings } from "../../shared/settings.ts";
import { newClient } from "../ceph/buckets.ts";
import { describeS3, newBucket, server } from "../ceph/s3-tests.ts";
import { startFaultyProxy } from "../faults/http-proxy.ts";
import { publishAll, startLoad } from "../faults/load.ts";
import { type CountingLine, startCountingLine } from "../fixtures/counting-line.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { checkStore } from "../stress/check.ts";
import { stressSettings } from "../stress/child.ts";

const text = (body: string): PutContent => ({
  body: new TextEncoder().encode(body),
  contentType: "application/json",
  cacheControl: "no-store",
});
const etagOf = (answer: WriteAnswer): string => (answer.is === "stored" ? answer.etag : "");
const bucketOf = (address: string): string => new URL(address).hostname;

async function allKeys(bucket: Bucket, prefix: string, limit = 1_000): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let more = true; more; ) {
    const page = await bucket.list(prefix, { after: keys.at(-1) ?? "", limit });
    keys.push(...page.objects.map(({ key }) => key));
    more = page.more;
  }
  return keys;
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < items.length; i += 32) await Promise.all(items.slice(i, i + 32).map(work));
}

describeS3("The S3 bucket on a real server", () => {
  let plain: S3Client;
  beforeAll(() => {
    plain = newClient(server?.endpoint ?? "");
  });
  afterAll(() => plain.destroy());

  describe("with odd keys", () => {
    /** As others may have put them, in UTF-8 order. */
    const foreign = [
      "foreign/\u0001control",
      "foreign/ space in front",
      "foreign/%2525",
      "foreign/%zz",
      "foreign/&lt;x&gt;",
      "foreign/+plus +",
      "foreign/../up",
      "foreign//empty part",
      "foreign/<b>\"'",
      "foreign/a\nb\tc",
      "foreign/back\\slash",
      "foreign/folder/",
      "foreign/trailing ",
      "foreign/ü",
      "foreign/\uffee",
      "foreign/🎉",
    ];

    it("lists each foreign key once, as it is, in UTF-8 order, on pages of any size", async () => {
      const address = await newBucket();
      for (const Key of [...foreign].reverse())
        await plain.send(new PutObjectCommand({ Bucket: bucketOf(address), Key, Body: "x" }));
      const bucket = createS3Bucket(address);
      for (const limit of [1, 2, 5, 1_000]) expect(await allKeys(bucket, "foreign/", limit)).toEqual(foreign);
      const below = createS3Bucket(address.replace("?", "/foreign?"));
      expect(await allKeys(below, "", 1)).toEqual(foreign.map((key) => key.slice("foreign/".length)));
    });

    it("works on a store between foreign objects, and leaves them alone", async () => {
      const address = await newBucket();
      const store = testStoreId("main");
      const newHost = async (): Promise<Host> => ({
        bucket: createS3Bucket(address),
        platform: createNodePlatform(),
        settings: newSettings(stressSettings),
      });
      const host = await newHost();
      await createStore(host, store);
      const keys = ["", "updates/", "updates/main/", "heads/", "segments/main/", "marks/main/"].flatMap(
        (folder) => foreign.map((key) => folder + key),
      );
      await inTurns(keys, (Key) =>
        plain.send(new PutObjectCommand({ Bucket: bucketOf(address), Key, Body: "x" })),
      );
      const load = startLoad({ store, writers: 2, updates: 5, rollups: 1, newHost });
      await load.done;
      await publishAll(host, store);
      const verdict = await checkStore(host, store, { acknowledged: load.acknowledged, writers: 2 });
      expect(verdict).toMatchObject({ acknowledged: 10, replayed: 10, lost: 0, doubled: 0 });
      expect(await allKeys(host.bucket, "")).toEqual(expect.arrayContaining(keys));
    });

    it("stores, reads, lists and deletes keys with every printable character, below a prefix with some too", async () => {
      const address = await newBucket();
      const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter(
        (sign) => !"/\\".includes(sign),
      );
      const bucket = createS3Bucket(address.replace("?", "/te%20am+/100%25?"));
      const keys = printable.map((sign) => `k/a${sign}b${sign}`);
      await inTurns(keys, (key) => bucket.putIfAbsent(key, text(key)));
      expect(await allKeys(bucket, "k/", 10)).toEqual([...keys].sort());
      for (const key of keys) {
        const got = await bucket.get(key);
        expect(got.is === "found" && new TextDecoder().decode(got.body)).toBe(key);
      }
      const root = createS3Bucket(address);
      expect((await root.list("te am+/100%/k/")).objects).toHaveLength(keys.length);
      await root.putIfAbsent("te am+/100%/l", text("x"));
      await bucket.delete(keys);
      expect(await allKeys(root, "")).toEqual(["te am+/100%/l"]);
    });

    it("does not see what lies beside its prefix, and does not touch it", async () => {
      const address = await newBucket();
      const root = createS3Bucket(address);
      const keys = ["te", "team", "team.json", "team2/a", "team/a"];
      for (const key of keys) await root.putIfAbsent(key, text(key));
      const team = createS3Bucket(address.replace("?", "/team/?"));
      expect(await allKeys(team, "")).toEqual(["a"]);
      await team.delete(["a", "te", "team.json"]);
      expect(await allKeys(root, "")).toEqual(keys.filter((key) => key !== "team/a").sort());
    });
  });

  it("lists more than a thousand objects on pages, and deletes them with one call", async () => {
    const bucket = createS3Bucket(await newBucket());
    const keys = Array.from({ length: 2_345 }, (_, i) => `many/${String(i).padStart(5, "0")}.json`);
    await inTurns(keys, (key) => bucket.putIfAbsent(key, text(key)));
    const first = await bucket.list("many/");
    expect([first.objects.length, first.more]).toEqual([1_000, true]);
    expect(await allKeys(bucket, "many/")).toEqual(keys);
    await bucket.putIfAbsent("kept.json", text("x"));
    await bucket.delete([...keys, "many/never.json"]);
    expect(await allKeys(bucket, "")).toEqual(["kept.json"]);
  });

  it("stores the headers as given, and none that was not given", async () => {
    const address = await newBucket();
    const bucket = createS3Bucket(address);
    const gzip: PutContent = {
      body: Uint8Array.of(0x1f, 0x8b, 8, 0),
      contentType: "application/x-icecore; charset=utf-8",
      contentEncoding: "gzip",
      cacheControl: "public, max-age=31536000, immutable",
    };
    const etag = etagOf(await bucket.putIfAbsent("a.json", gzip));
    const headersOf = async (Key: string) =>
      plain.send(new HeadObjectCommand({ Bucket: bucketOf(address), Key }));
    expect(await headersOf("a.json")).toMatchObject({
      ContentType: gzip.contentType,
      ContentEncoding: "gzip",
      CacheControl: gzip.cacheControl,
      ContentLength: 4,
      ETag: etag,
      Metadata: {},
    });
    await bucket.putIfMatch("a.json", text("plain"), etag);
    const swapped = await headersOf("a.json");
    expect(swapped).toMatchObject({
      ContentType: "application/json",
      CacheControl: "no-store",
      ContentLength: 5,
    });
    expect(swapped.ContentEncoding || undefined).toBe(undefined);
  });

  describe("over a line that counts", () => {
    let line: CountingLine;
    beforeAll(async () => {
      line = await startCountingLine(server?.endpoint ?? "");
    });
    afterAll(() => line.close());

    it("takes the start of a large object without the rest of it", async () => {
      const address = await newBucket({});
      const key = "large.bin";
      const body = new Uint8Array(64 * 1024 * 1024).map((_, i) => i);
      await plain.send(new PutObjectCommand({ Bucket: bucketOf(address), Key: key, Body: body }));
      const bucket = createS3Bucket(address.replace(server?.endpoint ?? "", line.endpoint));
      const before = line.answeredBytes();
      const answer = await bucket.get(key, { bytesMax: 1_000_000 });
      expect(answer).toMatchObject({ is: "tooLarge", bytes: body.length });
      expect(answer.is === "tooLarge" && Buffer.compare(answer.start, body.subarray(0, startBytes))).toBe(0);
      const taken = line.answeredBytes() - before;
      expect(taken).toBeGreaterThan(startBytes);
      // What the machine's own buffers hold by then; a real network holds less.
      expect(taken).toBeLessThan(body.length / 4);
      expect((await bucket.get(key, { bytesMax: body.length })).is).toBe("found");
    });

    it("swaps with one request when it is told the right spelling, with three when the wrong one, and then with one", async () => {
      const address = (await newBucket()).replace(server?.endpoint ?? "", line.endpoint);
      const etag = etagOf(await createS3Bucket(address).putIfAbsent("a.json", text("0")));
      const count = () => ({ put: line.requests("PUT"), head: line.requests("HEAD") });
      const swap = async (bucket: Bucket, from: string, told?: "quoted" | "unquoted") => {
        const before = count();
        const options = told === undefined ? {} : { ifMatch: told };
        const answer = await bucket.putIfMatch("a.json", text(`after ${from}`), from, options);
        const after = count();
        return { etag: etagOf(answer), requests: [after.put - before.put, after.head - before.head] };
      };
      const right = await swap(createS3Bucket(address), etag, "unquoted");
      expect(right.requests).toEqual([1, 0]);
      const bucket = createS3Bucket(address);
      const wrong = await swap(bucket, right.etag, "quoted");
      expect(wrong.requests).toEqual([2, 1]);
      const known = await swap(bucket, wrong.etag, "quoted");
      expect(known.requests).toEqual([1, 0]);
      const lost = await swap(bucket, wrong.etag);
      expect(lost).toEqual({ etag: "", requests: [1, 0] });
      expect(bucket.ifMatch?.()).toBe("unquoted");
    });
  });

  it("lets exactly one of several adapters win that find out the spelling at the same time, round after round", async () => {
    const address = await newBucket();
    for (let round = 0; round < 20; round++) {
      const key = `race-${round}.json`;
      const etag = etagOf(await createS3Bucket(address).putIfAbsent(key, text("start")));
      const adapters = Array.from({ length: 4 }, () => createS3Bucket(address));
      const answers = await Promise.all(
        adapters.map((bucket, i) =>
          bucket.putIfMatch(key, text(`${i}`), etag, i % 2 === 0 ? {} : { ifMatch: "unquoted" }),
        ),
      );
      const winners = answers.flatMap(({ is }, i) => (is === "stored" ? [i] : []));
      expect(winners).toHaveLength(1);
      expect(answers.every(({ is }) => is === "stored" || is === "refused" || is === "unknown")).toBe(true);
      const got = await createS3Bucket(address).get(key);
      expect(got.is === "found" && new TextDecoder().decode(got.body)).toBe(`${winners[0]}`);
      expect(adapters[winners[0] ?? 0]?.ifMatch?.()).toBe("unquoted");
    }
  });

  it("ends its waiting between tries when the signal does, and sends nothing more", async () => {
    const proxy = await startFaultyProxy(server?.endpoint ?? "");
    const address = await newBucket();
    proxy.decide(() => "busy");
    const stopping = new AbortController();
    // Pauses that only the signal ends, which comes when all are in one.
    const real = createNodePlatform();
    let pauses = 0;
    const wait: typeof real.wait = (_, signal) => {
      pauses += 1;
      return real.wait(600_000, signal);
    };
    const platform = { ...real, wait };
    const bucket = createS3Bucket(address.replace(server?.endpoint ?? "", proxy.endpoint), {
      platform,
      signal: stopping.signal,
    });
    const calls = [() => bucket.get("a"), () => bucket.list(""), () => bucket.delete(["a"])];
    const ending = Promise.allSettled(calls.map((call) => call()));
    await expect.poll(() => pauses).toBe(calls.length);
    stopping.abort();
    const ended = await ending;
    expect(ended.map((one) => one.status === "rejected" && one.reason.kind)).toEqual(
      calls.map(() => "unavailable"),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect([pauses, proxy.counts.busy]).toEqual([calls.length, calls.length]);
    await proxy.close();
  });

  it("says of a bucket that is not there, and of a secret that is wrong, what it is, in reads, lists, writes and deletes", async () => {
    const address = await newBucket();
    const absent = createS3Bucket(address.replace(bucketOf(address), "never-made"));
    const secret = process.env.AWS_SECRET_ACCESS_KEY;
    for (const [bucket, kind, word] of [
      [absent, "rejected", /no such bucket/],
      [createS3Bucket(address), "unauthorized", /secret key is wrong/],
    ] as const) {
      if (kind === "unauthorized") process.env.AWS_SECRET_ACCESS_KEY = "wrong";
      try {
        for (const call of [
          () => bucket.get("a"),
          () => bucket.list(""),
          () => bucket.putIfAbsent("a", text("x")),
          () => bucket.delete(["a"]),
        ])
          await expect(call()).rejects.toMatchObject({ kind, what: expect.stringMatching(word) });
      } finally {
        process.env.AWS_SECRET_ACCESS_KEY = secret;
      }
    }
  });
});
