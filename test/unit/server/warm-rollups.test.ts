/** What stays warm is bounded by number and by size: the least lately used leaves first, and the one at work never does. */
import { describe, expect, test } from "vitest";
import { createStoreRounds } from "../../../lambdas/store-rounds.ts";
import { createWarmRollups } from "../../../server/warm-rollups.ts";
import { createRollup } from "../../../shared/drive/rollup.ts";
import { createStore } from "../../../shared/drive/store.ts";
import { createWriter } from "../../../shared/drive/writer.ts";
import type { StoreId } from "../../../shared/wire/ids.ts";
import { toTimestamp, zeroTimestamp } from "../../../shared/wire/time.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";
import { appendAll, createTestStore, testStoreId, testUpdate } from "../../fixtures/store-host.ts";

/** Stores by the size of their state, in characters. */
async function createWorld(sizes: Readonly<Record<string, number>>) {
  const world = await createTestStore({ snapshotBytesMin: 0, inlineBytesMax: 0 });
  const stores: Record<string, StoreId> = {};
  for (const [name, size] of Object.entries(sizes)) {
    const store = testStoreId(name);
    stores[name] = store;
    await createStore(world.host, store);
    const big = [{ key: "k", value: "x".repeat(size) }];
    await appendAll({ ...world, store, writer: createWriter(world.host, store) }, [testUpdate(1, 1, big)]);
  }
  world.clock.now += 10_000;
  return { ...world, stores };
}

type World = Awaited<ReturnType<typeof createWorld>>;

/** Looks at these stores in turn; which of them had to be read again. */
async function coldOnes(
  world: World,
  options: { warmMax: number; warmBytesMax?: number },
  names: readonly string[],
) {
  const rollups = createWarmRollups(world.host, { models: () => pairsModel, ...options });
  const seen = new Set<string>();
  const again: string[] = [];
  for (const name of names) {
    world.host.bucket.reset();
    const store = world.stores[name] ?? world.store;
    await rollups.rounds(store, { goOn: () => true, onRound: () => undefined });
    // A warm look is a GET of the head alone; a cold one reads the snapshot, too.
    const { get, getUnchanged } = world.host.bucket.counts();
    if (seen.has(name) && get + getUnchanged > 1) again.push(name);
    seen.add(name);
  }
  return again;
}

describe("createWarmRollups", () => {
  test("keeps what it has folded while there is room.", async () => {
    const world = await createWorld({ a: 1_000, b: 1_000, c: 1_000 });
    const order = ["a", "b", "c", "a", "b", "c"];
    expect(await coldOnes(world, { warmMax: 10, warmBytesMax: 50_000 }, order)).toEqual([]);
    expect(await coldOnes(world, { warmMax: 10 }, order)).toEqual([]);
  });

  test("gives up the least lately used when there are too many.", async () => {
    const world = await createWorld({ a: 1_000, b: 1_000, c: 1_000 });
    expect(await coldOnes(world, { warmMax: 2 }, ["a", "b", "a", "c", "a", "b"])).toEqual(["b"]);
  });

  test("gives up the least lately used when all together are too large, as many as it takes.", async () => {
    const world = await createWorld({ a: 1_000, b: 1_000, c: 1_000, large: 40_000 });
    const order = ["a", "b", "c", "large", "c", "b", "a"];
    // The large one leaves room for one small one.
    expect(await coldOnes(world, { warmMax: 10, warmBytesMax: 42_000 }, order)).toEqual(["b", "a"]);
  });

  test("keeps the one that it has just worked for, however large: the next round of it would begin from nothing.", async () => {
    const world = await createWorld({ a: 1_000, large: 40_000 });
    const order = ["a", "large", "large", "large", "a", "large"];
    expect(await coldOnes(world, { warmMax: 10, warmBytesMax: 10_000 }, order)).toEqual(["a", "large"]);
  });
});

test("In a Lambda the bound goes by the function's memory; what is warm is given up for another store's sake.", async () => {
  const world = await createWorld({ a: 20_000, b: 20_000 });
  const silent = () => undefined;
  const log = { begin: silent, info: silent, warn: silent, error: silent };
  const model = { ok: true, value: pairsModel } as const;
  const gets = async (warmBytesMax: number) => {
    const rounds = createStoreRounds({ host: world.host, model, log, warmBytesMax });
    for (const name of ["a", "b", "a"]) {
      world.host.bucket.reset();
      await rounds.run(world.stores[name] ?? world.store, { hint: false, goOn: () => true });
    }
    return world.host.bucket.counts().get;
  };
  expect(await gets(100_000)).toBe(1);
  expect(await gets(30_000)).toBeGreaterThan(1);
});

describe("A rollup says how much it keeps", () => {
  test("nothing before its first round; then about its state as JSON, also where no snapshot was written yet.", async () => {
    const world = await createWorld({ big: 30_000 });
    const store = world.stores.big ?? world.store;
    const never = { ...world.host.settings, snapshotBytesMin: 1e9, snapshotAgeMs: 1e12 };
    for (const host of [{ ...world.host, settings: never }, world.host]) {
      const rollup = createRollup(host, { store, model: pairsModel });
      expect(rollup.warmBytes).toBe(0);
      await rollup.round();
      expect(rollup.warmBytes).toBeGreaterThan(30_000);
      expect(rollup.warmBytes).toBeLessThan(32_000);
    }
  });

  test("without a model only the marks, and those grow with the apps.", async () => {
    const world = await createWorld({});
    for (let app = 1; app <= 20; app++)
      await world.writer.append({ ...testUpdate(app, 1), after: toTimestamp(zeroTimestamp) });
    world.clock.now += 10_000;
    const rollup = createRollup(world.host, { store: world.store });
    await rollup.round();
    expect(rollup.warmBytes).toBeGreaterThan(20 * 100);
    expect(rollup.warmBytes).toBeLessThan(20 * 500);
  });
});
