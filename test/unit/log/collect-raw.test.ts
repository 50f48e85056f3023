/** Where collectRaw looks: at everything, or only where something may have been put there late; and that one part's failure stops no other. */
import { describe, expect, test } from "vitest";
import { createRollup } from "../../../shared/drive/rollup.ts";
import { run } from "../../../shared/drive/run.ts";
import { collectGarbage } from "../../../shared/drive/store.ts";
import { StoreError } from "../../../shared/errors.ts";
import { collectRaw } from "../../../shared/log/collect-raw.ts";
import { builtPrefix, listAfterPosition, updateKey, updatesPrefix } from "../../../shared/wire/keys.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import {
  appendAll,
  createTestStore,
  type TestStore,
  testApp,
  testUpdate,
} from "../../fixtures/store-host.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A store whose log ends at `through`, and ghosts so long below it. */
async function worldWithGhosts(agesMs: readonly number[]) {
  const test = await createTestStore();
  test.clock.now += 10 * dayMs;
  await appendAll(test, [testUpdate(1, 1)]);
  test.clock.now += 10_000;
  const { known } = await createRollup(test.host, { store: test.store }).round();
  const through = known.head.publishedThrough;
  const ghosts = agesMs.map((ageMs) =>
    updateKey({ store: test.store, app: testApp(2), timestamp: toTimestamp(through - ageMs) }),
  );
  for (const key of ghosts) await putText(test, key);
  return { ...test, through, ghosts };
}

async function putText({ host }: TestStore, key: string): Promise<void> {
  const content = {
    body: host.platform.encodeText("{}"),
    contentType: "application/json",
    cacheControl: "no-store",
  };
  await host.bucket.putIfAbsent(key, content);
}

/** Where each LIST of raw updates begins. */
function watched(test: TestStore) {
  const begins: (string | null)[] = [];
  const bucket: typeof test.host.bucket = {
    ...test.host.bucket,
    list(prefix, options) {
      if (prefix === updatesPrefix(test.store)) begins.push(options?.after ?? null);
      return test.host.bucket.list(prefix, options);
    },
  };
  return { begins, host: { ...test.host, bucket } };
}

describe("collectRaw", () => {
  test("Looks from the very beginning, when it is not told otherwise.", async () => {
    const world = await worldWithGhosts([9 * dayMs, hourMs]);
    const { begins, host } = watched(world);
    expect(await run(collectRaw, { store: world.store, through: null }, host)).toEqual({ deleted: 2 });
    expect(begins).toEqual([null]);
  });

  test("Looks only so far below publishedThrough, so that what was deleted before is not passed again.", async () => {
    const world = await worldWithGhosts([9 * dayMs, dayMs + 1, dayMs - 1, 0]);
    const { begins, host } = watched(world);
    const look = { store: world.store, through: null, recentMs: dayMs };
    expect(await run(collectRaw, look, host)).toEqual({ deleted: 2 });
    expect(begins).toEqual([listAfterPosition(world.store, toTimestamp(world.through - dayMs))]);
    const left = (await world.host.bucket.list(updatesPrefix(world.store))).objects.map(({ key }) => key);
    expect(left).toEqual(world.ghosts.slice(0, 2));
  });

  test("A log that is younger than that is looked at from its beginning.", async () => {
    const world = await worldWithGhosts([hourMs]);
    const { begins, host } = watched(world);
    const look = { store: world.store, through: toTimestamp(world.through), recentMs: world.through + 1 };
    expect(await run(collectRaw, look, host)).toEqual({ deleted: 1 });
    expect(begins).toEqual([null]);
  });

  test("What is not published stays, wherever it looks from.", async () => {
    const world = await worldWithGhosts([]);
    await appendAll(world, [testUpdate(3, 1)]);
    const look = { store: world.store, through: null, recentMs: dayMs };
    expect(await run(collectRaw, look, world.host)).toEqual({ deleted: 0 });
    expect((await world.host.bucket.list(updatesPrefix(world.store))).objects).toHaveLength(1);
  });
});

describe("collectGarbage", () => {
  /** Fails whatever lists below this prefix. */
  function failing(test: TestStore, prefix: string): TestStore["host"] {
    const bucket: typeof test.host.bucket = {
      ...test.host.bucket,
      async list(below, options) {
        if (below !== prefix) return test.host.bucket.list(below, options);
        throw new StoreError({ kind: "unavailable", what: `No list of ${below}`, fix: "Later." });
      },
    };
    return { ...test.host, bucket };
  }
  const notes = async ({ host, store }: TestStore) =>
    (await host.bucket.list(builtPrefix("sweeps", store))).objects.length;

  test("Collects what was built where raw updates cannot be looked at, and says so then.", async () => {
    const world = await worldWithGhosts([hourMs]);
    const host = failing(world, updatesPrefix(world.store));
    await expect(collectGarbage(host, world.store)).rejects.toThrow("No list of updates/");
    expect(await notes(world)).toBe(1);
  });

  test("Collects raw updates where what was built cannot be looked at, and says so then.", async () => {
    const world = await worldWithGhosts([hourMs]);
    const host = failing(world, builtPrefix("segments", world.store));
    await expect(collectGarbage(host, world.store)).rejects.toThrow("No list of segments/");
    expect((await world.host.bucket.list(updatesPrefix(world.store))).objects).toEqual([]);
  });
});
