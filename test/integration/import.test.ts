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
import { headKey, updateKey } from "../../shared/wire/keys.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate, type StampedUpdate } from "../../shared/wire/update.ts";
import { ulid } from "../fixtures/cli-store.ts";
import { editJson, writeJson } from "../fixtures/edit-objects.ts";
import { testStart, testStoreId, testUpdate } from "../fixtures/store-host.ts";
import { withTrailer } from "../unit/log/exports.ts";

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
    now() {
      if (random() < 0.3) clock.now += 1;
      return clock.now;
    },
    async wait(ms: number) {
      clock.now += ms;
    },
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

describe("An import", () => {
  const random = () => 0.5;

  async function createTwo(count = 5) {
    const source = createWorld(random);
    await createStore(source.host, store);
    await write(source.host, { ids: 0, seqs: new Map() }, { random: createRandom(7), count });
    await publishAll(source);
    const lines = await exportLines(source.host);
    const target = createWorld(random);
    await createStore(target.host, store);
    return { lines, target, log: await logOf(source.host) };
  }

  it("sends again what came too late for a rollup that has listed already, and loses nothing by it", async () => {
    const { lines, target, log } = await createTwo();
    const { host, clock } = target;
    const [first, second] = log;
    if (!first || !second) throw new Error("the source has updates");
    await importAll(host, [...lines.slice(0, 2), trailerFor(lines.slice(0, 2))]);
    // A rollup seals and lists, and is held before it links. What it has listed reaches beyond a time at which nothing lies yet.
    clock.now += 500;
    const between = toTimestamp(clock.now);
    clock.now += 500;
    const other = testUpdate(9, 1);
    await createWriter(host, store).append(other);
    clock.now += 1_000;
    const gate = createGate();
    let swaps = 0;
    const putIfMatch: Bucket["putIfMatch"] = async (...args) => {
      swaps += 1;
      if (swaps === 2) await gate.reached();
      return host.bucket.putIfMatch(...args);
    };
    const rolling = createRollup({ ...host, bucket: { ...host.bucket, putIfMatch } }, { store }).round({
      hint: true,
    });
    await gate.waiting;
    // The next update of a killed import lands now, below the seal.
    const { timestamp: _, ...late } = second;
    const key = updateKey({ store, timestamp: between, app: second.app });
    await writeJson(host, key, encodeUpdate(late));
    expect(await importAll(host, lines)).toMatchObject({ imported: log.length - 2, alreadyThere: 2 });
    gate.open();
    await rolling;
    await publishAll(target);
    const [one, ...rest] = log.map(({ id }) => id);
    expect((await logOf(host)).map(({ id }) => id)).toEqual([one, other.id, ...rest]);
  });

  it("waits while the bucket gives no clear answer, and gives up in the end with how far it came", async () => {
    const { lines, target } = await createTwo();
    const { host } = target;
    let refused = 0;
    const putIfAbsent =
      (until: number): Bucket["putIfAbsent"] =>
      async (key, content) => {
        if (!key.includes("C") && refused++ < until)
          return { is: "unknown", why: "time-out", date: target.clock.now };
        return host.bucket.putIfAbsent(key, content);
      };
    const attempts = host.settings.attemptsMax;
    const patient = { ...host, bucket: { ...host.bucket, putIfAbsent: putIfAbsent(4 * attempts) } };
    await importAll(patient, [...lines.slice(0, 2), trailerFor(lines.slice(0, 2))]);
    refused = 0;
    const lost = { ...host, bucket: { ...host.bucket, putIfAbsent: putIfAbsent(Number.POSITIVE_INFINITY) } };
    await expect(importAll(lost, lines)).rejects.toMatchObject({
      kind: "unavailable",
      what: expect.stringMatching(
        /^The import came to line 3 of the export: Store "main" took no update in 5 tries/,
      ),
      fix: expect.stringContaining("run the import again: it goes on from there"),
    });
    expect(await importAll(host, lines)).toMatchObject({ imported: lines.length - 3, alreadyThere: 1 });
  });

  it("stops where the store is made anew meanwhile", async () => {
    const { lines, target } = await createTwo();
    const { host } = target;
    async function* slowly(): AsyncGenerator<string> {
      for (const [i, line] of lines.entries()) {
        if (i === 3)
          await editJson(host, headKey(store), (head) => ({ ...head, epoch: "another0another0", rev: 9 }));
        yield line;
      }
    }
    await expect(importLog(host, { store, lines: slowly() })).rejects.toMatchObject({
      kind: "conflict",
      what: expect.stringContaining("was made anew or recovered"),
    });
  });

  it("makes no store of what is no export, and closes what it reads from", async () => {
    const { host } = createWorld(random);
    let closed = false;
    async function* garbage(): AsyncGenerator<string> {
      try {
        yield "garbage";
        yield "more";
      } finally {
        closed = true;
      }
    }
    await expect(importLog(host, { store, lines: garbage() })).rejects.toMatchObject({ kind: "rejected" });
    expect([closed, (await host.bucket.list("")).objects]).toEqual([true, []]);
  });
});

describe("An export", () => {
  it("has no trailer when the store is made anew meanwhile", async () => {
    const random = () => 0.5;
    const { host, ...world } = createWorld(random, { inlineBytesMax: 0 });
    await createStore(host, store);
    await write(host, { ids: 0, seqs: new Map() }, { random: createRandom(3), count: 3 });
    await publishAll({ host, ...world });
    const lines: string[] = [];
    const get: Bucket["get"] = async (key, options) => {
      if (!key.startsWith("segments/")) return host.bucket.get(key, options);
      await editJson(host, headKey(store), (head) => ({
        ...head,
        epoch: "another0another0",
        rev: 99,
        segments: [],
        publishedThrough: head.floor ?? null,
        marks: null,
      }));
      return { is: "absent", date: world.clock.now };
    };
    const sink = { line: (text: string) => void lines.push(text), flush: async () => undefined };
    const exporting = exportLog(
      { ...host, bucket: { ...host.bucket, get } },
      { store, from: null, to: null, sink },
    );
    await expect(exporting).rejects.toMatchObject({ kind: "conflict" });
    expect(lines.map((line) => JSON.parse(line).format)).toEqual(["icecore-export-1"]);
  });
});

/** Lets one call wait until it is opened. */
function createGate() {
  let reach = () => undefined as unknown;
  let pass = () => undefined as unknown;
  const waiting = new Promise<void>((resolve) => (reach = resolve));
  const passing = new Promise<void>((resolve) => (pass = resolve));
  return {
    waiting,
    open: () => void pass(),
    reached() {
      reach();
      return passing;
    },
  };
}

function trailerFor(lines: readonly string[]): string {
  return withTrailer(lines).at(-1) ?? "";
}
