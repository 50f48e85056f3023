/** Heads for tests of what is decided from a head: contiguous segments, one a minute, each of the size given. */
import { type Head, newHead, type SegmentEntry } from "../../../shared/wire/head.ts";
import { parseStoreId, type StoreId } from "../../../shared/wire/ids.ts";
import { type BuiltKind, builtKey } from "../../../shared/wire/keys.ts";
import { type Timestamp, toTimestamp } from "../../../shared/wire/time.ts";

export const store = parseStoreId("family") as StoreId;
const start = Date.UTC(2026, 10, 21);

/** The end of the nth segment; 0 is where the first begins. */
export function minute(n: number): Timestamp {
  return n === 0 ? toTimestamp(0) : toTimestamp(start + n * 60_000);
}

/** A key as a job built against the head at `rev` would name it. */
export function keyOf(kind: BuiltKind, n: number, rev = 100): string {
  const model = kind === "snapshots" ? { modelVersion: 1 } : {};
  return builtKey({ kind, store, through: minute(n), ...model, rev, nonce: `n${n}` });
}

export function entryOf(n: number, bytes = 1_000, from = n - 1): SegmentEntry {
  return {
    from: minute(from),
    through: minute(n),
    key: keyOf("segments", n),
    count: 1,
    bytes,
    hash: `h${n}`,
  };
}

/** A head that lists segments `first + 1` to `last`, with anything changed. */
export function headOf(
  range: { readonly first?: number; readonly last: number; readonly bytes?: number },
  changes: Partial<Head> = {},
): Head {
  const { first = 0, last, bytes = 1_000 } = range;
  const segments = Array.from({ length: last - first }, (_, i) => entryOf(first + i + 1, bytes));
  const through = minute(last);
  const stamps = {
    sealedThrough: toTimestamp((last === 0 ? start : through) + 120_000),
    publishedThrough: through,
    floor: minute(first),
  };
  return { ...newHead("epoch", "nonce"), rev: 200, linkFrom: 10, ...stamps, segments, ...changes };
}

export function snapshotOf(n: number, bytes = 1_000) {
  return { through: minute(n), key: keyOf("snapshots", n), bytes, stateHash: `s${n}` };
}

export function pointerOf(kind: "marks" | "indexes", n: number) {
  return { through: minute(n), key: keyOf(kind, n) };
}
