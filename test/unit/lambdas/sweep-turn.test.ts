/** The rotation of the sweep. */
import { expect, test } from "vitest";
import { storesAtOnce } from "../../../lambdas/limits.ts";
import { minuteOf, sweepTurn } from "../../../lambdas/sweep-turn.ts";
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

test("The stores of a turn are the same in each rotation, but others come first.", () => {
  const all = storesOf(50);
  const rotations = Array.from({ length: 13 }, (_, i) => sweepTurn(all, 29_000_000 + i, 50).stores);
  for (const stores of rotations) expect([...stores].sort()).toEqual(all);
  // At work at once are four: after thirteen sweeps each was among them.
  expect(new Set(rotations.flatMap((stores) => stores.slice(0, storesAtOnce))).size).toBe(50);
});

test("Once in seven days a store's raw updates are looked at from the very beginning, not all stores on one day.", () => {
  const all = storesOf(40);
  const days = new Map<string, number[]>();
  let perDay = Array.from({ length: 14 }, () => 0);
  for (let minute = 0; minute < 14 * 24 * 60; minute++)
    for (const store of sweepTurn(all, 29_000_000 + minute, 50).whole) {
      const day = Math.floor(minute / (24 * 60));
      days.set(store, [...(days.get(store) ?? []), day]);
      perDay = perDay.map((count, i) => (i === day ? count + 1 : count));
    }
  expect(days.size).toBe(40);
  for (const seen of days.values()) {
    expect(seen).toHaveLength(2);
    expect((seen[1] ?? 0) - (seen[0] ?? 0)).toBe(7);
  }
  expect(Math.max(...perDay)).toBeLessThan(20);
});

test("A turn goes by the minute that the schedule meant, and by the clock where it meant none.", () => {
  const now = Date.UTC(2026, 10, 21, 9, 2, 0, 500);
  const minute = Date.UTC(2026, 10, 21, 9, 0) / 60_000;
  expect(minuteOf("2026-11-21T09:00:59Z", now)).toBe(minute);
  expect(minuteOf("2026-11-21T09:02:01Z", now)).toBe(minute + 2);
  for (const none of [undefined, 7, "", "soon", "2015-10-08T16:53:06Z", "<aws.scheduler.scheduled-time>"])
    expect(minuteOf(none, now)).toBe(minute + 2);
});
