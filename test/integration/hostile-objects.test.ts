/**
 * Objects that no honest writer or rollup would store: what they cost, and that they neither stop nor mislead anyone.
 *
 * They are put past the writer, straight into the bucket, or written over what a rollup stored.
 */
import { describe, expect, it } from "vitest";
import { createFoldReplica } from "../../shared/drive/fold-replica.ts";
import { createReader } from "../../shared/drive/reader.ts";
import { createReplay } from "../../shared/drive/replay.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { run } from "../../shared/drive/run.ts";
import { readStoreHead, scanLog } from "../../shared/drive/store.ts";
import { stateHash } from "../../shared/fold/fold.ts";
import { type Json, type JsonObject, utf8Length } from "../../shared/json.ts";
import { collectBuilt } from "../../shared/log/collect-built.ts";
import { reducerModel } from "../../shared/model/reducer.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { encodeHead, type Head } from "../../shared/wire/head.ts";
import { headKey, updateKey, updatesPrefix } from "../../shared/wire/keys.ts";
import { parseSnapshot } from "../../shared/wire/snapshot.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate, type StampedUpdate, type Update } from "../../shared/wire/update.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { appendAll, createTestStore, type TestStore, testApp, testUpdate } from "../fixtures/store-host.ts";

const headBytesMax = 64 * 1024;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function put(test: TestStore, key: string, body: string | Uint8Array): Promise<void> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const content = { body: bytes, contentType: "application/json", cacheControl: "no-store" };
  expect((await test.host.bucket.putIfAbsent(key, content)).is).toBe("stored");
}

/** Under an update's key, as a hostile client with the app's credentials could. */
async function putRaw(test: TestStore, app: number, body: string | Uint8Array, ms = test.clock.now) {
  const key = updateKey({ store: test.store, timestamp: toTimestamp(ms), app: testApp(app) });
  await put(test, key, body);
  return key;
}

const rawText = (update: Update, changes: JsonObject = {}) =>
  JSON.stringify({ ...encodeUpdate(update), ...changes });

async function readJson(test: TestStore, key: string) {
  const answer = await test.host.bucket.get(key);
  if (answer.is !== "found") throw new Error(`${key} is ${answer.is}`);
  const zipped = answer.body[0] === 0x1f;
  const bytes = zipped ? await test.host.platform.gunzip(answer.body, 2 ** 30) : answer.body;
  return { json: JSON.parse(textOf(bytes)) as JsonObject, etag: answer.etag };
}

async function overwrite(test: TestStore, key: string, change: (json: JsonObject) => Json): Promise<void> {
  const { json, etag } = await readJson(test, key);
  const body = new TextEncoder().encode(JSON.stringify(change(json)));
  const content = { body, contentType: "application/json", cacheControl: "no-store" };
  expect((await test.host.bucket.putIfMatch(key, content, etag)).is).toBe("stored");
}

async function headOf(test: TestStore): Promise<Head> {
  return (await readStoreHead(test.host, test.store)).head;
}

async function headBytes(test: TestStore): Promise<number> {
  return utf8Length(JSON.stringify(encodeHead(await headOf(test))));
}

async function logOf(test: TestStore): Promise<readonly StampedUpdate[]> {
  const log: StampedUpdate[] = [];
  await scanLog(test.host, { store: test.store, onRange: ({ updates }) => void log.push(...updates) });
  return log;
}

/** A store whose oldest segments left the head's list. */
async function createLongStore(): Promise<TestStore> {
  const test = await createTestStore({ graceMs: 0, segmentsListedAim: 3, segmentsSinceSnapshotMax: 100 });
  const rollup = createRollup(test.host, { store: test.store });
  for (let seq = 1; seq <= 8; seq++) {
    await appendAll(test, [testUpdate(1, seq)]);
    test.clock.now += 10_000;
    await rollup.round();
  }
  expect((await headOf(test)).floor).toBeGreaterThan(0);
  return test;
}

describe("a hostile object under an update's key", () => {
  it("is set aside when it is 12 KiB of zero bytes, and publication goes on", async () => {
    const test = await createTestStore();
    const rollup = createRollup(test.host, { store: test.store });
    await putRaw(test, 1, new Uint8Array(12 * 1024));
    test.clock.now += 1_000;
    await appendAll(test, [testUpdate(2, 1)]);
    test.clock.now += 10_000;
    expect(await rollup.round()).toMatchObject({ published: 1, setAside: 1 });
    expect(await headBytes(test)).toBeLessThan(headBytesMax);
    await appendAll(test, [testUpdate(2, 2)]);
    test.clock.now += 10_000;
    expect(await rollup.round()).toMatchObject({ published: 1, setAside: 0 });
    expect((await logOf(test)).map((update) => update.seq)).toEqual([1, 2]);
  });

  it.each([600, 3_000, 3_200])(
    "is published when it is valid with %i numbers that grow as JSON",
    async (n) => {
      const test = await createTestStore();
      const rollup = createRollup(test.host, { store: test.store });
      const numbers = Array.from({ length: n }, () => "9e20").join(",");
      await putRaw(test, 1, rawText(testUpdate(1, 1, ["X"])).replace('"X"', `[${numbers}]`));
      test.clock.now += 10_000;
      expect(await rollup.round()).toMatchObject({ published: 1, setAside: 0 });
      expect(await headBytes(test)).toBeLessThan(headBytesMax);
      expect(await logOf(test)).toHaveLength(1);
    },
  );

  it("folds to one state in the snapshot and in a replay when it holds -0 and 1e400", async () => {
    const test = await createTestStore({ snapshotBytesMin: 1, snapshotAgeMs: 1 });
    const model = reducerModel<readonly unknown[]>({
      name: "list",
      version: 1,
      initialState: [],
      reducer: (state, { payload }) => [...state, payload],
    });
    const rollup = createRollup(test.host, { store: test.store, model });
    await putRaw(test, 1, rawText(testUpdate(1, 1, ["X"])).replace('"X"', "[-0,1e400]"));
    test.clock.now += 10_000;
    expect(await rollup.round()).toMatchObject({ published: 1, trouble: null });
    const entry = (await headOf(test)).snapshots[1];
    const snapshot = parseSnapshot((await readJson(test, entry?.key ?? "")).json);
    const replay = createReplay(test.host, { store: test.store, model, fromStart: true });
    const fold = await replay.advanceTo();
    expect(stateHash(fold, test.host.platform.sha256)).toBe(entry?.stateHash);
    expect(snapshot).toMatchObject({ ok: true, value: { state: JSON.parse(JSON.stringify(fold.encode())) } });
  });

  it.each([1_000_000_000, Number.MAX_SAFE_INTEGER])(
    "is set aside when its model version is %i",
    async (version) => {
      const test = await createTestStore();
      const rollup = createRollup(test.host, { store: test.store, model: pairsModel });
      await putRaw(test, 3, rawText(testUpdate(3, 1), { modelVersion: version }));
      await appendAll(test, [testUpdate(1, 1)]);
      test.clock.now += 10_000;
      expect(await rollup.round()).toMatchObject({ published: 1, setAside: 1, trouble: null });
      const replica = createFoldReplica(pairsModel);
      await createReader(test.host, { store: test.store, replica, modelVersion: 1 }).poll();
      expect(replica.fold.state().pairs.size).toBe(1);
    },
  );
});

describe("a burst of raw updates", () => {
  /** Each entry is a millisecond with that many apps in it; keys are read in groups of 64. */
  const shapes: readonly (readonly number[])[] = [
    Array.from({ length: 40 }, () => 5),
    [62, 5, 1, 70, 3],
    [130, 1],
    [...Array.from({ length: 63 }, () => 1), 2, 3],
    [64, 64, 64],
  ];
  const cases = shapes.flatMap((shape) => [1, 3_000, 25_000, 8 * 2 ** 20].map((max) => ({ shape, max })));

  it.each(cases)("keeps every update and their order, in segments of $max bytes, for $shape", async (one) => {
    const test = await createTestStore({ segmentBytesMax: one.max });
    const expected: string[] = [];
    for (const [ms, apps] of one.shape.entries())
      for (let app = 0; app < apps; app++) {
        const update = testUpdate(app, ms + 1);
        await putRaw(test, app, rawText(update), test.clock.now + ms);
        expected.push(update.id);
      }
    test.clock.now += 10_000;
    const rollup = createRollup(test.host, { store: test.store });
    let published = 0;
    for (let more = true; more; ) {
      const report = await rollup.round();
      expect(report.published).toBeGreaterThan(0);
      published += report.published;
      more = report.more;
    }
    expect(published).toBe(expected.length);
    expect((await logOf(test)).map((update) => update.id)).toEqual(expected);
    expect((await test.host.bucket.list(updatesPrefix(test.store))).objects).toEqual([]);
    expect(await rollup.round()).toMatchObject({ published: 0, more: false });
  });

  it("is read no further than a segment's worth in one round", async () => {
    const test = await createTestStore({ segmentBytesMax: 3_000 });
    for (let i = 0; i < 300; i++) await putRaw(test, 1, rawText(testUpdate(1, i + 1)), test.clock.now + i);
    test.clock.now += 10_000;
    test.host.bucket.reset();
    expect(await createRollup(test.host, { store: test.store }).round()).toMatchObject({ more: true });
    expect(test.host.bucket.counts().get).toBeLessThan(75);
  });
});

describe("foreign keys among the updates", () => {
  it.each(["19990101", "A", "20261121T"])(
    "cost an idle round few LISTs when 500 begin with %s",
    async (start) => {
      const test = await createTestStore();
      for (let i = 0; i < 500; i++)
        await put(test, `${updatesPrefix(test.store)}${start}${i}-${testApp(1)}.json`, "x");
      const rollup = createRollup(test.host, { store: test.store });
      test.host.bucket.reset();
      expect(await rollup.round()).toMatchObject({ published: 0, more: false });
      expect(test.host.bucket.counts().list).toBeLessThanOrEqual(2);
      await appendAll(test, [testUpdate(1, 1)]);
      test.clock.now += 10_000;
      expect(await rollup.round()).toMatchObject({ published: 1 });
    },
  );
});

describe("an object that was written over", () => {
  it("is refused as corrupt when it is a snapshot of another state under the same hash", async () => {
    const test = await createTestStore({ snapshotBytesMin: 1, snapshotAgeMs: 1 });
    await appendAll(test, [testUpdate(1, 1)]);
    test.clock.now += 10_000;
    await createRollup(test.host, { store: test.store, model: pairsModel }).round();
    const entry = (await headOf(test)).snapshots[1];
    const state = { pairs: { forged: { value: 1 } } };
    await overwrite(test, entry?.key ?? "", (json) => ({ ...json, state }));
    const replica = createFoldReplica(pairsModel);
    const reader = createReader(test.host, { store: test.store, replica, modelVersion: 1 });
    await expect(reader.poll()).rejects.toMatchObject({ kind: "corrupt", key: entry?.key });
    expect(replica.fold.state().pairs.size).toBe(0);
    expect(replica.fold.position).toBe(0);
  });

  it("is corrupt and not followed for ever when it is an index that names itself", async () => {
    const test = await createLongStore();
    const { history } = await headOf(test);
    const key = history?.key ?? "";
    await overwrite(test, key, (json) => ({ ...json, before: { through: "20261121T090000.000Z", key } }));
    const { bucket } = test.host;
    bucket.reset();
    const get: Bucket["get"] = (...args) => {
      if (bucket.counts().get > 50) throw new Error("still reading");
      return bucket.get(...args);
    };
    const host = { ...test.host, bucket: { ...bucket, get } };
    await expect(logOf({ ...test, host })).rejects.toMatchObject({ kind: "corrupt", key });
    await expect(run(collectBuilt, { store: test.store }, host)).rejects.toMatchObject({
      kind: "corrupt",
      key,
    });
  });

  it("never yields a partial log when it is a head without its history", async () => {
    const test = await createLongStore();
    expect(await logOf(test)).toHaveLength(8);
    await overwrite(test, headKey(test.store), (json) => ({ ...json, history: null }));
    const replica = createFoldReplica(pairsModel);
    const reader = createReader(test.host, { store: test.store, replica, history: true });
    await expect(reader.poll()).rejects.toMatchObject({ kind: "incompatible" });
    await expect(logOf(test)).rejects.toMatchObject({ kind: "incompatible" });
    expect(replica.fold.position).toBe(0);
    const replay = createReplay(test.host, { store: test.store, model: pairsModel });
    await expect(replay.advanceTo()).rejects.toMatchObject({ kind: "incompatible" });
    expect(replay.applied).toBe(0);
  });
});
