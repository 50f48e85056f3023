/**
 * Losing the head while everybody is at work: writers, two rollups (and some that stand still for long), a sweep and warm readers over
 * one faulty bucket, request by request from a seed. The head is deleted or damaged, recovered while all others go on, sometimes by two
 * at once, sometimes by one that is killed half-way, and sometimes lost again. When the faults stop everything must drain, and the
 * checkers (apart from the code) compare. Replay one seed with `SEED=123 npx vitest run test/simulation/recover`.
 */
import { describe, expect, it } from "vitest";
import { createFaultyBucket, type FaultChances } from "../../bucket/faulty.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { auditStore } from "../../shared/drive/audit.ts";
import { createFoldReplica } from "../../shared/drive/fold-replica.ts";
import { createReader, type Reader } from "../../shared/drive/reader.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { collectGarbage, createStore, readStoreHead, scanLog } from "../../shared/drive/store.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import { StoreError } from "../../shared/errors.ts";
import { stateHash } from "../../shared/fold/fold.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { newSettings } from "../../shared/settings.ts";
import { headKey, probesRoot, updatesPrefix } from "../../shared/wire/keys.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { createRandom } from "../../test-kit/random.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testStart, testStoreId, testUpdate } from "../fixtures/store-host.ts";
import { createTurns, type Turns } from "./turns.ts";

/** `SEED=7` replays one, `SEEDS=1000` runs more. */
const { SEED, SEEDS = 80 } = process.env;
const seeds = SEED ? [Number(SEED)] : Array.from({ length: Number(SEEDS) }, (_, i) => i + 1);
const faults: Partial<FaultChances> = {
  answerLost: 0.03,
  writeLost: 0.03,
  writeLate: 0.05,
  writeTwice: 0.03,
  writeFails: 0.01,
  callFails: 0.005,
};
const noFaults = Object.fromEntries(Object.keys(faults).map((name) => [name, 0]));
const store = testStoreId("sim");

/** What may happen to anybody here. A store that is corrupt in anything but its head is a bug. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false;
  if (["unavailable", "conflict", "closed"].includes(error.kind)) return true;
  return error.kind === "corrupt" && error.key === headKey(store);
}

interface World {
  readonly inner: Bucket;
  readonly faulty: ReturnType<typeof createFaultyBucket>;
  readonly turns: Turns;
  readonly clock: { now: number };
  readonly random: () => number;
  hostOf(actor: string, bucket?: Bucket): Host;
  /** Starts an actor that works in turns until it ends by itself. */
  start(work: () => Promise<void>): void;
  readonly working: () => number;
  /** Set when everybody shall come to an end. */
  stopping: boolean;
}

function createWorld(seed: number): World {
  const random = createRandom(seed).fraction;
  const clock = { now: testStart };
  const now = () => clock.now;
  const inner = createMemoryBucket({ now });
  const faulty = createFaultyBucket(inner, { random, now, lateCallsMax: 60 });
  const actors = new Set<string>();
  const turns = createTurns({
    random,
    answerWaits: 0.3,
    onTurn() {
      clock.now += Math.floor(random() * 12);
      if (random() > 0.01 || world.stopping) return;
      const all = [...actors];
      turns.freeze(all[Math.floor(random() * all.length)] ?? "", Math.floor(random() * 400));
    },
  });
  const letters = "0123456789abcdefghjkmnpqrstvwxyz";
  const newNonce = () => Array.from({ length: 16 }, () => letters[Math.floor(random() * 32)]).join("");
  // Without gzip, which takes its time in other threads: a seed would not replay.
  const settings = newSettings({
    graceMs: 100,
    attemptsMax: 8,
    snapshotBytesMin: 300,
    segmentsListedAim: 6,
    segmentsListedMax: 12,
    segmentsSinceSnapshotMax: 4,
    mergeFanIn: 3,
    retentionMs: 1_000,
    linkFromDelayMs: 500,
    parallelGets: 2,
    gzipBytesMin: 2 ** 30,
  });
  let atWork = 0;
  let broken: unknown;
  const world: World = {
    inner,
    faulty,
    turns,
    clock,
    random,
    hostOf(actor, bucket = faulty) {
      actors.add(actor);
      const wait = async (ms: number) => {
        await turns.pass(actor);
        clock.now += Math.ceil(Math.min(ms, 2_000) / 20);
      };
      const platform = { ...createNodePlatform(), now, random, newNonce, wait };
      return { bucket: turns.bucketOf(actor, bucket), platform, settings };
    },
    start(work) {
      atWork += 1;
      work()
        .catch((error: unknown) => {
          broken ??= error;
        })
        .finally(() => {
          atWork -= 1;
        });
    },
    working() {
      if (broken) throw broken;
      return atWork;
    },
    stopping: false,
  };
  return world;
}

/** Again and again until everybody stops; what is expected to happen only costs a turn. */
async function goOn(
  { turns, ...world }: World,
  actor: string,
  work: () => Promise<unknown>,
  isOver: () => boolean,
) {
  void world;
  while (!isOver()) {
    await turns.pass(actor);
    await work().catch((error: unknown) => {
      if (!isExpected(error)) throw error;
    });
  }
}

interface WriterState {
  readonly app: number;
  readonly acknowledged: Map<string, Timestamp>;
  sent: number;
}

function startWriter(world: World, app: number): WriterState {
  const actor = `writer ${app}`;
  const host = world.hostOf(actor);
  const state: WriterState = { app, acknowledged: new Map(), sent: 0 };
  let writer = createWriter(host, store);
  let [seq, after] = [1, zeroTimestamp];
  const append = async () => {
    if (world.random() < 0.03) writer = createWriter(host, store);
    state.sent = seq;
    // A few keys, so that the order of updates shows in the state.
    const entry = { key: `k${seq % 4}`, value: `${app}-${seq}` };
    const update = { ...testUpdate(app, seq, [entry]), after };
    const outcome = await writer.append(update);
    if (outcome.is !== "stored") return;
    state.acknowledged.set(update.id, outcome.timestamp);
    after = toTimestamp(Math.max(after, outcome.timestamp));
    seq += 1;
  };
  world.start(() => goOn(world, actor, append, () => world.stopping && state.sent < seq));
  return state;
}

function startRollup(world: World, name: string): void {
  const newRollup = (actor: string) => createRollup(world.hostOf(actor), { store, model: pairsModel });
  let rollup = newRollup(name);
  let count = 0;
  const round = async () => {
    if (world.random() < 0.05) rollup = newRollup(name);
    if (world.random() < 0.06) {
      // One that stands still in the midst of its work, perhaps until another epoch.
      count += 1;
      const actor = `${name}, frozen ${count}`;
      const frozen = newRollup(actor);
      world.start(async () => {
        for (let i = Math.floor(world.random() * 25); i > 0; i--) await world.turns.pass(actor);
        await frozen.round({ hint: true }).catch((error: unknown) => {
          if (!isExpected(error)) throw error;
        });
      });
    }
    const { trouble } = await rollup.round();
    if (trouble && !isExpected(trouble)) throw trouble;
  };
  world.start(() => goOn(world, name, round, () => world.stopping));
}

function startSweep(world: World): void {
  for (const actor of ["sweep", "second sweep"]) {
    const host = world.hostOf(actor);
    world.start(() =>
      goOn(
        world,
        actor,
        () => collectGarbage(host, store),
        () => world.stopping,
      ),
    );
  }
}

interface ReaderState {
  readonly reader: Reader;
  readonly replica: ReturnType<typeof createFoldReplica>;
}

function newReader(host: Host): ReaderState {
  const replica = createFoldReplica(pairsModel);
  return { reader: createReader(host, { store, replica, modelVersion: 1 }), replica };
}

/** Warm through every loss; within an epoch it never goes back. */
function startReader(world: World, name: string): ReaderState {
  const state = newReader(world.hostOf(name));
  let [epoch, position] = ["", 0];
  const poll = async () => {
    await (world.random() < 0.3 ? state.reader.pollTail() : state.reader.poll());
    const { held } = state.reader;
    if (!held) return;
    if (held.known.head.epoch === epoch) expect(held.position).toBeGreaterThanOrEqual(position);
    epoch = held.known.head.epoch;
    position = held.position;
  };
  world.start(() => goOn(world, name, poll, () => world.stopping));
  return state;
}

async function hasHead({ inner, hostOf }: World): Promise<boolean> {
  const host = { ...hostOf("nobody"), bucket: inner };
  return readStoreHead(host, store).then(
    () => true,
    () => false,
  );
}

async function loseHead(world: World): Promise<void> {
  const { inner, random } = world;
  const key = headKey(store);
  const there = await inner.get(key);
  if (random() < 0.7 || there.is !== "found") return void (await inner.delete([key]));
  const text = ["", '{"format":"icecore-head-1","epoch":', '{"format":"icecore-head-1"}', "\u001f\u008b"];
  const body = new TextEncoder().encode(text[Math.floor(random() * text.length)]);
  await inner.putIfMatch(key, { body, contentType: "", cacheControl: "" }, there.etag);
}

/** Recovers until there is a head; killed at its nth request, it is run again. */
async function recover(world: World, actor: string, report: { made: number }): Promise<void> {
  for (let tries = 1; !(await hasHead(world)); tries++) {
    if (tries > 200) throw new Error(`${actor} did not come to an end`);
    let calls = world.random() < 0.4 && tries < 3 ? Math.floor(world.random() * 80) : 1e9;
    const killed = () => {
      calls -= 1;
      if (calls < 0) throw new StoreError({ kind: "closed", what: "killed", fix: "" });
    };
    const { bucket, ...host } = world.hostOf(actor, guarded(world.faulty, killed));
    try {
      const { made } = await recoverStore({ ...host, bucket: withoutProbes(bucket, world.inner) }, { store });
      if (made) report.made += 1;
    } catch (error) {
      const rejected = error instanceof StoreError && error.kind === "rejected";
      if (!rejected && !isExpected(error)) throw error;
      // Lost before anything was stored: its message says to make the store anew.
      if (!rejected || !/^Nothing of/.test(error.what)) continue;
      await createStore({ ...host, bucket: world.inner }, store);
      report.made += 1;
    }
  }
}

/** The self-test of a bucket has tests of its own: here it is over at once. */
function withoutProbes(bucket: Bucket, inner: Bucket): Bucket {
  const of = (key: string) => (key.startsWith(probesRoot) ? inner : bucket);
  return {
    ...bucket,
    get: (key, options) => of(key).get(key, options),
    putIfAbsent: (key, content) => of(key).putIfAbsent(key, content),
    putIfMatch: (key, content, etag, options) => of(key).putIfMatch(key, content, etag, options),
    list: (prefix, options) => of(prefix).list(prefix, options),
    delete: (keys) => of(keys[0] ?? "").delete(keys),
  };
}

function guarded(bucket: Bucket, before: () => void): Bucket {
  const guard =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      before();
      return call(...args);
    };
  return {
    ...bucket,
    get: guard(bucket.get),
    putIfAbsent: guard(bucket.putIfAbsent),
    putIfMatch: guard(bucket.putIfMatch),
    list: guard(bucket.list),
    delete: guard(bucket.delete),
  };
}

/** Loses the head once or more, and lets it be recovered by one or two; the next loss may come while one of them still runs. */
async function operate(world: World, report: { made: number; losses: number }): Promise<void> {
  const { random, turns } = world;
  const pause = async (turnsMax: number, turnsMin = 0) => {
    for (let i = turnsMin + Math.floor(random() * turnsMax); i > 0; i--) await turns.pass("operator");
  };
  const losses = 1 + Math.floor(random() * 3);
  for (let loss = 1; loss <= losses; loss++) {
    await pause(loss === 1 ? 150 : 60, loss === 1 ? 10 : 0);
    await loseHead(world);
    report.losses += 1;
    await pause(40);
    const width = random() < 0.4 ? 2 : 1;
    for (let i = 1; i <= width; i++) world.start(() => recover(world, `recovery ${loss}.${i}`, report));
    while (!(await hasHead(world))) await turns.pass("operator");
  }
  await pause(100);
}

async function simulate(seed: number) {
  const world = createWorld(seed);
  const { turns, faulty, clock } = world;
  await createStore({ ...world.hostOf("nobody"), bucket: world.inner }, store);
  faulty.setChances(faults);
  const writers = [1, 2, 3].map((app) => startWriter(world, app));
  startRollup(world, "rollup a");
  startRollup(world, "rollup b");
  startSweep(world);
  const readers = [startReader(world, "reader a"), startReader(world, "reader b")];
  const report = { made: 0, losses: 0 };
  let operating = true;
  world.start(async () => {
    await operate(world, report);
    operating = false;
  });
  await turns.runUntil(() => world.working() === 0 || !operating);
  faulty.setChances(noFaults);
  await faulty.landHeld();
  turns.thawAll();
  if (!(await hasHead(world))) world.start(() => recover(world, "last recovery", report));
  world.stopping = true;
  await turns.runUntil(() => world.working() === 0);
  const host: Host = { ...world.hostOf("nobody"), bucket: world.inner };
  clock.now += 10_000;
  const rollup = createRollup(host, { store, model: pairsModel });
  for (let more = true; more; ) more = (await rollup.round({ hint: true })).more;
  return { world, host, writers, readers, report };
}

type Simulated = Awaited<ReturnType<typeof simulate>>;

/** What the log makes of the keys, by hand. */
function stateOf(log: readonly StampedUpdate[]): Record<string, unknown> {
  const pairs: Record<string, unknown> = {};
  for (const { actions } of log)
    for (const { data } of actions) {
      const { key, value } = data as { key: string; value: unknown };
      pairs[key] = { value };
    }
  return pairs;
}

async function check({ host, writers, readers }: Simulated): Promise<void> {
  const log: StampedUpdate[] = [];
  await scanLog(host, { store, onRange: ({ updates }) => void log.push(...updates) });
  const published = new Map(log.map((update) => [update.id as string, update.timestamp]));
  expect(published.size, "nothing is doubled").toBe(log.length);
  for (const { app, acknowledged, sent } of writers) {
    const mine = log.filter((update) => update.app === testUpdate(app, 1).app);
    expect(mine.map(({ seq }) => seq)).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
    expect(acknowledged.size).toBe(sent);
    for (const [id, timestamp] of acknowledged) expect(published.get(id)).toBeLessThanOrEqual(timestamp);
  }
  const hashes = new Set<string>();
  for (const { reader, replica } of [...readers, newReader(host)]) {
    await reader.poll();
    hashes.add(stateHash(replica.fold, host.platform.sha256));
    expect(replica.fold.encode()).toEqual({ pairs: stateOf(log) });
  }
  expect(hashes.size).toBe(1);
  const audit = await auditStore(host, { store, model: pairsModel });
  expect(audit.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(audit.statesCompared).toBe(1);
  expect(audit.log.updates).toBe(log.length);
}

describe("a store whose head is lost under random faults", () => {
  it.each(seeds)("loses, doubles and reorders nothing with seed %i", async (seed) => {
    const simulated = await simulate(seed);
    const { world, host, readers, report } = simulated;
    expect(report.made).toBeGreaterThan(0);
    for (const { reader } of readers) expect(reader.held).not.toBeNull();
    const atHand = readers.map((one) => ({ ...one, reader: one.reader }));
    await thawed(world, () => check({ ...simulated, readers: atHand }));
    // Sweeps that now may delete all that is unlisted leave everything that the head needs.
    for (let i = 0; i < 4; i++) {
      world.clock.now += 2_000;
      await thawed(world, () => collectGarbage(host, store));
    }
    await thawed(world, () => check(simulated));
    for (const prefix of [updatesPrefix(store), probesRoot])
      expect((await world.inner.list(prefix)).objects).toEqual([]);
  });
});

/** Warm readers go on over the bucket of turns: somebody must give them. */
async function thawed(world: World, work: () => Promise<unknown>): Promise<void> {
  world.start(async () => void (await work()));
  await world.turns.runUntil(() => world.working() === 0);
}
