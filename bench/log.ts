/**
 * Measures of the log on the folder bucket: append beside plain file writes, rollup as history grows, a reader's memory.
 *
 * Both sides of a ratio alternate in one run. Everything happens in a temporary folder that is removed at the end.
 */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCountingBucket } from "../bucket/counting.ts";
import { createFolderBucket } from "../bucket/folder.ts";
import { createMemoryBucket } from "../bucket/memory.ts";
import { createNodePlatform } from "../bucket/platform/node.ts";
import { createReplay } from "../shared/drive/replay.ts";
import { createRollup } from "../shared/drive/rollup.ts";
import type { Host } from "../shared/drive/run.ts";
import { createStore } from "../shared/drive/store.ts";
import { createWriter } from "../shared/drive/writer.ts";
import { rawModel } from "../shared/index.ts";
import { newSettings } from "../shared/settings.ts";
import { parseStoreId, type StoreId } from "../shared/wire/ids.ts";
import { updateKey } from "../shared/wire/keys.ts";
import { toTimestamp, zeroTimestamp } from "../shared/wire/time.ts";
import { encodeUpdate, type Update } from "../shared/wire/update.ts";
import type { Measure } from "./fold.ts";
import { newBenchUpdate } from "./updates.ts";

const store = parseStoreId("bench") as StoreId;

/**
 * One update stored durably (PUT, then GET of the head) beside write + fsync + link of the same bytes, and beside the same with
 * the folder's own fsync, without which a power cut may take the name back: that is the floor for what an append promises.
 */
export async function measureAppend(appends = 300): Promise<readonly Measure[]> {
  const folder = mkdtempSync(join(tmpdir(), "icecore-bench-"));
  try {
    const platform = createNodePlatform();
    const bucket = await createFolderBucket(join(folder, "bucket"), platform);
    const host: Host = { bucket, platform, settings: newSettings() };
    await createStore(host, store);
    const writer = createWriter(host, store);
    const plain = join(folder, "plain");
    mkdirSync(plain);
    const ours: number[] = [];
    const bare: number[] = [];
    const durable: number[] = [];
    let after = zeroTimestamp;
    for (let seq = 1; seq <= appends; seq++) {
      const update = { ...newBenchUpdate(1, seq), after };
      const started = performance.now();
      const outcome = await writer.append(update);
      ours.push(performance.now() - started);
      if (outcome.is === "stored") after = outcome.timestamp;
      bare.push(writePlainly(plain, update, "a"));
      durable.push(writePlainly(plain, update, "b", () => syncFolder(plain)));
    }
    return [
      besideFloor("append, beside write + fsync + link", 2, { ours, floor: bare }),
      besideFloor("append, beside write + fsync + link + fsync of the folder", 2, { ours, floor: durable }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function besideFloor(
  name: string,
  target: number,
  { ours, floor }: { readonly ours: readonly number[]; readonly floor: readonly number[] },
): Measure {
  const [oursUs, theirsUs] = [median(ours) * 1000, median(floor) * 1000];
  return { name, ratio: oursUs / theirsUs, target, oursUs, theirsUs };
}

function writePlainly(folder: string, update: Update, name: string, finish?: () => void): number {
  const bytes = Buffer.from(JSON.stringify(encodeUpdate(update)));
  const temporary = join(folder, `t${name}${update.seq}`);
  const started = performance.now();
  const file = openSync(temporary, "wx");
  writeSync(file, bytes);
  fsyncSync(file);
  closeSync(file);
  linkSync(temporary, join(folder, `u${name}${update.seq}`));
  finish?.();
  const took = performance.now() - started;
  unlinkSync(temporary);
  return took;
}

function syncFolder(folder: string): void {
  const directory = openSync(folder, "r");
  fsyncSync(directory);
  closeSync(directory);
}

export interface RollupCost {
  readonly history: number;
  /** Of one round with 100 new updates. */
  readonly requests: number;
  readonly bytes: number;
  readonly ms: number;
}

/** One warm round with 100 new updates on top of histories of different length: requests, bytes and time. */
export async function measureRollups(
  histories: readonly number[] = [1_000, 10_000, 100_000],
): Promise<readonly RollupCost[]> {
  const clock = { now: Date.UTC(2026, 10, 21) };
  const bucket = createCountingBucket(createMemoryBucket({ now: () => clock.now }));
  const platform = { ...createNodePlatform(), now: () => clock.now };
  const host: Host = { bucket, platform, settings: newSettings() };
  await createStore(host, store);
  const rollup = createRollup(host, { store, model: rawModel });
  const costs: RollupCost[] = [];
  let written = 0;
  for (const history of histories) {
    while (written < history) {
      const count = Math.min(5_000, history - written);
      await fill(host, clock, written, count);
      written += count;
      while ((await rollup.round({ hint: true })).more);
    }
    costs.push(await measureRounds(host, rollup, clock, history, (from) => fill(host, clock, from, 100)));
    written += 100 * roundsMeasured;
  }
  return costs;
}

const roundsMeasured = 9;

async function measureRounds(
  host: Host,
  rollup: ReturnType<typeof createRollup>,
  clock: { now: number },
  history: number,
  fillFrom: (from: number) => Promise<void>,
): Promise<RollupCost> {
  const bucket = host.bucket as ReturnType<typeof createCountingBucket>;
  const rounds: RollupCost[] = [];
  for (let i = 0; i < roundsMeasured; i++) {
    await fillFrom(history + i * 100);
    clock.now += 5_000;
    bucket.reset();
    const started = performance.now();
    const report = await rollup.round({ hint: true });
    const ms = performance.now() - started;
    const { get, put, swap, list, bytesIn, bytesOut } = bucket.counts();
    if (report.jobs.length === 0)
      rounds.push({ history, requests: get + put + swap + list, bytes: bytesIn + bytesOut, ms });
  }
  const by = (value: (cost: RollupCost) => number) => median(rounds.map(value));
  return {
    history,
    requests: by((one) => one.requests),
    bytes: by((one) => one.bytes),
    ms: by((one) => one.ms),
  };
}

/** Puts raw updates straight into the bucket, as many writers' appends would have. */
async function fill(host: Host, clock: { now: number }, from: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    clock.now += 1;
    const update = newBenchUpdate(from + i + 1, 1);
    const key = updateKey({ store, timestamp: toTimestamp(clock.now), app: update.app });
    const body = host.platform.encodeText(JSON.stringify(encodeUpdate(update)));
    await host.bucket.putIfAbsent(key, { body, contentType: "application/json", cacheControl: "" });
  }
  clock.now += 5_000;
}

export interface ReaderMemory {
  readonly updates: number;
  readonly logBytes: number;
  readonly heapBytes: number;
}

/** Heap that a replay of the whole log holds at its end, for logs of different length and one small state. */
export async function measureReaders(
  lengths: readonly number[] = [10_000, 100_000],
): Promise<readonly ReaderMemory[]> {
  const folder = mkdtempSync(join(tmpdir(), "icecore-bench-"));
  const found: ReaderMemory[] = [];
  try {
    for (const updates of lengths) {
      const clock = { now: Date.UTC(2026, 10, 21) };
      const platform = { ...createNodePlatform(), now: () => clock.now };
      const memory = createMemoryBucket({ now: () => clock.now });
      const bucket = await createFolderBucket(join(folder, String(updates)), platform);
      await createStore({ bucket: memory, platform, settings: newSettings() }, store);
      await roll({ bucket: memory, platform, settings: newSettings() }, clock, updates);
      await copyAll(memory, bucket);
      found.push(await replayHeap({ bucket, platform, settings: newSettings() }, updates));
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function roll(host: Host, clock: { now: number }, updates: number): Promise<void> {
  const rollup = createRollup(host, { store });
  for (let written = 0; written < updates; written += 5_000) {
    await fillSameApps(host, clock, written, Math.min(5_000, updates - written));
    while ((await rollup.round({ hint: true })).more);
  }
}

/** A hundred apps, however long the log: what a reader keeps of them does not grow. */
async function fillSameApps(host: Host, clock: { now: number }, from: number, count: number): Promise<void> {
  for (let i = from; i < from + count; i++) {
    clock.now += 1;
    const update = newBenchUpdate((i % 100) + 1, Math.floor(i / 100) + 1);
    const key = updateKey({ store, timestamp: toTimestamp(clock.now), app: update.app });
    const body = host.platform.encodeText(JSON.stringify(encodeUpdate(update)));
    await host.bucket.putIfAbsent(key, { body, contentType: "application/json", cacheControl: "" });
  }
  clock.now += 5_000;
}

async function copyAll(from: Host["bucket"], to: Host["bucket"]): Promise<void> {
  for (const prefix of ["heads/", "segments/", "indexes/", "marks/"]) {
    const { objects } = await from.list(prefix, { limit: 100_000 });
    for (const { key } of objects) {
      const object = await from.get(key);
      if (object.is === "found")
        await to.putIfAbsent(key, { body: object.body, contentType: "application/json", cacheControl: "" });
    }
  }
}

async function replayHeap(host: Host, updates: number): Promise<ReaderMemory> {
  const counting = createCountingBucket(host.bucket);
  const before = usedHeap();
  const replay = createReplay({ ...host, bucket: counting }, { store, model: rawModel, fromStart: true });
  await replay.advanceTo();
  const heapBytes = Math.max(0, usedHeap() - before);
  if (replay.applied !== updates) throw new Error(`replayed ${replay.applied} of ${updates} updates`);
  return { updates, logBytes: counting.counts().bytesIn, heapBytes };
}

function usedHeap(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
