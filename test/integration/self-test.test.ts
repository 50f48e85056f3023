/** The self-test of a bucket: every way to be unfit is named, a good bucket is never called bad, and no probe stays behind. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFaultyBucket, type FaultChances } from "../../bucket/faulty.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import type { Host } from "../../shared/drive/run.ts";
import { requireFitBucket, selfTest } from "../../shared/drive/self-test.ts";
import { collectGarbage, createStore, readStoreHead } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { newSettings } from "../../shared/settings.ts";
import { probesPrefix, probesRoot } from "../../shared/wire/keys.ts";
import { badBucketNames, createBadBucket } from "../fixtures/bad-buckets.ts";
import { createTestStore, testStart, testStoreId } from "../fixtures/store-host.ts";

const hostOf = (bucket: Bucket): Host => ({
  bucket,
  platform: createNodePlatform(),
  settings: newSettings({ backOffMinMs: 0 }),
});

async function probesIn(bucket: Bucket): Promise<readonly string[]> {
  return (await bucket.list(probesRoot)).objects.map(({ key }) => key);
}

/** What each of them must be blamed for: the check's name and words of what it says. */
const blames: Readonly<Record<string, readonly [check: string, what: RegExp]>> = {
  "ignores If-None-Match": ["If-None-Match", /ignores If-None-Match/],
  "answers 412 to If-None-Match and stores all the same": ["If-None-Match", /was overwritten/],
  "ignores If-Match": ["If-Match", /stale etag/],
  "ignores If-Match where something else is there": ["If-Match", /stale etag/],
  "ignores If-Match where nothing is there": ["If-Match", /where there is no object/],
  "refuses every If-Match": ["If-Match", /refuses If-Match/],
  "lets two who make one new object both win": ["races", /of 8 concurrent writers of one new object/],
  "lets two who swap one object both win": ["races", /of 8 concurrent swaps of one object/],
  "lists out of order": ["lists", /not in the order/],
  "lists without regard to upper and lower case": ["lists", /not in the order/],
  "lists the key that a list shall start after": ["lists", /does not start right after a key/],
  "ignores where a list shall start": ["lists", /does not start right after a key/],
  "starts a list only after keys that exist": ["lists", /after a text that is no key/],
  "says that a first page was all": ["lists", /pages do not add up/],
  "lists new objects only after a while": ["lists", /misses new objects/],
  "keeps what was deleted": ["deletes", /can still be read/],
  "refuses new objects": ["new objects", /was refused/],
};

describe("the self-test of a bucket that", () => {
  it.each(badBucketNames)("%s calls it bad and says why, and no store is made there", async (name) => {
    const memory = createMemoryBucket();
    const host = hostOf(createBadBucket(name, memory));
    const { checks } = await selfTest(host);
    const bad = checks.filter(({ verdict }) => verdict === "bad");
    const [check = "", what = /^$/] = blames[name] ?? [];
    expect(bad.map((one) => one.name)).toContain(check);
    expect(bad.find((one) => one.name === check)?.what).toMatch(what);
    for (const one of bad) expect(one.fix).toMatch(/\S/);
    const made = createStore(host, testStoreId("main"));
    await expect(made).rejects.toMatchObject({ kind: "incompatible" });
    expect((await memory.list("heads/")).objects).toEqual([]);
    if (name !== "keeps what was deleted") expect(await probesIn(memory)).toEqual([]);
  });
});

describe("the self-test of a good bucket", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "icecore-self-test-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(["memory", "folder"])("(%s) finds it good in all, and removes its probes", async (kind) => {
    const bucket =
      kind === "memory" ? createMemoryBucket() : await openBucket(`folder:${folder}/b`, createNodePlatform());
    const { checks, ifMatch } = await selfTest(hostOf(bucket));
    expect(checks.map(({ name, verdict }) => `${name}: ${verdict}`)).toEqual([
      "If-None-Match: good",
      "If-Match: good",
      "304: good",
      "races: good",
      "lists: good",
      "deletes: good",
    ]);
    expect(ifMatch).toBe("quoted");
    expect(await probesIn(bucket)).toEqual([]);
  });

  it("costs about seventy requests", async () => {
    const { host } = await createTestStore();
    host.bucket.reset();
    await selfTest(host);
    const { get, put, swap, list, delete: deletes } = host.bucket.counts();
    expect({ get, put, swap, list, deletes }).toEqual({ get: 4, put: 37, swap: 27, list: 6, deletes: 3 });
  });

  const faults: readonly (readonly [string, Partial<FaultChances>])[] = [
    ["loses answers", { answerLost: 0.3 }],
    ["loses writes", { writeLost: 0.3 }],
    ["lets writes land late", { writeLate: 0.3 }],
    ["sends writes twice", { writeTwice: 0.5 }],
    ["sends every write twice", { writeTwice: 1 }],
    ["loses every answer", { answerLost: 1 }],
    ["loses every write", { writeLost: 1 }],
    ["lets every write land late", { writeLate: 1 }],
    ["fails now and then", { callFails: 0.004, writeFails: 0.004 }],
    [
      "does all of that",
      { answerLost: 0.1, writeLost: 0.1, writeLate: 0.1, writeTwice: 0.1, callFails: 0.005 },
    ],
  ];

  it.each(faults)("never calls it bad while the way to it %s", async (_, chances) => {
    let [good, unclear] = [0, 0];
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed);
      const memory = createMemoryBucket();
      const bucket = createFaultyBucket(memory, { random, chances, lateCallsMax: 30 });
      try {
        const { checks } = await selfTest(hostOf(bucket));
        expect(checks.filter(({ verdict }) => verdict !== "good")).toEqual([]);
        good += 1;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        expect(error.kind, error.message).toBe("unavailable");
        unclear += 1;
      }
    }
    const hopeless = Object.values(chances).includes(1) && chances.writeTwice !== 1;
    expect(good + unclear).toBe(60);
    if (hopeless) expect(good).toBe(0);
    else expect(good).toBeGreaterThan(unclear);
  });

  it("that stood still for half a day says so, as others may have removed its probes", async () => {
    const clock = { now: testStart };
    const bucket = createMemoryBucket({ now: () => clock.now });
    const frozen: Bucket = {
      ...bucket,
      async list(prefix, options) {
        clock.now += 20 * 60 * 60_000;
        await bucket.delete(await probesIn(bucket));
        return bucket.list(prefix, options);
      },
    };
    const platform = { ...createNodePlatform(), now: () => clock.now };
    const found = requireFitBucket({ bucket: frozen, platform, settings: newSettings() });
    await expect(found).rejects.toMatchObject({ kind: "unavailable" });
  });

  function createRandom(seed: number): () => number {
    let state = seed * 2_654_435_761;
    return () => {
      state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x12fad5c9) | 0;
      return (state >>> 0) / 2 ** 32;
    };
  }
});

describe("probes that a killed self-test left behind", () => {
  it("are removed by gc once they are as old as the longest job, of whatever store, and no younger ones", async () => {
    const { host, store, clock } = await createTestStore();
    const { probesKeptMs } = host.settings;
    const content = { body: new TextEncoder().encode("{}"), contentType: "", cacheControl: "" };
    const put = (nonce: string) => host.bucket.putIfAbsent(`${probesPrefix(nonce)}001.json`, content);
    for (let i = 0; i < 1_100; i++) await put(`old${i}`);
    clock.now += probesKeptMs - 1_000;
    await put("young");
    expect((await collectGarbage(host, store)).probes).toBe(0);
    clock.now += 2_000;
    expect((await collectGarbage(host, store)).probes).toBe(1_100);
    expect(await probesIn(host.bucket)).toEqual([`${probesPrefix("young")}001.json`]);
    await readStoreHead(host, store);
  });

  it("are left to others by who may not look below their prefix", async () => {
    const { host, store } = await createTestStore();
    const bucket: Bucket = {
      ...host.bucket,
      async list(prefix, options) {
        if (prefix !== probesRoot) return host.bucket.list(prefix, options);
        throw new StoreError({ kind: "unauthorized", what: "no", fix: "" });
      },
    };
    expect(await collectGarbage({ ...host, bucket }, store)).toMatchObject({ probes: 0, raw: 0 });
  });
});
