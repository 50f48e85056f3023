/** Model versions and broken models over one store: an old version, a migrated one and one that cannot be stored hold up nobody. */
import { describe, expect, it } from "vitest";
import { createFoldReplica } from "../../shared/drive/fold-replica.ts";
import { createReader } from "../../shared/drive/reader.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { readStoreHead } from "../../shared/drive/store.ts";
import { stateHash } from "../../shared/fold/fold.ts";
import { utf8Length } from "../../shared/json.ts";
import type { Model } from "../../shared/model/model.ts";
import { reducerModel } from "../../shared/model/reducer.ts";
import { encodeHead } from "../../shared/wire/head.ts";
import { updatesPrefix } from "../../shared/wire/keys.ts";
import { appendAll, createTestStore, type TestStore, testUpdate } from "../fixtures/store-host.ts";

interface Counted {
  readonly count: number;
  readonly note?: string;
}

/** Counts actions; the step from version 1 adds a note, which no fold from the log's start would give. */
function counting(version: number, name = "count"): Model<Counted> {
  return reducerModel<Counted>({
    name,
    version,
    initialState: { count: 0 },
    reducer: (state) => ({ ...state, count: state.count + 1 }),
    migrate: version === 2 ? { 1: (old) => ({ ...old, note: "migrated ".repeat(400) }) } : {},
  });
}

async function headOf({ host, store }: TestStore) {
  return (await readStoreHead(host, store)).head;
}

/** One update of app 1, of about this many bytes, and time for it to be sealed. */
async function write(test: TestStore, seq: number, bytes = 0): Promise<void> {
  await appendAll(test, [testUpdate(1, seq, [{ key: "k", value: "x".repeat(bytes) }])]);
  test.clock.now += 60_000;
}

function newReader<S>(test: TestStore, model: Model<S>) {
  const replica = createFoldReplica(model);
  const reader = createReader(test.host, { store: test.store, replica, modelVersion: model.version });
  return { replica, reader, hash: () => stateHash(replica.fold, test.host.platform.sha256) };
}

describe("a store with an abandoned model version", () => {
  it("keeps its head small over 300 rounds of mixed sizes, and drops the old version's snapshot", async () => {
    // The default sizes, 32 times smaller; segments are full after fewer merges, so that old ones have to leave the list.
    const test = await createTestStore({
      mergeLevelBytes: [1_024, 8_192],
      segmentBytesMax: 20_000,
      snapshotBytesMin: 2_048,
      inlineBytesMax: 512,
    });
    await write(test, 1, 4_000);
    await createRollup(test.host, { store: test.store, model: counting(1) }).round();
    expect(Object.keys((await headOf(test)).snapshots)).toEqual(["1"]);
    const rollup = createRollup(test.host, { store: test.store, model: counting(2) });
    for (let seq = 2; seq <= 300; seq++) {
      await write(test, seq, seq % 2 === 0 ? 500 : 1_800);
      const { known, trouble, published } = await rollup.round();
      expect({ trouble, published }).toEqual({ trouble: null, published: 1 });
      expect(known.head.segments.length).toBeLessThanOrEqual(32);
      expect(utf8Length(JSON.stringify(encodeHead(known.head)))).toBeLessThan(64 * 1024);
    }
    expect(Object.keys((await headOf(test)).snapshots)).toEqual(["2"]);
    const { reader, replica } = newReader(test, counting(2));
    await reader.poll();
    expect(replica.fold.state().count).toBe(300);
  });
});

describe("a version whose base was migrated from an older one", () => {
  it("is read and rolled up from its own snapshot by all who come later", async () => {
    const test = await createTestStore({ snapshotBytesMin: 1, snapshotAgeMs: 1 });
    await write(test, 1);
    await createRollup(test.host, { store: test.store, model: counting(1) }).round();
    await write(test, 2);
    const { jobs } = await createRollup(test.host, { store: test.store, model: counting(2) }).round();
    expect(jobs).toContain("snapshot");
    const first = newReader(test, counting(2));
    await first.reader.poll();
    expect(first.replica.fold.state()).toMatchObject({ count: 2, note: expect.stringMatching(/^migrated/) });
    expect(first.hash()).toBe((await headOf(test)).snapshots[2]?.stateHash);

    await write(test, 3);
    await write(test, 4, 5_000);
    const restarted = createRollup(test.host, { store: test.store, model: counting(2) });
    expect(await restarted.round()).toMatchObject({
      trouble: null,
      jobs: expect.arrayContaining(["snapshot"]),
    });
    await first.reader.poll();
    const later = newReader(test, counting(2));
    await later.reader.poll();
    expect(first.replica.fold.state().count).toBe(4);
    expect(later.hash()).toBe(first.hash());
    expect((await headOf(test)).snapshots[2]?.stateHash).toBe(first.hash());
  });
});

describe("a model whose state cannot be encoded", () => {
  it("leaves the rounds, the other jobs and the raw objects alone, and the report says why", async () => {
    const model = reducerModel<unknown>({
      name: "deep",
      version: 1,
      initialState: 0,
      reducer: (state) => [state],
    });
    const test = await createTestStore({ snapshotBytesMin: 1_000 });
    const rollup = createRollup(test.host, { store: test.store, model });
    const entries = Array.from({ length: 150 }, (_, i) => ({ key: `k${i}`, value: i }));
    await appendAll(test, [testUpdate(2, 1, entries)]);
    test.clock.now += 10_000;
    for (let seq = 1; seq <= 35; seq++) {
      await write(test, seq);
      const { published, trouble, jobs, known } = await rollup.round();
      expect(published).toBe(seq === 1 ? 2 : 1);
      expect(trouble?.message).toMatch(/deep/);
      expect(jobs).not.toContain("snapshot");
      expect(known.head.segments.length).toBeLessThanOrEqual(32);
      expect((await test.host.bucket.list(updatesPrefix(test.store))).objects).toEqual([]);
    }
    expect((await headOf(test)).snapshots).toEqual({});
  });
});

describe("a fold replica that is given another model's snapshot", () => {
  it("keeps its state and its position, and goes on to say what is wrong", async () => {
    const test = await createTestStore({ snapshotBytesMin: 1, segmentsSinceSnapshotMax: 100 });
    const { replica, reader, hash } = newReader(test, counting(1));
    await write(test, 1);
    await createRollup(test.host, { store: test.store }).round();
    await reader.poll();
    const before = { state: hash(), position: replica.fold.position, log: replica.hash };
    expect(replica.fold.state().count).toBe(1);
    const other = createRollup(test.host, { store: test.store, model: counting(1, "other") });
    for (let seq = 2; seq <= 4; seq++) {
      await write(test, seq, 2_000);
      expect((await other.round()).jobs).toContain("snapshot");
    }
    for (let i = 0; i < 2; i++) await expect(reader.poll()).rejects.toMatchObject({ kind: "incompatible" });
    expect({ state: hash(), position: replica.fold.position, log: replica.hash }).toEqual(before);
    expect(reader.held?.position).toBe(replica.fold.position);
  });

  it("keeps its state when the snapshot's state does not decode", async () => {
    const test = await createTestStore();
    const { replica, reader, hash } = newReader(test, counting(1));
    await write(test, 1);
    await createRollup(test.host, { store: test.store }).round();
    await reader.poll();
    const before = { state: hash(), position: replica.fold.position, log: replica.hash };
    const through = replica.fold.position;
    const state = { $: "noSuchType", v: 1 };
    const rest = { through, hash: "h", modelName: "count", modelVersion: 1, stateHash: "s" };
    expect(await replica.load({ ...rest, state })).toMatchObject({ kind: "incompatible" });
    expect(await replica.load({ ...rest, state: 1, modelVersion: 2 })).toMatchObject({
      kind: "incompatible",
    });
    expect({ state: hash(), position: replica.fold.position, log: replica.hash }).toEqual(before);
  });
});
