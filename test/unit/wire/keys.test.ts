import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BuiltKind,
  builtKey,
  builtKinds,
  builtPrefix,
  headKey,
  listAfterPosition,
  parseBuiltKey,
  parseHeadKey,
  parseUpdateKey,
  updateKey,
  updatesPrefix,
} from "../../../shared/wire/keys.ts";
import { formatTimestamp, toTimestamp } from "../../../shared/wire/time.ts";
import { appIds, nonces, revs, storeIds, timestamps } from "./arbitrary.ts";

const updateKeys = fc.record({ store: storeIds, timestamp: timestamps, app: appIds });
const builtKeys = fc
  .record({
    kind: fc.constantFrom(...builtKinds),
    store: storeIds,
    through: timestamps,
    rev: revs,
    nonce: nonces,
    version: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map(({ version, ...key }) => (key.kind === "snapshots" ? { ...key, modelVersion: version } : key));

test("Every update key is read back, and lies under its store's prefix.", () => {
  fc.assert(
    fc.property(updateKeys, (named) => {
      const key = updateKey(named);
      expect(parseUpdateKey(key)).toEqual(named);
      expect(key.startsWith(updatesPrefix(named.store))).toBe(true);
    }),
  );
});

test("Every built key is read back, and lies under the prefix of its kind and store.", () => {
  fc.assert(
    fc.property(builtKeys, (named) => {
      const key = builtKey(named);
      expect(parseBuiltKey(key)).toEqual(named);
      expect(key.startsWith(builtPrefix(named.kind, named.store))).toBe(true);
    }),
  );
});

test("Every head key is read back.", () => {
  fc.assert(fc.property(storeIds, (store) => parseHeadKey(headKey(store)) === store));
});

test("The order of a store's update keys is the order of the log: timestamp, then app.", () => {
  fc.assert(
    fc.property(storeIds, updateKeys, updateKeys, (store, a, b) => {
      const [keyA, keyB] = [updateKey({ ...a, store }), updateKey({ ...b, store })];
      const before = a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.app < b.app);
      expect(keyA < keyB).toBe(before);
    }),
  );
});

test("A LIST that starts after a position finds exactly the updates above it.", () => {
  const positions = timestamps.map((ms) => toTimestamp(Math.min(ms, Date.UTC(9999, 0, 1))));
  const near = fc
    .tuple(positions, fc.integer({ min: -2, max: 2 }))
    .map(([ms, by]) => [ms, toTimestamp(ms + by)] as const);
  fc.assert(
    fc.property(storeIds, near, appIds, (store, [position, timestamp], app) => {
      expect(updateKey({ store, timestamp, app }) > listAfterPosition(store, position)).toBe(
        timestamp > position,
      );
    }),
  );
});

test("No two stores, kinds or names share a key.", () => {
  fc.assert(
    fc.property(builtKeys, builtKeys, (a, b) => {
      expect(builtKey(a) === builtKey(b)).toBe(
        JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort()),
      );
    }),
  );
});

const ts = formatTimestamp(toTimestamp(1_800_000_000_000));
const app = "01M7YNM3K0YBGG07P5Y7N9X117";

test.each([
  `updates/../${ts}-${app}.json`,
  `updates/a/../b/${ts}-${app}.json`,
  `updates/A/${ts}-${app}.json`,
  `updates//${ts}-${app}.json`,
  `updates/a/${ts}-${app}`,
  `updates/a/${ts}-${app}.json.bak`,
  `updates/a/${ts}-${app.toLowerCase()}.json`,
  `updates/a/20260230T000000.000Z-${app}.json`,
  `updates/a/${ts}${app}.json`,
  `/updates/a/${ts}-${app}.json`,
  `updates/a/${ts}-${app}.json\n`,
  "",
])("%j is no update key.", (key) => {
  expect(parseUpdateKey(key)).toBeUndefined();
});

test.each([
  `segments/a/${ts}-m1-r1-abc.json`,
  `snapshots/a/${ts}-r1-abc.json`,
  `segments/a/${ts}-r-abc.json`,
  `segments/a/${ts}-r1-ABC.json`,
  `segments/a/${ts}-r1-${"a".repeat(33)}.json`,
  `segments/../${ts}-r1-abc.json`,
  `updates/a/${ts}-r1-abc.json`,
  `constructor/a/${ts}-r1-abc.json`,
  `segments/a/${ts}-r1-abc.json/`,
])("%j is no built key.", (key) => {
  expect(parseBuiltKey(key)).toBeUndefined();
});

test.each(["heads/..json", "heads/../x.json", "heads/a", "heads/A.json", "heads/a.json.json", "head/a.json"])(
  "%j is no head key.",
  (key) => {
    expect(parseHeadKey(key)).toBeUndefined();
  },
);

test("No text at all is more than one kind of key.", () => {
  const texts = fc.oneof(
    fc.string(),
    updateKeys.map(updateKey),
    builtKeys.map(builtKey),
    storeIds.map(headKey),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const kinds: (BuiltKind | "update" | "head" | undefined)[] = [
        parseBuiltKey(text)?.kind,
        parseUpdateKey(text) && "update",
        parseHeadKey(text) && "head",
      ];
      expect(kinds.filter((kind) => kind !== undefined).length).toBeLessThan(2);
    }),
  );
});
