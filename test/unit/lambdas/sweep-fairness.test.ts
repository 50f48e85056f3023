/**
 * Every store is looked at within a bounded number of sweeps, whatever the others do: some that take nearly all the time there is, some that
 * never come to an end, calls that are late, sweeps that are killed in the middle. On a virtual clock, with the limit of time that is deployed.
 */
import type { Context } from "aws-lambda";
import { describe, expect, test } from "vitest";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { cdkSettings } from "../../../cdk/settings.ts";
import { readModel } from "../../../lambdas/app-modules.ts";
import { createDeadline } from "../../../lambdas/deadline.ts";
import type { LambdaLog } from "../../../lambdas/log.ts";
import { createPending } from "../../../lambdas/pending.ts";
import { createStoreRounds } from "../../../lambdas/store-rounds.ts";
import { createSweepFunction } from "../../../lambdas/sweep-function.ts";
import type { Host } from "../../../shared/drive/run.ts";
import { createStore } from "../../../shared/drive/store.ts";
import { createWriter } from "../../../shared/drive/writer.ts";
import { StoreError } from "../../../shared/errors.ts";
import type { Bucket } from "../../../shared/ports/bucket.ts";
import { newSettings, type Settings } from "../../../shared/settings.ts";
import type { StoreId } from "../../../shared/wire/ids.ts";
import { headKey } from "../../../shared/wire/keys.ts";
import { createVirtualClock } from "../../../test-kit/virtual-clock.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";
import { testStoreId, testUpdate } from "../../fixtures/store-host.ts";
import { sampleScheduledEvent } from "../../lambdas/sample-events.ts";

const minuteMs = 60_000;
const limitMs = cdkSettings.sweepTimeoutSeconds * 1_000;
const requestMs = 30;

const storesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => testStoreId(`store-${String(i).padStart(3, "0")}`));

interface Trouble {
  /** What a request about this store takes. */
  readonly takesMs?: (store: string) => number;
  /** Throws instead of answering. */
  readonly breaks?: (store: string) => boolean;
  readonly settings?: Partial<Settings>;
  /** Updates that lie in each of these stores when it begins. */
  readonly backlog?: { readonly stores: (store: string) => boolean; readonly updates: number };
}

async function createWorld(count: number, trouble: Trouble = {}) {
  const { takesMs = () => requestMs, breaks = () => false, settings = {}, backlog } = trouble;
  const clock = createVirtualClock();
  const memory = createMemoryBucket({ now: clock.now });
  const all = storesOf(count);
  const quick: Host = { bucket: memory, platform: clock.platform, settings: newSettings(settings) };
  const made = (async () => {
    for (const store of all) await createStore(quick, store);
    for (const store of all.filter((one) => backlog?.stores(one))) {
      const writer = createWriter(quick, store);
      for (let seq = 1; seq <= (backlog?.updates ?? 0); seq++) await writer.append(testUpdate(1, seq));
    }
  })();
  await clock.advance(3_600_000);
  await made;

  /** Which sweep looked at which store last, and the longest time between two looks, in sweeps. */
  const lookedAt = new Map<StoreId, number>(all.map((store) => [store, 0]));
  let longest = 0;
  let sweeps = 0;

  /** One process. What it asks for once it is killed never comes. */
  async function newProcess() {
    let killed = false;
    const slowly = async <T>(key: string, answer: () => Promise<T>): Promise<T> => {
      const store = /^[a-z]+\/(store-\d+)/.exec(key)?.[1] ?? "";
      await clock.platform.wait(takesMs(store));
      if (killed) return new Promise(() => undefined);
      if (breaks(store)) throw new StoreError({ kind: "unavailable", what: "No answer", fix: "Later." });
      return answer();
    };
    const bucket: Bucket = {
      ...memory,
      get: (key, options) => {
        const store = all.find((one) => headKey(one) === key);
        if (store && !killed) look(store);
        return slowly(key, () => memory.get(key, options));
      },
      putIfAbsent: (key, content) => slowly(key, () => memory.putIfAbsent(key, content)),
      putIfMatch: (key, ...rest) => slowly(key, () => memory.putIfMatch(key, ...rest)),
      list: (prefix, options) => slowly(prefix, () => memory.list(prefix, options)),
      delete: (keys) => slowly(keys[0] ?? "", () => memory.delete(keys)),
    };
    const silent = () => undefined;
    const log: LambdaLog = { begin: silent, info: silent, warn: silent, error: silent };
    const pending = createPending();
    const deadline = createDeadline();
    const host: Host = {
      bucket: pending.bucket(bucket),
      platform: pending.platform(clock.platform),
      settings: newSettings(settings),
      signal: deadline.rounds,
    };
    const model = await readModel(async () => ({ model: pairsModel }));
    const rounds = createStoreRounds({ host, model, log, foldSignal: deadline.folds });
    const source = { bucket: "b", prefix: "" };
    const opened = { host, rounds, source, graceMs: 2_000, pending, deadline };
    const sweep = createSweepFunction({
      open: async () => ({ ...opened, stores: 20 }),
      platform: clock.platform,
      log,
      metrics: { publish: silent },
    });
    const kill = (): void => {
      killed = true;
    };
    return { sweep, kill };
  }

  function look(store: StoreId): void {
    longest = Math.max(longest, sweeps - (lookedAt.get(store) ?? 0));
    lookedAt.set(store, sweeps);
  }

  let process = await newProcess();
  let kills = 0;
  /** One call, that the schedule meant for `at`. Answers whether it came to its end. */
  async function call(at = clock.now()): Promise<boolean> {
    sweeps += 1;
    const until = clock.now() + limitMs;
    const context = { getRemainingTimeInMillis: () => until - clock.now() } as Context;
    const event = { ...sampleScheduledEvent, time: new Date(at).toISOString() };
    let ended = false;
    void process.sweep(event, context).then(() => {
      ended = true;
    });
    for (let ms = 0; ms < limitMs && !ended; ms += 1_000) await clock.advance(1_000);
    if (ended) return true;
    kills += 1;
    process.kill();
    process = await newProcess();
    return false;
  }

  return {
    clock,
    all,
    call,
    get kills() {
      return kills;
    },
    /** The longest that any store was not looked at, until now, in sweeps. */
    longestWait: () => Math.max(longest, ...[...lookedAt.values()].map((last) => sweeps - last)),
  };
}

/** Sweeps one after the other, a minute apart or as soon as the one before has ended. */
async function sweepOften(world: Awaited<ReturnType<typeof createWorld>>, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await world.call();
    await world.clock.advance(minuteMs - (world.clock.now() % minuteMs));
  }
}

const first = (count: number) => (store: string) => storesOf(count).includes(testStoreId(store || "none"));

describe("Every store is looked at within a bounded number of sweeps", () => {
  test("where all goes well: once in each rotation.", async () => {
    const world = await createWorld(70);
    await sweepOften(world, 12);
    expect(world.longestWait()).toBeLessThanOrEqual(4);
  });

  test("where the first eight take so long that a sweep is killed.", async () => {
    const slow = first(8);
    const world = await createWorld(20, { takesMs: (store) => (slow(store) ? 70_000 : requestMs) });
    await sweepOften(world, 30);
    expect(world.kills).toBeGreaterThan(0);
    expect(world.longestWait()).toBeLessThanOrEqual(5);
  });

  test("where half of all are broken, and it takes long until they say so.", async () => {
    const broken = first(10);
    const world = await createWorld(20, {
      takesMs: (store) => (broken(store) ? 45_000 : requestMs),
      breaks: broken,
    });
    await sweepOften(world, 30);
    expect(world.longestWait()).toBeLessThanOrEqual(5);
  });

  test("where some have so much to publish that they never come to an end: all others are looked at by each sweep.", async () => {
    const endless = first(4);
    const world = await createWorld(20, {
      settings: { roundUpdatesMax: 1, listKeysMax: 1, snapshotAgeMs: 1e12, segmentsSinceSnapshotMax: 1e6 },
      backlog: { stores: endless, updates: 600 },
      takesMs: (store) => (endless(store) ? 400 : requestMs),
    });
    await sweepOften(world, 6);
    expect(world.kills).toBe(0);
    expect(world.longestWait()).toBeLessThanOrEqual(1);
  });

  test("where calls come late, two in one minute and none in the next: the turn goes by the time that was meant.", async () => {
    const world = await createWorld(40);
    const start = world.clock.now() - (world.clock.now() % minuteMs);
    for (let i = 0; i < 12; i++) {
      const meant = start + i * minuteMs;
      // Each second one comes a minute late, and so in the minute of the next: the even minutes see none.
      const late = i % 2 === 0 ? 60_500 : 1_000;
      await world.clock.advance(Math.max(0, meant + late - world.clock.now()));
      await world.call(meant);
    }
    expect(world.longestWait()).toBeLessThanOrEqual(2);
  });
});
