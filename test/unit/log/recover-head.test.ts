import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { auditHead } from "../../../shared/log/audit.ts";
import { recoveredHead, revAbove, type Shelved, shelve } from "../../../shared/log/recover-head.ts";
import { newSettings } from "../../../shared/settings.ts";
import { encodeHead, parseHead, type SegmentEntry } from "../../../shared/wire/head.ts";
import { builtKey, parseBuiltKey } from "../../../shared/wire/keys.ts";
import { toTimestamp, zeroTimestamp } from "../../../shared/wire/time.ts";
import { entryOf, minute, pointerOf, snapshotOf, store } from "./heads.ts";

const settings = newSettings({ segmentsListedAim: 4, segmentsListedMax: 8 });
const segments = (count: number) => Array.from({ length: count }, (_, i) => entryOf(i + 1));
const nothing: Shelved = { listed: [], older: [], snapshots: {} };
const parts = {
  epoch: "new",
  nonce: "nonce",
  rev: 1_000_000_000,
  marks: null,
  sealedThrough: zeroTimestamp,
  ifMatch: "quoted",
} as const;

describe("The rev of a recovered head", () => {
  test("lies above every rev that a name tells of, and above a thousand million that left no name.", () => {
    expect(revAbove([])).toBe(1_000_000_000);
    expect(revAbove([7, 999_999_999, 12])).toBe(1_000_000_000);
    expect(revAbove([1_000_000_000])).toBe(2_000_000_000);
    expect(revAbove([12, 2_000_000_345])).toBe(3_000_000_000);
  });

  test("rises with each recovery, whatever the epochs between did.", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(999_999_999), { maxLength: 20 }), (made) => {
        let rev = 0;
        for (const more of made) {
          const next = revAbove([rev + more, 3]);
          expect(next).toBeGreaterThan(rev + more);
          rev = next;
        }
      }),
    );
  });

  test("fits into a name, though somebody put a name with a rev there that no store reaches.", () => {
    const rev = revAbove([5, 999_999_999_999_999]);
    expect(rev).toBe(1_000_000_000);
    const highest = revAbove([900_000 * 1_000_000_000 - 1]);
    const key = builtKey({ kind: "marks", store, through: minute(1), rev: highest, nonce: "n" });
    expect(parseBuiltKey(key)?.rev).toBe(highest);
  });
});

describe("Of a recovered log", () => {
  const throughs = (entries: readonly SegmentEntry[]) => entries.map(({ through }) => through);

  test("a few newest segments are listed, the others named by an index.", () => {
    const { listed, older, snapshots } = shelve(segments(10), {}, settings);
    expect(throughs(listed)).toEqual([7, 8, 9, 10].map(minute));
    expect(throughs(older)).toEqual([1, 2, 3, 4, 5, 6].map(minute));
    expect(snapshots).toEqual({});
  });

  test("all are listed when they are few.", () => {
    expect(shelve(segments(3), {}, settings)).toEqual({ ...nothing, listed: segments(3) });
    expect(shelve([], {}, settings)).toEqual(nothing);
  });

  test("the list reaches back to the newest snapshot.", () => {
    const snapshots = { 1: snapshotOf(2), 2: snapshotOf(4) };
    const shelved = shelve(segments(10), snapshots, settings);
    expect(throughs(shelved.listed)).toEqual([5, 6, 7, 8, 9, 10].map(minute));
    // That of the older version lies below the floor.
    expect(shelved.snapshots).toEqual({ 2: snapshotOf(4) });
  });

  test("snapshots of two versions are kept when the list covers both.", () => {
    const snapshots = { 1: snapshotOf(7), 2: snapshotOf(9) };
    expect(shelve(segments(10), snapshots, settings).snapshots).toEqual(snapshots);
    expect(shelve(segments(3), { 1: snapshotOf(1) }, settings).snapshots).toEqual({ 1: snapshotOf(1) });
  });

  test("no snapshot is kept that is so old that the list would be too long.", () => {
    expect(shelve(segments(12), { 1: snapshotOf(4) }, settings).listed).toHaveLength(8);
    const shelved = shelve(segments(13), { 1: snapshotOf(4) }, settings);
    expect(shelved.listed).toHaveLength(4);
    expect(shelved.snapshots).toEqual({});
  });

  test("every list and index together are the log, and no head is too long.", () => {
    const newest = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(40), newest, (count, at) => {
        const snapshots = at === undefined || at > count ? {} : { 1: snapshotOf(at) };
        const shelved = shelve(segments(count), snapshots, settings);
        expect([...shelved.older, ...shelved.listed]).toEqual(segments(count));
        expect(shelved.listed.length).toBeLessThanOrEqual(settings.segmentsListedMax);
        const older = shelved.older.at(-1)?.through ?? 0;
        for (const { through } of Object.values(shelved.snapshots))
          expect(through).toBeGreaterThanOrEqual(older);
      }),
    );
  });
});

describe("A recovered head", () => {
  const shelved = shelve(segments(10), { 1: snapshotOf(8) }, settings);
  const whole = { ...parts, marks: pointerOf("marks", 10), sealedThrough: minute(20) };

  test("breaks no rule of heads, and lists no inline copy.", () => {
    const head = recoveredHead(whole, shelved, pointerOf("indexes", 6));
    expect(auditHead(store, head, minute(20))).toEqual([]);
    expect(parseHead(JSON.parse(JSON.stringify(encodeHead(head))))).toEqual({ ok: true, value: head });
    expect(head).toMatchObject({ epoch: "new", rev: 1_000_000_000, linkFrom: 0, floor: minute(6) });
    expect(head.inline).toBeUndefined();
  });

  test("is sealed through what is published, though no clock has come so far.", () => {
    const behind = recoveredHead({ ...whole, sealedThrough: minute(3) }, shelved, pointerOf("indexes", 6));
    expect([behind.sealedThrough, behind.publishedThrough]).toEqual([minute(10), minute(10)]);
    const ahead = recoveredHead(whole, shelved, pointerOf("indexes", 6));
    expect(ahead.sealedThrough).toBe(minute(20));
  });

  test("of a store without segments begins at the start, sealed through its raw updates.", () => {
    const head = recoveredHead({ ...parts, sealedThrough: toTimestamp(5_000) }, nothing, null);
    expect(head).toMatchObject({
      publishedThrough: 0,
      floor: 0,
      sealedThrough: 5_000,
      segments: [],
      marks: null,
    });
    expect(parseHead(encodeHead(head)).ok).toBe(true);
  });
});
