/** The rotation of the sweep. */
import { expect, test } from "vitest";
import { sweepTurn } from "../../../lambdas/sweep-turn.ts";
import { testStoreId } from "../../fixtures/store-host.ts";

const storesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => testStoreId(`store-${String(i).padStart(5, "0")}`));

test.each([
  [0, 50],
  [1, 50],
  [50, 50],
  [51, 50],
  [173, 50],
  [1_000, 7],
])("With %i stores and %i a minute each has its turn once in each rotation.", (count, storesMax) => {
  const all = storesOf(count);
  const turns = Math.max(1, Math.ceil(count / storesMax));
  const seen = Array.from({ length: turns }, (_, i) => sweepTurn(all, 29_000_000 + i, storesMax).stores);
  expect(seen.flat().sort()).toEqual(all);
  for (const stores of seen) expect(stores.length).toBeLessThanOrEqual(storesMax);
});

test.each([
  [40, 50],
  [700, 7],
])("With %i stores and %i a minute each is collected once a day, a few at a time.", (count, storesMax) => {
  const all = storesOf(count);
  const turns = Math.ceil(count / storesMax);
  const minutes = Math.floor((24 * 60) / turns) * turns;
  const counts = new Map<string, number>();
  let most = 0;
  for (let minute = 0; minute < minutes; minute++) {
    const { collected } = sweepTurn(all, 29_000_000 + minute, storesMax);
    most = Math.max(most, collected.length);
    for (const store of collected) counts.set(store, (counts.get(store) ?? 0) + 1);
  }
  const often = [...counts.values()];
  expect(Math.max(...often)).toBe(1);
  // A rotation that does not divide the day lets some fall to the next day's beginning.
  expect(counts.size).toBeGreaterThan(0.85 * count);
  expect(most).toBeLessThanOrEqual(storesMax);
});

test("Two sweeps of one minute look at the same stores.", () => {
  const all = storesOf(120);
  expect(sweepTurn(all, 77, 50)).toEqual(sweepTurn(all, 77, 50));
});
