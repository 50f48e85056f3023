/**
 * The whole protocol under random faults: writers, two rollups, a sweep and readers over one faulty bucket, step by step from
 * a seed. When the faults stop everything must drain, and the checkers (apart from the code) compare.
 * Replay one seed with `SEED=123 npx vitest run test/simulation`.
 */
import { describe, expect, it } from "vitest";
import { createFaultyBucket } from "../../bucket/faulty.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createFoldReplica } from "../../shared/drive/fold-replica.ts";
import { createReader, type Reader } from "../../shared/drive/reader.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { collectGarbage, createStore, scanLog } from "../../shared/drive/store.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import { StoreError } from "../../shared/errors.ts";
import { stateHash } from "../../shared/fold/fold.ts";
import { newSettings } from "../../shared/settings.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { createRandom } from "../../test-kit/random.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testStart, testStoreId, testUpdate } from "../fixtures/store-host.ts";

const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 60 }, (_, i) => i + 1);
const chances = {
  answerLost: 0.06,
  writeLost: 0.05,
  writeLate: 0.06,
  writeTwice: 0.04,
  writeFails: 0.03,
  callFails: 0.02,
};

/** Runs one part and lets it fail as a process may; anything but a StoreError is a bug. */
async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreError) || !["unavailable", "conflict"].includes(error.kind)) throw error;
  }
}

interface WriterState {
  readonly app: number;
  seq: number;
  after: Timestamp;
  inFlight: Promise<void> | null;
}

async function simulate(seed: number) {
  const random = createRandom(seed).fraction;
  const clock = { now: testStart };
  const now = () => clock.now;
  const bucket = createFaultyBucket(createMemoryBucket({ now }), { random, now });
  const wait = async (ms: number) => {
    clock.now += Math.ceil(ms / 10);
  };
  const platform = { ...createNodePlatform(), now, random, wait };
  const settings = newSettings({
    graceMs: 200,
    attemptsMax: 8,
    snapshotBytesMin: 300,
    segmentsListedAim: 6,
    segmentsSinceSnapshotMax: 4,
    retentionMs: 2_000,
    linkFromDelayMs: 1_000,
    listKeysMax: 3,
    parallelGets: 1,
  });
  const host = { bucket, platform, settings };
  const store = testStoreId("sim");
  await createStore(host, store);
  bucket.setChances(chances);

  const acknowledged = new Map<string, Timestamp>();
  const writers: WriterState[] = [1, 2, 3].map((app) => ({
    app,
    seq: 1,
    after: zeroTimestamp,
    inFlight: null,
  }));
  let tools = writers.map(() => createWriter(host, store));
  const newRollup = () => createRollup(host, { store, model: pairsModel });
  let rollups = [newRollup(), newRollup()];
  const readers: { reader: Reader; replica: ReturnType<typeof createFoldReplica> }[] = [];
  const newReader = () => {
    const replica = createFoldReplica(pairsModel);
    return { reader: createReader(host, { store, replica, modelVersion: 1 }), replica };
  };
  readers.push(newReader(), newReader());

  async function write(writer: WriterState, index: number): Promise<void> {
    const update = { ...testUpdate(writer.app, writer.seq), after: writer.after };
    const outcome = await tools[index]?.append(update);
    if (outcome?.is !== "stored") return;
    acknowledged.set(update.id, outcome.timestamp);
    writer.after = toTimestamp(Math.max(writer.after, outcome.timestamp));
    writer.seq += 1;
  }

  async function step(): Promise<void> {
    clock.now += Math.floor(random() * 120);
    const dice = random();
    const index = Math.floor(random() * 3);
    const writer = writers[index];
    if (dice < 0.5 && writer) await attempt(() => write(writer, index));
    else if (dice < 0.75) await attempt(async () => rollups[index % 2]?.round());
    else if (dice < 0.85) await attempt(async () => readers[index % 2]?.reader.pollTail());
    else if (dice < 0.9) await attempt(async () => readers[index % 2]?.reader.poll());
    else if (dice < 0.95) await attempt(() => collectGarbage(host, store));
    else if (dice < 0.97) rollups = [newRollup(), rollups[0] ?? newRollup()];
    else if (dice < 0.99) tools = writers.map(() => createWriter(host, store));
    else readers[index % 2] = newReader();
  }

  for (let i = 0; i < 150; i++) {
    const together = Math.floor(random() * 3) + 1;
    await Promise.all(Array.from({ length: together }, step));
  }
  await bucket.landHeld();
  bucket.setChances({
    answerLost: 0,
    writeLost: 0,
    writeLate: 0,
    writeTwice: 0,
    writeFails: 0,
    callFails: 0,
  });
  for (const [index, writer] of writers.entries()) await write(writer, index);
  clock.now += 10_000;
  for (let more = true; more; ) more = (await newRollup().round({ hint: true })).more;
  await collectGarbage(host, store);
  return {
    host,
    store,
    acknowledged,
    readers: [...readers, newReader()],
    left: (await bucket.list("updates/sim/")).objects,
  };
}

describe("the log under random faults", () => {
  it.each(seeds)("loses, doubles and reorders nothing with seed %i", async (seed) => {
    const { host, store, acknowledged, readers, left } = await simulate(seed);
    const log: StampedUpdate[] = [];
    await scanLog(host, { store, onRange: ({ updates }) => void log.push(...updates) });
    const published = new Map(log.map((update) => [update.id as string, update.timestamp]));
    expect(published.size).toBe(log.length);
    for (const [id, timestamp] of acknowledged) expect(published.get(id)).toBeLessThanOrEqual(timestamp);
    const seqs = new Map<string, number>();
    for (const update of log) {
      expect(update.seq).toBeGreaterThan(seqs.get(update.app) ?? 0);
      seqs.set(update.app, update.seq);
    }
    expect(left).toEqual([]);
    const hashes = new Set<string>();
    for (const { reader, replica } of readers) {
      await reader.poll();
      hashes.add(stateHash(replica.fold, host.platform.sha256));
    }
    expect(hashes.size).toBe(1);
    expect(acknowledged.size).toBeGreaterThan(20);
  });
});
