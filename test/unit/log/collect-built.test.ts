/** The times of the sweep (docs/protocol.md, "Delete"), on a clock that stands still until it is moved. */
import { beforeEach, describe, expect, test } from "vitest";
import { createRollup } from "../../../shared/drive/rollup.ts";
import { run } from "../../../shared/drive/run.ts";
import { readStoreHead } from "../../../shared/drive/store.ts";
import { collectBuilt } from "../../../shared/log/collect-built.ts";
import { merge } from "../../../shared/log/merge.ts";
import { type BuiltKind, builtKey, builtKinds, builtPrefix } from "../../../shared/wire/keys.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { appendAll, createTestStore, type TestStore, testUpdate } from "../../fixtures/store-host.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const namedKinds = builtKinds.filter((kind) => kind !== "sweeps");

let world: TestStore;
let seq: number;

/** Two updates in two segments: the head is at a rev that an object can lie below. */
beforeEach(async () => {
  world = await createTestStore({ mergeFanIn: 2 });
  seq = 0;
  for (let i = 0; i < 2; i++) await publishOne();
});

/** Raises the head's rev. Publishes alone: what a round would merge stays listed until a test merges it. */
async function publishOne(): Promise<void> {
  seq += 1;
  await appendAll(world, [testUpdate(1, seq)]);
  world.clock.now += 10_000;
  const unmerged = { ...world.host, settings: { ...world.host.settings, mergeFanIn: 1_000 } };
  await createRollup(unmerged, { store: world.store }).round({ hint: true });
}

const sweep = () => run(collectBuilt, { store: world.store }, world.host);
const head = async () => (await readStoreHead(world.host, world.store)).head;

/** What a job left behind that built its object against the head at `rev` and could not link it. */
async function orphan(kind: BuiltKind, rev: number, nonce = "0rphan"): Promise<string> {
  const model = kind === "snapshots" ? { modelVersion: 1 } : {};
  const through = toTimestamp(world.clock.now);
  const key = builtKey({ kind, store: world.store, through, ...model, rev, nonce });
  const body = world.host.platform.encodeText("{}");
  await world.host.bucket.putIfAbsent(key, { body, contentType: "application/json", cacheControl: "" });
  return key;
}

async function keysOf(...kinds: readonly BuiltKind[]): Promise<readonly string[]> {
  const pages = kinds.map((kind) => world.host.bucket.list(builtPrefix(kind, world.store)));
  return (await Promise.all(pages)).flatMap(({ objects }) => objects.map(({ key }) => key));
}

describe("What no head lists", () => {
  test("is kept by one sweep alone, however old it is.", async () => {
    const orphans: string[] = [];
    for (const kind of namedKinds) orphans.push(await orphan(kind, 1));
    world.clock.now += 400 * dayMs;
    expect(await sweep()).toMatchObject({ deleted: [], kept: orphans.length });
    expect(await keysOf(...namedKinds)).toEqual(expect.arrayContaining(orphans));
  });

  test("is kept 6 d 23 h after a sweep found it unlisted, and gone after 7 d.", async () => {
    const orphans: string[] = [];
    for (const kind of namedKinds) orphans.push(await orphan(kind, 1));
    const listed = (await head()).segments.map(({ key }) => key);
    await sweep();
    world.clock.now += 6 * dayMs + 23 * hourMs;
    expect(await sweep()).toMatchObject({ deleted: [], kept: orphans.length });
    // It is not linkFrom that holds them back: that has moved past their rev.
    expect((await head()).linkFrom).toBeGreaterThan(1);
    expect(await keysOf(...namedKinds)).toEqual(expect.arrayContaining(orphans));
    world.clock.now += hourMs;
    const { deleted, kept } = await sweep();
    expect([...deleted].sort()).toEqual([...orphans].sort());
    expect(kept).toBe(0);
    expect(await keysOf(...namedKinds)).toEqual(listed);
  });

  test("is gone a millisecond after it was not yet: the retention is exact.", async () => {
    await orphan("segments", 1);
    await sweep();
    world.clock.now += 7 * dayMs - 1;
    expect((await sweep()).deleted).toEqual([]);
    world.clock.now += 1;
    expect((await sweep()).deleted).toHaveLength(1);
  });

  test("has its 7 d from the sweep that found it, not from an older one that did not.", async () => {
    const early = await orphan("segments", 1, "ear1y");
    await sweep();
    world.clock.now += 3 * dayMs;
    const late = await orphan("segments", 1, "1ate");
    await sweep();
    world.clock.now += 4 * dayMs;
    expect((await sweep()).deleted).toEqual([early]);
    world.clock.now += 3 * dayMs - 1;
    expect((await sweep()).deleted).toEqual([]);
    world.clock.now += 1;
    expect((await sweep()).deleted).toEqual([late]);
  });

  test("counts from when it left the list: what a merge replaced stays for slow readers, though it is old.", async () => {
    const inputs = (await head()).segments.map(({ key }) => key);
    await publishOne();
    await sweep();
    world.clock.now += 30 * dayMs;
    expect(await run(merge, { store: world.store }, world.host)).toMatchObject({ is: "merged" });
    expect((await sweep()).deleted).toEqual([]);
    world.clock.now += 7 * dayMs - 1;
    expect((await sweep()).deleted).toEqual([]);
    world.clock.now += 1;
    expect([...(await sweep()).deleted].sort()).toEqual([...inputs].sort());
  });

  test("is kept past its time while its rev is not below linkFrom: somebody may still link it.", async () => {
    const { rev } = await head();
    const key = await orphan("segments", rev);
    await sweep();
    world.clock.now += 8 * dayMs;
    expect(await sweep()).toMatchObject({ deleted: [], kept: 1, linkFrom: rev });
    world.clock.now += 8 * dayMs;
    expect(await sweep()).toMatchObject({ deleted: [key], linkFrom: rev + 1 });
  });
});

describe("linkFrom", () => {
  test("stays where it is when a day has not gone: 23 h, and all but a millisecond.", async () => {
    await sweep();
    await publishOne();
    const { linkFrom, rev } = await head();
    world.clock.now += 23 * hourMs - 10_001;
    expect(await sweep()).toMatchObject({ linkFrom });
    world.clock.now += hourMs - 1;
    expect(await sweep()).toMatchObject({ linkFrom });
    expect(await head()).toMatchObject({ linkFrom, rev });
  });

  test("moves after a day to the rev that the sweep had noted, not to the one of today.", async () => {
    const noted = (await head()).rev;
    const swept = world.clock.now;
    await sweep();
    await publishOne();
    expect((await head()).rev).toBeGreaterThan(noted);
    world.clock.now = swept + dayMs;
    expect(await sweep()).toMatchObject({ linkFrom: noted });
    expect(await head()).toMatchObject({ linkFrom: noted });
  });

  test("follows the newest of the notes that are a day old.", async () => {
    const revs: number[] = [];
    const at: number[] = [];
    for (let i = 0; i < 3; i++) {
      revs.push((await head()).rev);
      at.push(world.clock.now);
      await sweep();
      world.clock.now += 8 * hourMs;
      await publishOne();
    }
    world.clock.now = (at[1] ?? 0) + dayMs;
    expect(await sweep()).toMatchObject({ linkFrom: revs[1] });
  });
});

describe("A sweep's note", () => {
  test("is kept for twice the retention.", async () => {
    await sweep();
    const [first = ""] = await keysOf("sweeps");
    world.clock.now += 14 * dayMs;
    await sweep();
    expect(await keysOf("sweeps")).toContain(first);
    world.clock.now += 1;
    await sweep();
    expect(await keysOf("sweeps")).not.toContain(first);
  });
});
