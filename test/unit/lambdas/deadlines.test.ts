/**
 * What cannot be finished in the time of one invocation goes on in the next: a round stops between two requests, before it is killed, and a fold
 * that would take many invocations comes to its end all the same. On a virtual clock, with the limit of time that is deployed.
 */
import type { Context } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { cdkSettings } from "../../../cdk/settings.ts";
import { readModel } from "../../../lambdas/app-modules.ts";
import { createDeadline } from "../../../lambdas/deadline.ts";
import type { Measured } from "../../../lambdas/metrics.ts";
import { createPending } from "../../../lambdas/pending.ts";
import { createRollupFunction } from "../../../lambdas/rollup-function.ts";
import { createStoreRounds } from "../../../lambdas/store-rounds.ts";
import { createSweepFunction } from "../../../lambdas/sweep-function.ts";
import { createReplay } from "../../../shared/drive/replay.ts";
import { createRollup } from "../../../shared/drive/rollup.ts";
import { type Host, run } from "../../../shared/drive/run.ts";
import { createStore, readStoreHead } from "../../../shared/drive/store.ts";
import { createWriter } from "../../../shared/drive/writer.ts";
import { stateHash } from "../../../shared/fold/fold.ts";
import { writeMarks } from "../../../shared/log/write-marks.ts";
import type { Bucket } from "../../../shared/ports/bucket.ts";
import { newSettings, type Settings } from "../../../shared/settings.ts";
import { updatesPrefix } from "../../../shared/wire/keys.ts";
import { zeroTimestamp } from "../../../shared/wire/time.ts";
import { createVirtualClock } from "../../../test-kit/virtual-clock.ts";
import { notedLog } from "../../fixtures/noted-log.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";
import { testStoreId, testUpdate } from "../../fixtures/store-host.ts";
import { notification, queueEvent, sampleScheduledEvent } from "../../lambdas/sample-events.ts";

const limitMs = cdkSettings.rollupTimeoutSeconds * 1_000;
const store = testStoreId("main");

interface Given {
  /** Segments in the log before the first invocation, none of them folded. */
  readonly segments: number;
  /** After so many of them one with a model wrote a snapshot. */
  readonly snapshotAt?: number;
  /** Raw updates besides. */
  readonly raw?: number;
  /** What the GET of one segment takes: the time of its fold stands in it. */
  readonly segmentMs?: number;
  /** What the GET of one raw update takes. */
  readonly rawMs?: number;
  readonly settings?: Partial<Settings>;
}

async function createWorld(given: Given) {
  const { segments, snapshotAt = 0, raw = 0, segmentMs = 0, rawMs = 0, settings: changes = {} } = given;
  const clock = createVirtualClock();
  const memory = createMemoryBucket({ now: clock.now });
  const settings = newSettings({
    parallelGets: 1,
    // Each segment stays as it is, and is listed.
    mergeFanIn: 1_000,
    segmentsListedAim: 1_000,
    inlineBytesMax: 0,
    ...changes,
  });
  const quick: Host = { bucket: memory, platform: clock.platform, settings };
  const made = (async () => {
    await createStore(quick, store);
    const writer = createWriter(quick, store);
    const rollup = createRollup(quick, { store });
    const soon = { ...settings, snapshotBytesMin: 0 };
    const snapshotter = createRollup({ ...quick, settings: soon }, { store, model: pairsModel });
    let after = zeroTimestamp;
    const append = async (seq: number) => {
      await clock.platform.wait(10);
      const outcome = await writer.append({ ...testUpdate(1, seq), after });
      if (outcome.is === "stored") after = outcome.timestamp;
    };
    for (let seq = 1; seq <= segments; seq++) {
      await append(seq);
      await clock.platform.wait(5_000);
      await rollup.round({ hint: true });
      if (seq === snapshotAt) await snapshotter.round();
    }
    await run(writeMarks, { store, warm: null }, quick);
    for (let seq = segments + 1; seq <= segments + raw; seq++) await append(seq);
    await clock.platform.wait(5_000);
  })();
  await clock.advance(3_600_000);
  await made;

  const told: string[] = [];
  const measured: Partial<Measured>[] = [];
  const count = { segments: 0, snapshots: 0 };

  async function newProcess() {
    let killed = false;
    const slowly = async <T>(ms: number, answer: () => Promise<T>): Promise<T> => {
      if (ms > 0) await clock.platform.wait(ms);
      return killed ? new Promise(() => undefined) : answer();
    };
    const bucket: Bucket = {
      ...memory,
      get: (key, options) => {
        const isSegment = key.startsWith("segments/");
        if (isSegment) count.segments += 1;
        const ms = isSegment ? segmentMs : key.startsWith(updatesPrefix(store)) ? rawMs : 5;
        return slowly(ms, () => memory.get(key, options));
      },
      putIfAbsent: (key, content) => {
        if (key.startsWith("snapshots/")) count.snapshots += 1;
        return slowly(5, () => memory.putIfAbsent(key, content));
      },
      putIfMatch: (key, ...rest) => slowly(5, () => memory.putIfMatch(key, ...rest)),
      list: (prefix, options) => slowly(5, () => memory.list(prefix, options)),
      delete: (keys) => slowly(5, () => memory.delete(keys)),
    };
    const log = notedLog(told);
    const metrics = { publish: (one: Partial<Measured>) => void measured.push(one) };
    const pending = createPending();
    const deadline = createDeadline();
    const host: Host = {
      bucket: pending.bucket(bucket),
      platform: pending.platform(clock.platform),
      settings,
      signal: deadline.rounds,
    };
    const model = await readModel(async () => ({ model: pairsModel }));
    const rounds = createStoreRounds({ host, model, log, foldSignal: deadline.folds });
    const source = { bucket: "b", prefix: "" };
    const opened = { host, rounds, source, graceMs: 2_000, pending, deadline, stores: 50 };
    const parts = { open: async () => opened, platform: clock.platform, log, metrics };
    const kill = (): void => {
      killed = true;
    };
    return { sweep: createSweepFunction(parts), rollup: createRollupFunction(parts), kill };
  }

  let process = await newProcess();
  const world = {
    clock,
    host: quick,
    told,
    measured,
    count,
    kills: 0,
    /** Lambda has ended the process: the next invocation begins with nothing. */
    async goCold() {
      process.kill();
      process = await newProcess();
    },
    async invoke<T>(call: (functions: typeof process, context: Context) => Promise<T>): Promise<T | null> {
      const until = clock.now() + limitMs;
      const context = { getRemainingTimeInMillis: () => until - clock.now() } as Context;
      let answer: { readonly value: T } | null = null;
      void call(process, context).then((value) => {
        answer = { value };
      });
      for (let ms = 0; ms < limitMs && answer === null; ms += 500) await clock.advance(500);
      const ended = answer as { readonly value: T } | null;
      if (ended) return ended.value;
      world.kills += 1;
      await world.goCold();
      return null;
    },
    sweep: () => world.invoke(({ sweep }, context) => sweep(sampleScheduledEvent, context)),
    head: async () => (await readStoreHead(quick, store)).head,
  };
  return world;
}

type World = Awaited<ReturnType<typeof createWorld>>;

/** Invocations until the snapshot holds the whole log; fails after `most`. */
async function untilFolded(world: World, most: number, between: () => Promise<void> = async () => undefined) {
  for (let invocations = 1; invocations <= most; invocations++) {
    await world.sweep();
    const { snapshots, publishedThrough } = await world.head();
    if (snapshots[1]?.through === publishedThrough) return invocations;
    await between();
  }
  throw new Error(`not folded after ${most} invocations`);
}

/** A snapshot that was made in parts says what a fold from the beginning says. */
async function expectTrueSnapshot({ host, head }: World): Promise<void> {
  const replay = createReplay(host, { store, model: pairsModel, fromStart: true });
  const fold = await replay.advanceTo();
  const { snapshots, publishedThrough } = await head();
  expect(snapshots[1]).toMatchObject({
    through: publishedThrough,
    stateHash: stateHash(fold, host.platform.sha256),
  });
}

describe("A first fold that takes longer than an invocation", () => {
  // 400 s in all: each invocation has 120.
  const long: Given = { segments: 40, segmentMs: 10_000, settings: { segmentsSinceSnapshotMax: 0 } };

  test("comes to its end where each invocation goes on from what the one before has left in memory.", async () => {
    const world = await createWorld(long);
    const invocations = await untilFolded(world, 8);
    expect(invocations).toBeLessThanOrEqual(6);
    expect(world.kills).toBe(0);
    // None is read a second time, save for the one that was under way when the time was over.
    expect(world.count.segments).toBe(40 + invocations - 1);
    await expectTrueSnapshot(world);
  });

  test("comes to its end where each invocation is a new process: what was folded so far is a snapshot by then.", async () => {
    const world = await createWorld(long);
    expect(await untilFolded(world, 8, world.goCold)).toBeLessThanOrEqual(6);
    expect(world.kills).toBe(0);
    expect(world.count.segments).toBeLessThanOrEqual(44);
    await expectTrueSnapshot(world);
  });

  test("goes on as well from a snapshot that was there before.", async () => {
    const world = await createWorld({ ...long, snapshotAt: 5 });
    expect((await world.head()).snapshots[1]?.through).toBeGreaterThan(0);
    const invocations = await untilFolded(world, 8);
    expect(invocations).toBeLessThanOrEqual(5);
    expect(world.count.segments).toBe(35 + invocations - 1);
    await expectTrueSnapshot(world);
  });

  test("where segments have left the head's list no snapshot can be made before it has passed them: a process that stays goes on.", async () => {
    const world = await createWorld({ ...long, settings: { ...long.settings, segmentsListedAim: 15 } });
    expect((await world.head()).floor).toBeGreaterThan(0);
    await world.sweep();
    expect(world.count).toMatchObject({ segments: expect.any(Number), snapshots: 0 });
    expect(await untilFolded(world, 8)).toBeLessThanOrEqual(6);
    expect(world.kills).toBe(0);
    await expectTrueSnapshot(world);
  });

  test("is no trouble, and holds up nothing that is published meanwhile.", async () => {
    const world = await createWorld({ ...long, raw: 3 });
    await world.sweep();
    expect(world.measured).toEqual([expect.objectContaining({ UpdatesPublished: 3, RoundTroubles: 0 })]);
    expect(world.told.filter((line) => line.startsWith("error"))).toEqual([]);
    expect(world.told).toContain(
      "info A fold or another job was stopped in time; the next round goes on with it",
    );
  });
});

describe("A round that takes longer than an invocation", () => {
  test("stops in time between two requests, and gives its news back to the queue.", async () => {
    // 25 groups of 64 that take 5 s each.
    const world = await createWorld({ segments: 0, raw: 1_600, rawMs: 80 });
    const { objects } = await world.host.bucket.list(updatesPrefix(store));
    const entry = { id: "news", body: notification("b", [objects.at(-1)?.key ?? ""]) };
    const answer = await world.invoke(({ rollup }, context) => rollup(queueEvent([entry]), context));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "news" }] });
    expect(world.kills).toBe(0);
    expect(world.told).toEqual(["warn A round was stopped in time; nothing is lost, it is tried again"]);
    expect(world.measured).toEqual([expect.objectContaining({ UpdatesPublished: 0, RoundTroubles: 0 })]);
    expect((await world.host.bucket.list(updatesPrefix(store))).objects).toHaveLength(1_000);
  });
});

describe("createDeadline", () => {
  test("before an invocation there is no end; in a short one each part gets its share.", () => {
    const deadline = createDeadline();
    expect([deadline.hasTime(), deadline.rounds.aborted, deadline.folds.aborted]).toEqual([
      true,
      false,
      false,
    ]);
    let left = 20_000;
    deadline.begin({ getRemainingTimeInMillis: () => left });
    const states = () => [deadline.hasTime(), deadline.rounds.aborted, deadline.folds.aborted];
    expect(states()).toEqual([true, false, false]);
    left = 4_999;
    expect(states()).toEqual([false, true, true]);
    left = 60_000;
    deadline.begin({ getRemainingTimeInMillis: () => left });
    left = 14_999;
    expect(states()).toEqual([true, false, true]);
    left = 9_999;
    expect(states()).toEqual([false, false, true]);
    left = 5_999;
    expect(states()).toEqual([false, true, true]);
  });
});
