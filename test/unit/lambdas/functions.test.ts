/** Rollup and sweep as functions over a bucket in memory, with a clock that is moved: time that runs out, ghosts, failing stores, metrics. */
import type { Context } from "aws-lambda";
import { expect, test } from "vitest";
import { readModel } from "../../../lambdas/app-modules.ts";
import { createDeadline } from "../../../lambdas/deadline.ts";
import type { Measured } from "../../../lambdas/metrics.ts";
import { createPending } from "../../../lambdas/pending.ts";
import { createRollupFunction } from "../../../lambdas/rollup-function.ts";
import { createStoreRounds } from "../../../lambdas/store-rounds.ts";
import { createSweepFunction } from "../../../lambdas/sweep-function.ts";
import { sweepTurn } from "../../../lambdas/sweep-turn.ts";
import { createStore } from "../../../shared/drive/store.ts";
import { createWriter } from "../../../shared/drive/writer.ts";
import { StoreError } from "../../../shared/errors.ts";
import type { Bucket } from "../../../shared/ports/bucket.ts";
import { headKey, updateKey, updatesPrefix } from "../../../shared/wire/keys.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { notedLog } from "../../fixtures/noted-log.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";
import { appendAll, createTestStore, testApp, testStoreId, testUpdate } from "../../fixtures/store-host.ts";
import { notification, queueEvent, sampleScheduledEvent } from "../../lambdas/sample-events.ts";

const lots = 60_000;

async function createWorld({ fails }: { readonly fails?: string } = {}) {
  const test = await createTestStore();
  const { host, clock } = test;
  const told: string[] = [];
  const published: Partial<Measured>[] = [];
  const log = notedLog(told);
  const metrics = { publish: (measured: Partial<Measured>) => void published.push(measured) };
  const pending = createPending();
  const bucket: Bucket = {
    ...host.bucket,
    async putIfMatch(key, ...rest) {
      if (key !== fails) return host.bucket.putIfMatch(key, ...rest);
      throw new StoreError({ kind: "unauthorized", what: "It may not be written", fix: "Allow it.", key });
    },
  };
  const tracked = { ...host, bucket: pending.bucket(bucket), platform: pending.platform(host.platform) };
  const model = await readModel(async () => ({ model: pairsModel }));
  const opened = {
    host: tracked,
    rounds: createStoreRounds({ host: tracked, model, log }),
    source: { bucket: "notes", prefix: "" },
    graceMs: host.settings.graceMs,
    pending,
    deadline: createDeadline(),
  };
  const { platform } = host;
  const context = (leftMs: () => number) => ({ getRemainingTimeInMillis: leftMs }) as Context;
  const rollup = createRollupFunction({ open: async () => opened, platform, log, metrics });
  const sweep = createSweepFunction({ open: async () => ({ ...opened, stores: 2 }), platform, log, metrics });
  const entries = async (store = test.store) =>
    (await host.bucket.list(updatesPrefix(store))).objects.map(({ key }, i) => ({
      id: `${store}-${i}`,
      body: notification("notes", [key]),
    }));
  return { ...test, clock, log, told, published, rollup, sweep, context, entries };
}

test("A rollup begins no round without time for one, and gives everything back to the queue.", async () => {
  const world = await createWorld();
  await appendAll(world, [testUpdate(1, 1), testUpdate(1, 2)]);
  world.clock.now += 10_000;
  const entries = await world.entries();
  const answer = await world.rollup(
    queueEvent(entries),
    world.context(() => 9_999),
  );
  expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(["main-0", "main-1"]);
  expect(world.published).toEqual([
    expect.objectContaining({ UpdatesPublished: 0, OldestUnpublishedAgeMs: 10_001 }),
  ]);
  expect(
    await world.rollup(
      queueEvent(entries),
      world.context(() => lots),
    ),
  ).toEqual({ batchItemFailures: [] });
});

test("Rounds end between two of them when there is no time for another, and say that more is waiting.", async () => {
  const world = await createWorld();
  await appendAll(
    world,
    [1, 2, 3].map((seq) => testUpdate(1, seq)),
    10,
  );
  world.clock.now += 10_000;
  const settings = { ...world.host.settings, roundUpdatesMax: 1, listKeysMax: 1 };
  const model = await readModel(async () => ({ model: pairsModel }));
  const rounds = createStoreRounds({ host: { ...world.host, settings }, model, log: world.log });
  let asked = 0;
  const first = await rounds.run(world.store, { hint: true, goOn: () => ++asked === 1 });
  expect(first).toMatchObject({ complete: false, failed: false, published: 1 });
  const rest = await rounds.run(world.store, { hint: true, goOn: () => true });
  expect(rest).toMatchObject({ complete: true, published: 2 });
});

test("An update that is not sealed yet is waited for, and one far ahead comes again.", async () => {
  const world = await createWorld();
  await appendAll(world, [testUpdate(1, 1)]);
  const near = await world.entries();
  expect(
    await world.rollup(
      queueEvent(near),
      world.context(() => lots),
    ),
  ).toEqual({ batchItemFailures: [] });
  const timestamp = toTimestamp(world.clock.now + 3_600_000);
  const far = updateKey({ store: world.store, app: testApp(2), timestamp });
  const entry = { id: "far", body: notification("notes", [far]) };
  const before = world.clock.now;
  const answer = await world.rollup(
    queueEvent([entry]),
    world.context(() => lots),
  );
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "far" }] });
  expect(world.clock.now - before).toBeLessThan(1_000);
});

test("An entry whose update somebody removed is done once its time is sealed.", async () => {
  const world = await createWorld();
  const gone = updateKey({ store: world.store, app: testApp(1), timestamp: toTimestamp(world.clock.now) });
  const entry = { id: "gone", body: notification("notes", [gone]) };
  expect(
    await world.rollup(
      queueEvent([entry]),
      world.context(() => lots),
    ),
  ).toEqual({ batchItemFailures: [] });
});

test("A sweep goes on where one store fails, and still knows how long that one's updates have been waiting.", async () => {
  const broken = testStoreId("broken");
  const world = await createWorld({ fails: headKey(broken) });
  await createStore(world.host, broken);
  await appendAll({ ...world, store: broken, writer: createWriter(world.host, broken) }, [testUpdate(1, 1)]);
  world.clock.now += 20_000;
  await appendAll(world, [testUpdate(2, 1)]);
  world.clock.now += 10_000;
  const measured = await world.sweep(
    sampleScheduledEvent,
    world.context(() => lots),
  );
  expect(measured).toMatchObject({
    StoresChecked: 2,
    UpdatesPublished: 1,
    RoundTroubles: 1,
    OldestUnpublishedAgeMs: 30_001,
  });
  expect(world.published).toEqual([measured]);
  expect(world.told).toContain("error A round failed; nothing is lost, it is tried again");
});

test("A sweep removes once a day what lies where all is published, and counts it.", async () => {
  const world = await createWorld();
  await appendAll(world, [testUpdate(1, 1)]);
  world.clock.now += 10_000;
  const raw = (await world.host.bucket.list(updatesPrefix(world.store))).objects[0]?.key ?? "";
  const copy = await world.host.bucket.get(raw);
  await world.sweep(
    sampleScheduledEvent,
    world.context(() => lots),
  );
  if (copy.is !== "found") throw new Error("no update");
  // Somebody's late repetition.
  const content = { body: copy.body, contentType: "application/json", cacheControl: "no-store" };
  await world.host.bucket.putIfAbsent(raw, content);
  let ghosts = 0;
  for (let minute = 0; minute < 24 * 60; minute++) {
    world.clock.now += 60_000;
    ghosts += (
      await world.sweep(
        sampleScheduledEvent,
        world.context(() => lots),
      )
    ).Ghosts;
  }
  expect(ghosts).toBe(1);
  expect((await world.host.bucket.list(updatesPrefix(world.store))).objects).toEqual([]);
});

test("What was put far below publishedThrough is found within a week, by the one look in seven that begins at the very beginning.", async () => {
  const world = await createWorld();
  world.clock.now += 30 * 24 * 3_600_000;
  await appendAll(world, [testUpdate(1, 1)]);
  world.clock.now += 10_000;
  const call = async () =>
    world.sweep(
      sampleScheduledEvent,
      world.context(() => lots),
    );
  await call();
  const timestamp = toTimestamp(world.clock.now - 20 * 24 * 3_600_000);
  const ghost = updateKey({ store: world.store, app: testApp(2), timestamp });
  const content = {
    body: new Uint8Array([123, 125]),
    contentType: "application/json",
    cacheControl: "no-store",
  };
  await world.host.bucket.putIfAbsent(ghost, content);
  const minutes = Array.from({ length: 7 * 24 * 60 }, (_, i) => Math.ceil(world.clock.now / 60_000) + i);
  const due = minutes.filter((minute) => sweepTurn([world.store], minute, 2).collected.length > 0);
  const ghosts: number[] = [];
  for (const minute of due) {
    world.clock.now = minute * 60_000;
    ghosts.push((await call()).Ghosts);
  }
  expect(ghosts).toHaveLength(7);
  expect(ghosts.filter((count) => count > 0)).toEqual([1]);
});

test("A sweep without time looks at no store, and says how many were left.", async () => {
  const world = await createWorld();
  const measured = await world.sweep(
    sampleScheduledEvent,
    world.context(() => 5_000),
  );
  expect(measured).toMatchObject({ StoresChecked: 0 });
  expect(world.told).toEqual(["warn There was no time for all stores of this turn"]);
});
