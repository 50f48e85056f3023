import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planRead, type Reading } from "../../../shared/log/read-plan.ts";
import type { Head } from "../../../shared/wire/head.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { headOf, keyOf, minute, snapshotOf } from "./heads.ts";

const reading: Reading = {
  position: minute(0),
  modelVersion: 1,
  migrate: false,
  history: false,
  until: toTimestamp(Number.POSITIVE_INFINITY),
};
/** The plan in short: which snapshot, which segments, and whether it needs history or is stuck. */
function plan(head: Head, changes: Partial<Reading> = {}) {
  const { snapshot, segments, history, stuck } = planRead(head, { ...reading, ...changes });
  return {
    snapshot: snapshot?.key ?? null,
    segments: segments.map(({ hash }) => Number(hash.slice(1))),
    history,
    stuck,
  };
}

const nothing = { snapshot: null, segments: [], history: false, stuck: false };

test("A reader at the head's position reads nothing.", () => {
  expect(plan(headOf({ last: 4 }), { position: minute(4) })).toEqual(nothing);
});

test("A reader reads the segments above its position, and one that overlaps it.", () => {
  expect(plan(headOf({ last: 4 }), { position: minute(2) })).toEqual({ ...nothing, segments: [3, 4] });
  expect(plan(headOf({ last: 4 }), { position: toTimestamp(minute(2) + 1) })).toEqual({
    ...nothing,
    segments: [3, 4],
  });
});

test("A reader that wants nothing after a time leaves out the segments that begin at or after it.", () => {
  expect(plan(headOf({ last: 4 }), { until: minute(2) })).toEqual({ ...nothing, segments: [1, 2] });
  expect(plan(headOf({ last: 4 }), { until: toTimestamp(minute(2) + 1) })).toEqual({
    ...nothing,
    segments: [1, 2, 3],
  });
});

describe("The snapshot", () => {
  const withSnapshot = (n: number, bytes: number, first = 0) =>
    headOf({ first, last: 6 }, { snapshots: { "1": snapshotOf(n, bytes) } });

  test("is always loaded by a new reader: no fold from the start need give its version's base.", () => {
    expect(plan(withSnapshot(4, 9e9))).toEqual({
      ...nothing,
      snapshot: keyOf("snapshots", 4),
      segments: [5, 6],
    });
  });

  test("is loaded by a reader that goes on when it weighs less than the segments it spares.", () => {
    expect(plan(withSnapshot(4, 2_999), { position: minute(1) }).snapshot).toBe(keyOf("snapshots", 4));
    expect(plan(withSnapshot(4, 3_000), { position: minute(1) })).toEqual({
      ...nothing,
      segments: [2, 3, 4, 5, 6],
    });
  });

  test("is loaded, however large, by a reader below the floor.", () => {
    expect(plan(withSnapshot(4, 9e9, 2), { position: minute(1) })).toEqual({
      ...nothing,
      snapshot: keyOf("snapshots", 4),
      segments: [5, 6],
    });
  });

  test("is not loaded when it is older than the reader, or later than what is wanted.", () => {
    expect(plan(withSnapshot(4, 1), { position: minute(4) }).snapshot).toBeNull();
    expect(plan(withSnapshot(4, 1), { position: minute(5) }).snapshot).toBeNull();
    expect(plan(withSnapshot(4, 1), { until: minute(3) }).snapshot).toBeNull();
  });

  test("is never loaded by a reader of the raw log.", () => {
    expect(plan(withSnapshot(4, 1), { modelVersion: null })).toEqual({
      ...nothing,
      segments: [1, 2, 3, 4, 5, 6],
    });
  });
});

describe("Another model version's snapshot", () => {
  const foreign = headOf({ last: 6 }, { snapshots: { "2": snapshotOf(2, 1), "3": snapshotOf(4, 1) } });

  test("leaves a new reader stuck: its version's base would be another state.", () => {
    expect(plan(foreign).stuck).toBe(true);
    expect(plan(foreign, { modelVersion: 4 }).stuck).toBe(true);
  });

  test("does not stop a reader that is under way.", () => {
    expect(plan(foreign, { position: minute(3) })).toEqual({ ...nothing, segments: [4, 5, 6] });
  });

  test("is what the rollup that makes the first of a newer version begins from: the newest older one.", () => {
    expect(plan(foreign, { modelVersion: 4, migrate: true })).toEqual({
      ...nothing,
      snapshot: keyOf("snapshots", 4),
      segments: [5, 6],
    });
    expect(plan(foreign, { modelVersion: 3, migrate: true }).snapshot).toBe(keyOf("snapshots", 4));
    expect(plan(foreign, { modelVersion: 1, migrate: true }).stuck).toBe(true);
  });
});

describe("Below the floor", () => {
  const retired = headOf({ first: 3, last: 6 });

  test("a reader without a snapshot goes back to the history when no snapshot ever fixed a base.", () => {
    expect(plan(retired)).toEqual({ ...nothing, segments: [4, 5, 6], history: true });
  });

  test("a reader is stuck when snapshots are listed, but none of its version, unless it asked for history.", () => {
    const head = { ...retired, snapshots: { "2": snapshotOf(4) } };
    expect(plan(head, { position: minute(1) })).toMatchObject({ stuck: true, history: false });
    expect(plan(head, { position: minute(1), history: true })).toMatchObject({ stuck: false, history: true });
    expect(plan(head, { modelVersion: null })).toMatchObject({ stuck: false, history: true });
  });

  test("a snapshot spares the history.", () => {
    expect(plan({ ...retired, snapshots: { "1": snapshotOf(3) } })).toEqual({
      ...nothing,
      snapshot: keyOf("snapshots", 3),
      segments: [4, 5, 6],
    });
  });
});

test("Whatever is held and listed, what is read is contiguous up to the head, or the reader is told that it cannot go on.", () => {
  const snapshots = fc.dictionary(
    fc.constantFrom("1", "2", "3"),
    fc.integer({ min: 0, max: 6 }).map((n) => snapshotOf(n, n * 900)),
  );
  fc.assert(
    fc.property(
      fc.nat(5),
      fc.nat(6),
      snapshots,
      fc.constantFrom(null, 1, 2, 3),
      fc.boolean(),
      fc.boolean(),
      (first, at, listed, modelVersion, history, migrate) => {
        const usable = Object.fromEntries(
          Object.entries(listed).filter(([, { through }]) => through >= minute(first)),
        );
        const head = headOf({ first, last: 6 }, { snapshots: usable });
        const made = planRead(head, { ...reading, position: minute(at), modelVersion, history, migrate });
        const start = made.snapshot?.through ?? minute(at);
        if (made.stuck) return;
        const oldest = made.segments[0];
        if (!oldest) expect(start).toBeGreaterThanOrEqual(head.publishedThrough);
        else if (!made.history) expect(oldest.from).toBeLessThanOrEqual(start);
        if (made.history) expect(start).toBeLessThan(head.floor);
        expect(made.segments).toEqual(head.segments.slice(head.segments.length - made.segments.length));
        expect(start).toBeGreaterThanOrEqual(minute(at));
      },
    ),
  );
});
