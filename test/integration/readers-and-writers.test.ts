/** Readers and writers where things cross: two calls at once, a writer without an answer, a store that was made anew. */
import { describe, expect, it } from "vitest";
import { createFoldReplica } from "../../shared/drive/fold-replica.ts";
import { createReader } from "../../shared/drive/reader.ts";
import { createReplay } from "../../shared/drive/replay.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { createStore, readStoreHead, scanLog } from "../../shared/drive/store.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import type { Json } from "../../shared/json.ts";
import { link } from "../../shared/log/link.ts";
import type { AnswerBody, Env } from "../../shared/log/program.ts";
import { reducerModel } from "../../shared/model/reducer.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { AppliedRange } from "../../shared/ports/replica.ts";
import { encodeHead, newHead } from "../../shared/wire/head.ts";
import { builtKey } from "../../shared/wire/keys.ts";
import { toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { appendAll, createTestStore, type TestStore, testApp, testUpdate } from "../fixtures/store-host.ts";

async function publish(test: TestStore): Promise<void> {
  test.clock.now += 10_000;
  await createRollup(test.host, { store: test.store }).round();
}

/** The log as app and seq. */
async function logOf(test: TestStore): Promise<readonly string[]> {
  const log: string[] = [];
  const appOf = (id: string) => [1, 2].find((app) => testApp(app) === id);
  const onRange = ({ updates }: AppliedRange) =>
    void log.push(...updates.map(({ app, seq }) => `${appOf(app)}:${seq}`));
  await scanLog(test.host, { store: test.store, onRange });
  return log;
}

/** Lists and objects, one in the other, `depth` of them. */
function nested(depth: number): Json {
  let data: Json = 1;
  for (let i = 0; i < depth; i++) data = i % 2 === 0 ? [data] : { in: data };
  return data;
}

describe("a writer", () => {
  it('answers "later" to the next update of an app until the one without an answer is stored', async () => {
    const test = await createTestStore({ attemptsMax: 1 });
    let failing = 1;
    const bucket: Bucket = {
      ...test.host.bucket,
      async putIfAbsent(key, content) {
        if (failing-- > 0) return { is: "unknown", why: "reset", date: test.clock.now };
        return test.host.bucket.putIfAbsent(key, content);
      },
    };
    const writer = createWriter({ ...test.host, bucket }, test.store);
    const [first, second] = await Promise.all([
      writer.append(testUpdate(1, 1)),
      writer.append(testUpdate(1, 2)),
    ]);
    expect([first.is, second.is]).toEqual(["later", "later"]);
    expect(await writer.append(testUpdate(1, 2))).toMatchObject({ is: "later" });
    expect(await writer.append(testUpdate(2, 1))).toMatchObject({ is: "stored" });
    test.clock.now += 1;
    const again = await writer.append(testUpdate(1, 1));
    if (again.is !== "stored") throw new Error(again.reason);
    test.clock.now += 1;
    const next = { ...testUpdate(1, 2), after: again.timestamp };
    expect(await writer.append(next)).toMatchObject({ is: "stored" });
    await publish(test);
    expect(await logOf(test)).toEqual(["2:1", "1:1", "1:2"]);
  });

  it.each([101, 130, 5_000])("refuses data that nests %i deep before anything is sent", async (depth) => {
    const test = await createTestStore();
    test.host.bucket.reset();
    const append = async () => test.writer.append(testUpdate(1, 1, [nested(depth)]));
    await expect(append()).rejects.toMatchObject({ kind: "limit" });
    expect(test.host.bucket.counts()).toMatchObject({ put: 0, get: 0 });
  });

  it("takes data that nests as deep as is allowed, and it is published", async () => {
    const test = await createTestStore();
    await appendAll(test, [testUpdate(1, 1, [nested(test.host.settings.jsonDepthMax)])]);
    test.clock.now += 10_000;
    const report = await createRollup(test.host, { store: test.store }).round();
    expect(report).toMatchObject({ published: 1, setAside: 0 });
  });

  it("refuses update 0 of an app before anything is sent", async () => {
    const test = await createTestStore();
    test.host.bucket.reset();
    const append = async () => test.writer.append(testUpdate(1, 0));
    await expect(append()).rejects.toMatchObject({ kind: "rejected" });
    expect(test.host.bucket.counts()).toMatchObject({ put: 0, get: 0 });
  });
});

describe("a reader", () => {
  it("applies each update once when it is polled twice at the same time", async () => {
    const test = await createTestStore();
    await appendAll(test, [testUpdate(1, 1), testUpdate(1, 2)]);
    await publish(test);
    const applied: number[] = [];
    const replica = {
      reset: () => null,
      load: () => null,
      async apply({ updates }: AppliedRange) {
        applied.push(...updates.map((update) => update.seq));
        return null;
      },
    };
    const reader = createReader(test.host, { store: test.store, replica });
    await Promise.all([reader.poll(), reader.poll(), reader.pollTail()]);
    expect(applied).toEqual([1, 2]);
    await appendAll(test, [testUpdate(1, 3)]);
    await publish(test);
    await Promise.all([reader.poll(), reader.pollTail()]);
    expect(applied).toEqual([1, 2, 3]);
  });

  it("polls on after a poll at the same time failed", async () => {
    const test = await createTestStore();
    await appendAll(test, [testUpdate(1, 1)]);
    await publish(test);
    let failing = true;
    const replica = createFoldReplica(pairsModel);
    const host = {
      ...test.host,
      bucket: {
        ...test.host.bucket,
        async get(...args: Parameters<Bucket["get"]>) {
          if (failing) throw new Error("no network");
          return test.host.bucket.get(...args);
        },
      },
    };
    const reader = createReader(host, { store: test.store, replica, modelVersion: 1 });
    const first = reader.poll().catch((error: Error) => {
      failing = false;
      return error.message;
    });
    const second = reader.poll().catch((error: Error) => error.message);
    expect(await first).toBe("no network");
    await second;
    await reader.poll();
    expect(replica.fold.state().pairs.size).toBe(1);
  });

  it("throws instead of showing a tail when nothing leads to the present", async () => {
    const test = await createTestStore({ snapshotBytesMin: 1, snapshotAgeMs: 1 });
    await appendAll(test, [testUpdate(1, 1)]);
    test.clock.now += 10_000;
    await createRollup(test.host, { store: test.store, model: pairsModel }).round();
    test.clock.now += 10_000;
    await appendAll(test, [testUpdate(1, 2)]);
    const newer = reducerModel({
      name: "pairs",
      version: 2,
      initialState: 0,
      reducer: (n) => n + 1,
      migrate: { 1: () => 0 },
    });
    const replica = createFoldReplica(newer);
    const reader = createReader(test.host, { store: test.store, replica, modelVersion: 2 });
    expect(await reader.poll()).toMatchObject({ is: "stuck" });
    await expect(reader.pollTail()).rejects.toMatchObject({ kind: "incompatible" });
    expect(replica.fold.position).toBe(0);
  });
});

describe("a store that was made anew", () => {
  it("is never linked to by a job that was built for the one before", async () => {
    const { store, host } = await createTestStore();
    const env: Env = { now: 0, nonce: "n", random: 0, sha256: host.platform.sha256, settings: host.settings };
    const through = toTimestamp(1_000);
    const sealed = (epoch: string, rev: number) => ({
      ...newHead(epoch, `nonce${rev}`),
      rev,
      sealedThrough: through,
    });
    const key = builtKey({ kind: "segments", store, through, rev: 2, nonce: "abc" });
    const entry = { from: zeroTimestamp, through, key, count: 1, bytes: 10, hash: "h" };
    const job = { kind: "segment", entry } as const;
    const told = (body: AnswerBody) => ({ ...body, sentAt: 0, receivedAt: 0, date: 0 });
    const outcomeFor = (epoch: string) => {
      const known = { head: sealed("old", 2), etag: "e2" };
      let step = link.start({ store, job, body: {}, known }, env);
      const asked: string[] = [];
      const answers: readonly AnswerBody[] = [
        { is: "stored", etag: "s" },
        { is: "refused" },
        { is: "found", json: encodeHead(sealed(epoch, 3)), etag: "e3", bytes: 1 },
      ];
      for (const answer of answers) {
        if (step.then !== "ask") break;
        asked.push(step.request.do);
        step = link.resume(step.state, told(answer), env);
      }
      expect(asked).toEqual(["create", "swap", "get"]);
      return step;
    };
    expect(outcomeFor("new")).toMatchObject({ then: "done", outcome: { is: "refused" } });
    expect(outcomeFor("old")).toMatchObject({ then: "ask", request: { do: "swap", etag: "e3" } });
  });

  it("is replayed from nothing, without what a replay had kept of the one before", async () => {
    const test = await createTestStore({ graceMs: 0 });
    const model = reducerModel<readonly number[]>({
      name: "seqs",
      version: 1,
      initialState: [],
      reducer: (state, { meta }) => [...state, meta.timestamp],
    });
    await appendAll(test, [testUpdate(1, 1), testUpdate(1, 2)], 1_000);
    await publish(test);
    const from = (await readStoreHead(test.host, test.store)).head.publishedThrough;
    const replay = createReplay(test.host, { store: test.store, model });
    const middle = toTimestamp(from - 500);
    expect((await replay.advanceTo(middle)).state()).toHaveLength(1);
    const { bucket } = test.host;
    for (const prefix of ["heads/", "updates/", "segments/", "snapshots/", "marks/"]) {
      const { objects } = await bucket.list(prefix);
      await bucket.delete(objects.map((object) => object.key));
    }
    expect(await createStore(test.host, test.store)).toBe(true);
    await replay.advanceTo(toTimestamp(middle + 1));
    expect((await replay.advanceTo()).state()).toEqual([]);
    const writer = createWriter(test.host, test.store);
    await writer.append(testUpdate(1, 1));
    await publish(test);
    expect((await replay.advanceTo()).state()).toHaveLength(1);
  });
});
