/** The exact keys of a store's objects. They are stored formats too: other programs and policies rely on them. */
import { expect, test } from "vitest";
import {
  appKey,
  appsPrefix,
  builtKey,
  builtKinds,
  builtPrefix,
  headKey,
  headsPrefix,
  keptPrefixes,
  listAfterPosition,
  parseAppKey,
  parseBuiltKey,
  parseHeadKey,
  parseUpdateKey,
  probesPrefix,
  probesRoot,
  updateKey,
  updatesPrefix,
} from "../../shared/wire/keys.ts";
import { zeroTimestamp } from "../../shared/wire/time.ts";
import { keys, phone, store, times } from "./values.ts";

test("The head of a store lies under heads/.", () => {
  expect(headsPrefix).toBe("heads/");
  expect(headKey(store)).toBe("heads/family.json");
  expect(parseHeadKey("heads/family.json")).toBe(store);
});

test("An update's key is its store, its timestamp and its app.", () => {
  const key = "updates/family/20261121T090503.209Z-01M7YNM3K0YBGG07P5Y7N9X117.json";
  const named = { store, timestamp: times.first, app: phone };
  expect(updatesPrefix(store)).toBe("updates/family/");
  expect(updateKey(named)).toBe(key);
  expect(parseUpdateKey(key)).toEqual(named);
});

test("Built objects have a folder of their own each, and their keys carry timestamp, model version, rev and nonce.", () => {
  expect(builtKinds).toEqual(["segments", "snapshots", "marks", "indexes", "sweeps"]);
  expect(builtKinds.map((kind) => builtPrefix(kind, store))).toEqual([
    "segments/family/",
    "snapshots/family/",
    "marks/family/",
    "indexes/family/",
    "sweeps/family/",
  ]);
  expect(keys).toEqual({
    early: "segments/family/20261121T090700.500Z-r2-7h3k9m2p5r8t1v4x.json",
    late: "segments/family/20261121T091200.042Z-r9-0a2b4c6d8e1f3g5h.json",
    snapshot: "snapshots/family/20261121T090700.500Z-m2-r4-k3m5n7p9q1r2s4t6.json",
    marks: "marks/family/20261121T090700.500Z-r3-v8w0x1y2z3a4b5c6.json",
    index: "indexes/family/20261121T090700.500Z-r10-d7e8f9g0h1j2k3m4.json",
  });
  const sweep = { kind: "sweeps", store, through: times.sealed, rev: 12, nonce: "a" } as const;
  expect(builtKey(sweep)).toBe("sweeps/family/20261121T091205.000Z-r12-a.json");
});

test("A built key says what it is made of.", () => {
  expect(parseBuiltKey(keys.snapshot)).toEqual({
    kind: "snapshots",
    store,
    through: times.foreign,
    modelVersion: 2,
    rev: 4,
    nonce: "k3m5n7p9q1r2s4t6",
  });
});

test("A LIST above a position starts at the next millisecond, without an app.", () => {
  expect(listAfterPosition(store, times.first)).toBe("updates/family/20261121T090503.210Z");
  expect(listAfterPosition(store, zeroTimestamp)).toBe("updates/family/19700101T000000.001Z");
});

test("The owner of an app id lies below a prefix of its own, of no store, which every rule of the bucket must leave alone.", () => {
  const key = "apps/01M7YNM3K0YBGG07P5Y7N9X117.json";
  expect([appsPrefix, appKey(phone), parseAppKey(key)]).toEqual(["apps/", key, phone]);
  for (const other of [
    "apps/x.json",
    "apps/01M7YNM3K0YBGG07P5Y7N9X117",
    "apps/a/01M7YNM3K0YBGG07P5Y7N9X117.json",
  ])
    expect(parseAppKey(other)).toBeUndefined();
  expect(keptPrefixes).toContain(appsPrefix);
});

test("Probes lie below a prefix of their own, which no rule of the bucket needs to leave alone.", () => {
  expect([probesRoot, probesPrefix("b4c5")]).toEqual(["probes/", "probes/b4c5/"]);
  expect(keptPrefixes.filter((kept) => kept.startsWith("probes"))).toEqual([]);
});
