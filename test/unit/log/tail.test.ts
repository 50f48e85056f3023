/** What the tail shows and what it hides (docs/protocol.md, "Read"), on a clock that stands still until it is moved. */
import { beforeEach, describe, expect, test } from "vitest";
import { createRollup } from "../../../shared/drive/rollup.ts";
import { type Host, run } from "../../../shared/drive/run.ts";
import { readStoreHead } from "../../../shared/drive/store.ts";
import { tail } from "../../../shared/log/tail.ts";
import { newSettings } from "../../../shared/settings.ts";
import { headKey, updateKey, updatesPrefix } from "../../../shared/wire/keys.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { encodeUpdate, type Update } from "../../../shared/wire/update.ts";
import { appendAll, createTestStore, type TestStore, testUpdate } from "../../fixtures/store-host.ts";

let world: TestStore;
beforeEach(async () => {
  world = await createTestStore();
  await appendAll(world, [testUpdate(1, 1)]);
  world.clock.now += 10_000;
  await createRollup(world.host, { store: world.store }).round();
});

const head = async () => (await readStoreHead(world.host, world.store)).head;

/** What a reader that has applied all that is published gets to see, as "app seq". */
async function shown(host: Host = world.host) {
  const known = await readStoreHead(world.host, world.store);
  const outcome = await run(tail, { store: world.store, known, marks: null, seen: {} }, host);
  if (outcome.is !== "tail") return outcome.is;
  return outcome.updates.map(({ app, seq }) => `${app.charAt(7)} ${seq}`);
}

/** Stored past the writer, which would not name a time so far ahead of the bucket's clock. */
async function putAt(update: Update, aheadMs: number): Promise<void> {
  const timestamp = toTimestamp(world.clock.now + aheadMs);
  const key = updateKey({ store: world.store, timestamp, app: update.app });
  const body = world.host.platform.encodeText(JSON.stringify(encodeUpdate(update)));
  await world.host.bucket.putIfAbsent(key, { body, contentType: "application/json", cacheControl: "" });
}

/** A rollup that seals and then dies: what it would have published stays as it is. */
async function sealOnly(): Promise<void> {
  const bucket: Host["bucket"] = { ...world.host.bucket, list: () => Promise.reject(new Error("killed")) };
  const rollup = createRollup({ ...world.host, bucket }, { store: world.store });
  await expect(rollup.round({ hint: true })).rejects.toThrow("killed");
}

describe("An update that is ahead of its Last-Modified", () => {
  const { maxSkewMs } = newSettings();

  test("is shown up to maxSkew, and hidden a millisecond beyond it.", async () => {
    await putAt(testUpdate(2, 1), maxSkewMs);
    await putAt(testUpdate(3, 1), maxSkewMs + 1);
    expect(await shown()).toEqual(["2 1"]);
  });

  test("stays hidden when its time has come: it is still later than it was stored.", async () => {
    await putAt(testUpdate(3, 1), maxSkewMs + 1);
    world.clock.now += maxSkewMs + 1;
    expect(await shown()).toEqual([]);
    world.clock.now += 60_000;
    expect(await shown()).toEqual([]);
  });

  test("does not hide what lies behind it, and is hidden from the tail only: it is published like any other.", async () => {
    await putAt(testUpdate(3, 1), maxSkewMs + 1);
    world.clock.now += maxSkewMs + 10;
    await putAt(testUpdate(2, 1), 0);
    expect(await shown()).toEqual(["2 1"]);
    world.clock.now += 10_000;
    const { published } = await createRollup(world.host, { store: world.store }).round();
    expect(published).toBe(2);
  });

  test("is not even read, so that a hostile clock costs the readers nothing.", async () => {
    await putAt(testUpdate(3, 1), maxSkewMs + 1);
    const gets: string[] = [];
    const bucket: Host["bucket"] = {
      ...world.host.bucket,
      get(key, options) {
        gets.push(key);
        return world.host.bucket.get(key, options);
      },
    };
    expect(await shown({ ...world.host, bucket })).toEqual([]);
    expect(gets).toEqual([headKey(world.store)]);
  });
});

describe("An update at or below the seal", () => {
  test("is not shown: it is published or it never will be, and only the log tells which.", async () => {
    await appendAll(world, [testUpdate(2, 1)]);
    expect(await shown()).toEqual(["2 1"]);
    world.clock.now += 10_000;
    await sealOnly();
    const { sealedThrough, publishedThrough } = await head();
    expect(sealedThrough).toBeGreaterThan(publishedThrough);
    expect(await shown()).toEqual([]);
  });

  test("is told from one above it, which is shown.", async () => {
    await appendAll(world, [testUpdate(2, 1)]);
    world.clock.now += 10_000;
    await sealOnly();
    const { sealedThrough } = await head();
    await putAt(testUpdate(3, 1), sealedThrough - world.clock.now);
    await putAt(testUpdate(4, 1), sealedThrough + 1 - world.clock.now);
    expect(await shown()).toEqual(["4 1"]);
  });

  test("is not shown where the seal moves only after the LIST: the second head counts.", async () => {
    await appendAll(world, [testUpdate(2, 1)]);
    world.clock.now += 10_000;
    const before = await head();
    let listed = 0;
    const bucket: Host["bucket"] = {
      ...world.host.bucket,
      async list(prefix, options) {
        const page = await world.host.bucket.list(prefix, options);
        if (prefix === updatesPrefix(world.store)) {
          listed += 1;
          await sealOnly();
        }
        return page;
      },
    };
    expect(await shown({ ...world.host, bucket })).toEqual([]);
    expect(listed).toBe(1);
    expect((await head()).sealedThrough).toBeGreaterThan(before.sealedThrough);
  });
});

describe("A log that moved while its tail was read", () => {
  test("is said, and nothing shown: what was unseen may be published by now.", async () => {
    await appendAll(world, [testUpdate(2, 1)]);
    world.clock.now += 10_000;
    const bucket: Host["bucket"] = {
      ...world.host.bucket,
      async list(prefix, options) {
        const page = await world.host.bucket.list(prefix, options);
        await createRollup(world.host, { store: world.store }).round({ hint: true });
        return page;
      },
    };
    expect(await shown({ ...world.host, bucket })).toBe("moved");
  });
});
