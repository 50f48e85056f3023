/** The request budgets, exactly, by the counting bucket. */
import { beforeEach, describe, expect, it } from "vitest";
import type { BucketCounts } from "../../bucket/counting.ts";
import { createFoldReplica } from "../../shared/drive/fold-replica.ts";
import { createReader } from "../../shared/drive/reader.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { run } from "../../shared/drive/run.ts";
import { merge } from "../../shared/log/merge.ts";
import { writeMarks } from "../../shared/log/write-marks.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { appendAll, createTestStore, type TestStore, testUpdate } from "../fixtures/store-host.ts";

type Requests = Pick<BucketCounts, "get" | "getUnchanged" | "put" | "swap" | "list">;
const nothing: Requests = { get: 0, getUnchanged: 0, put: 0, swap: 0, list: 0 };

async function counted(test: TestStore, work: () => Promise<unknown>): Promise<Requests> {
  test.host.bucket.reset();
  await work();
  const { get, getUnchanged, put, swap, list } = test.host.bucket.counts();
  return { get, getUnchanged, put, swap, list };
}

const seqs = (from: number, to: number, app = 1) =>
  Array.from({ length: to - from + 1 }, (_, i) => testUpdate(app, from + i));

function newReader(test: TestStore) {
  const replica = createFoldReplica(pairsModel);
  return { replica, reader: createReader(test.host, { store: test.store, replica, modelVersion: 1 }) };
}

describe("the request budgets", () => {
  let test: TestStore;
  beforeEach(async () => {
    test = await createTestStore();
    await appendAll(test, seqs(1, 1));
  });

  it("stores one update with 1 PUT and 1 GET", async () => {
    expect(await counted(test, () => appendAll(test, seqs(2, 2)))).toEqual({ ...nothing, put: 1, get: 1 });
  });

  it("polls an unchanged store with 1 conditional GET and no LIST", async () => {
    const { reader } = newReader(test);
    await reader.poll();
    expect(await counted(test, () => reader.poll())).toEqual({ ...nothing, get: 1, getUnchanged: 1 });
  });

  it("polls a small window with 1 GET of the head, whose inline segment is enough", async () => {
    const { reader, replica } = newReader(test);
    await reader.poll();
    const rollup = createRollup(test.host, { store: test.store });
    test.clock.now += 5_000;
    await rollup.round();
    expect(await counted(test, () => reader.poll())).toEqual({ ...nothing, get: 1 });
    expect(replica.fold.state().pairs.size).toBe(1);
  });

  it("reads the tail with 2 GETs of the head, 1 LIST and 1 GET per unseen update", async () => {
    const { reader } = newReader(test);
    await reader.poll();
    await appendAll(test, seqs(2, 4));
    expect(await counted(test, () => reader.pollTail())).toEqual({
      ...nothing,
      get: 2 + 4,
      getUnchanged: 2,
      list: 1,
    });
    await appendAll(test, seqs(5, 5));
    expect(await counted(test, () => reader.pollTail())).toEqual({
      ...nothing,
      get: 2 + 1,
      getUnchanged: 2,
      list: 1,
    });
  });

  it("looks after an idle store with 1 GET of the head, 1 LIST and no PUT", async () => {
    const rollup = createRollup(test.host, { store: test.store, model: pairsModel });
    test.clock.now += 5_000;
    await rollup.round();
    expect(await counted(test, () => rollup.round())).toEqual({ ...nothing, get: 1, list: 1 });
  });

  it("rolls up a warm round with 1 GET of the head, 2 CAS, 1 LIST, 1 GET per raw update and 1 PUT", async () => {
    const rollup = createRollup(test.host, { store: test.store, model: pairsModel });
    test.clock.now += 5_000;
    await rollup.round();
    await appendAll(test, seqs(2, 8));
    test.clock.now += 5_000;
    expect(await counted(test, () => rollup.round({ hint: true }))).toEqual({
      ...nothing,
      get: 1 + 7,
      swap: 2,
      list: 1,
      put: 1,
    });
  });

  it("lists 1 page per 1,000 raw updates in a round", async () => {
    const rollup = createRollup(test.host, { store: test.store });
    await appendAll(test, seqs(2, 2_500));
    test.clock.now += 5_000;
    expect((await counted(test, () => rollup.round({ hint: true }))).list).toBe(3);
  });

  it("writes marks with 1 GET of the head, 1 PUT and 1 CAS, beside the GETs of cold inputs", async () => {
    const rollup = createRollup(test.host, { store: test.store });
    test.clock.now += 5_000;
    await rollup.round();
    const cold = await counted(test, () => run(writeMarks, { store: test.store, warm: null }, test.host));
    expect(cold).toEqual({ ...nothing, get: 1 + 1, put: 1, swap: 1 });
  });

  it("merges with 1 GET of the head, 1 PUT and 1 CAS, beside the GETs of its inputs", async () => {
    const rollup = createRollup(
      { ...test.host, settings: { ...test.host.settings, mergeFanIn: 100 } },
      { store: test.store },
    );
    for (let seq = 2; seq <= 6; seq++) {
      test.clock.now += 5_000;
      await rollup.round();
      await appendAll(test, seqs(seq, seq));
    }
    const inputs = test.host.settings.mergeFanIn;
    const requests = await counted(test, () => run(merge, { store: test.store }, test.host));
    expect(requests).toEqual({ ...nothing, get: 1 + inputs, put: 1, swap: 1 });
  });

  it("writes a snapshot from a warm fold with 1 GET of the head, 1 PUT and 1 CAS", async () => {
    const due = {
      ...test.host,
      settings: { ...test.host.settings, snapshotBytesMin: 0, segmentsListedAim: 1_000 },
    };
    const rollup = createRollup(due, { store: test.store, model: pairsModel });
    test.clock.now += 5_000;
    const round = await counted(test, () => rollup.round({ hint: true }));
    const publish = { get: 1 + 1, swap: 2, list: 1, put: 1 };
    const marks = { get: 1, put: 1, swap: 1 };
    const snapshot = { get: 1, put: 1, swap: 1 };
    expect(round).toEqual({
      ...nothing,
      list: 1,
      get: publish.get + marks.get + snapshot.get,
      put: publish.put + marks.put + snapshot.put,
      swap: publish.swap + marks.swap + snapshot.swap,
    });
  });

  it("starts a new client on a long history with the head, a snapshot and at most 12 segments", async () => {
    const small = {
      ...test.host,
      settings: { ...test.host.settings, snapshotBytesMin: 2_000, snapshotShare: 0.25 },
    };
    const rollup = createRollup(small, { store: test.store, model: pairsModel });
    for (let seq = 2; seq <= 400; seq++) {
      await appendAll(test, seqs(seq, seq));
      test.clock.now += 5_000;
      const { known } = await rollup.round({ hint: true });
      expect(known.head.segments.length).toBeLessThanOrEqual(test.host.settings.segmentsListedMax);
      const { reader, replica } = newReader(test);
      if (seq % 25 !== 0) continue;
      const requests = await counted(test, () => reader.poll());
      expect(requests.get).toBeLessThanOrEqual(1 + 1 + 12);
      expect(requests).toEqual({ ...nothing, get: requests.get });
      expect(replica.fold.state().pairs.size).toBe(seq);
    }
  });

  it("reads the tail of a new client that began from a snapshot with 1 more GET, of the marks", async () => {
    const due = { ...test.host, settings: { ...test.host.settings, snapshotBytesMin: 0 } };
    const rollup = createRollup(due, { store: test.store, model: pairsModel });
    await appendAll(test, seqs(2, 40));
    test.clock.now += 5_000;
    await rollup.round();
    await rollup.round();
    await appendAll(test, [testUpdate(1, 41)]);
    const { reader } = newReader(test);
    const requests = await counted(test, () => reader.pollTail());
    const [head, snapshot, update, marks] = [2, 1, 1, 1];
    expect(requests.get).toBe(head + snapshot + update + marks);
    expect(requests.list).toBe(1);
  });
});
