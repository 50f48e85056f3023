/** An import against a bucket that goes wrong, killed anywhere, beside rollups that die half-way: nothing lost, nothing twice, in order. */
import { describe, expect, it } from "vitest";
import { createFaultyBucket } from "../../bucket/faulty.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { auditStore } from "../../shared/drive/audit.ts";
import { exportLog } from "../../shared/drive/export.ts";
import { type ImportReport, importLog } from "../../shared/drive/import.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore, scanLog } from "../../shared/drive/store.ts";
import { createWriter } from "../../shared/drive/writer.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { newSettings, type Settings } from "../../shared/settings.ts";
import type { ActionId, UpdateId } from "../../shared/wire/ids.ts";
import { type Timestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { ulid } from "../fixtures/cli-store.ts";
import { testStart, testStoreId } from "../fixtures/store-host.ts";

const store = testStoreId("main");
const calm = { answerLost: 0, writeLost: 0, writeLate: 0, writeTwice: 0, writeFails: 0, callFails: 0 };
const rough = {
  answerLost: 0.05,
  writeLost: 0.05,
  writeLate: 0.05,
  writeTwice: 0.05,
  writeFails: 0.02,
  callFails: 0.02,
};

/** xorshift32: the same numbers for the same seed. */
function createRandom(seed: number): () => number {
  let state = (seed * 2_654_435_769) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A memory bucket with faults, on a clock that moves with each look at it. */
function createWorld(random: () => number, changes: Partial<Settings> = {}) {
  const clock = { now: testStart };
  const memory = createMemoryBucket({ now: () => clock.now });
  const bucket = createFaultyBucket(memory, { random, now: () => clock.now });
  const platform = {
    ...createNodePlatform(),
    random,
    now: () => (clock.now += random() < 0.3 ? 1 : 0),
    wait: async (ms: number) => void (clock.now += ms),
  };
  const host: Host = {
    bucket,
    platform,
    settings: newSettings({ graceMs: 50, inlineBytesMax: 500, ...changes }),
  };
  return { clock, bucket, host };
}

/** The host of a process that dies after so many calls to the bucket. */
function dying(host: Host, calls: number): Host {
  const kill = new AbortController();
  let left = calls;
  const counted = <A extends readonly unknown[], R>(call: (...args: A) => R) => {
    return (...args: A): R => {
      left -= 1;
      if (left <= 0) kill.abort();
      return call(...args);
    };
  };
  const { name, get, list, putIfAbsent, putIfMatch } = host.bucket;
  const bucket: Bucket = {
    name,
    get: counted(get),
    list: counted(list),
    putIfAbsent: counted(putIfAbsent),
    putIfMatch: counted(putIfMatch),
    delete: counted(host.bucket.delete),
  };
  return { ...host, bucket, signal: kill.signal };
}

interface Author {
  /** Its ids begin after it. */
  ids: number;
  readonly seqs: Map<number, number>;
}

/** Appends updates of random apps, some of them without actions. */
async function write(host: Host, author: Author, { random, count }: { random: () => number; count: number }) {
  const writer = createWriter(host, store);
  let after: Timestamp = zeroTimestamp;
  for (let i = 0; i < count; i++) {
    const app = 1 + Math.floor(random() * 3);
    const seq = (author.seqs.get(app) ?? 0) + 1;
    author.seqs.set(app, seq);
    author.ids += 1;
    const actions = Array.from({ length: Math.floor(random() * 4) }, (_, n) => ({
      id: ulid<ActionId>("C", author.ids * 10 + n),
      name: "add",
      data: { n },
    }));
    const update = {
      id: ulid<UpdateId>("B", author.ids),
      app: ulid("A", app),
      seq,
      after,
      modelVersion: 1,
      actions,
    };
    const outcome = await writer.append(update);
    if (outcome.is === "stored") after = outcome.timestamp;
  }
}

async function publishAll({ host, clock }: ReturnType<typeof createWorld>): Promise<void> {
  clock.now += 1_000;
  const rollup = createRollup(host, { store });
  while ((await rollup.round({ hint: true })).more);
}

async function exportLines(host: Host, to: Timestamp | null = null): Promise<readonly string[]> {
  const lines: string[] = [];
  const sink = { line: (text: string) => void lines.push(text), flush: async () => undefined };
  await exportLog(host, { store, from: null, to, sink });
  return lines;
}

async function logOf(host: Host): Promise<readonly StampedUpdate[]> {
  const log: StampedUpdate[] = [];
  await scanLog(host, { store, onRange: ({ updates }) => void log.push(...updates) });
  return log;
}

async function* given(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const importAll = (host: Host, lines: readonly string[]): Promise<ImportReport> =>
  importLog(host, { store, lines: given(lines) });

const actionsOf = (log: readonly StampedUpdate[]) =>
  log.flatMap(({ actions }) => actions.map(({ id }) => id));
const unlessPassing = (error: unknown) => {
  if (!(error instanceof StoreError) || ["corrupt", "rejected", "limit"].includes(error.kind)) throw error;
};

/** A source, and a target that is a fork of its beginning or a store of its own; the same apps wrote to both. */
async function createPair(seed: number, isFork: boolean) {
  const random = createRandom(seed);
  const source = createWorld(random);
  await createStore(source.host, store);
  const author: Author = { ids: 0, seqs: new Map() };
  await write(source.host, author, { random, count: 8 });
  await publishAll(source);
  const target = createWorld(random);
  if (isFork) await importAll(target.host, await exportLines(source.host));
  else await createStore(target.host, store);
  const seqs = isFork ? new Map(author.seqs) : new Map<number, number>();
  await write(target.host, { ids: 500, seqs }, { random, count: 5 });
  if (random() < 0.5) await publishAll(target);
  await write(source.host, author, { random, count: 12 });
  await publishAll(source);
  return { random, source, target };
}

/** Imports that die, and rollups that die, a few times over, in the worst of weather. */
async function struggle(
  { bucket, host, clock }: ReturnType<typeof createWorld>,
  lines: readonly string[],
  random: () => number,
): Promise<void> {
  bucket.setChances(rough);
  for (let round = 0; round < 4; round++) {
    await importAll(dying(host, 10 + Math.floor(random() * 60)), lines).catch(unlessPassing);
    clock.now += Math.floor(random() * 200);
    const rollup = createRollup(dying(host, 2 + Math.floor(random() * 12)), { store });
    await rollup.round({ hint: true }).catch(unlessPassing);
  }
  bucket.setChances(calm);
  if (random() < 0.5) await bucket.landHeld();
}

describe("An import that is killed again and again", () => {
  const seeds = Array.from({ length: 60 }, (_, i) => i + 1);

  it.each(seeds)("keeps everything, once and in order (seed %i)", async (seed) => {
    const { random, source, target } = await createPair(seed, seed % 2 === 0);
    const before = actionsOf(await logOf(source.host));
    const lines = await exportLines(source.host);
    await struggle(target, lines, random);
    await importAll(target.host, lines);
    const again = await importAll(target.host, lines);
    expect(again).toMatchObject({ imported: 0, alreadyThere: lines.length - 2, made: false });
    await target.bucket.landHeld();
    await publishAll(target);
    const log = await logOf(target.host);
    const wanted = new Set<string>(before);
    expect(actionsOf(log).filter((id) => wanted.has(id))).toEqual(before);
    const { findings } = await auditStore(target.host, { store });
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(await importAll(target.host, lines)).toMatchObject({ imported: 0 });
  });
});
