import fc from "fast-check";
import { expect, test } from "vitest";
import { type AppId, parseUpdateId, type UpdateId } from "../../../shared/wire/ids.ts";
import {
  advanceMarks,
  emptyChain,
  emptyMarks,
  encodeMarks,
  holds,
  type Marks,
  markOf,
  parseMarks,
} from "../../../shared/wire/marks.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { phone as app, sha256 } from "../../golden/values.ts";
import { appIds, timestamps } from "./arbitrary.ts";

const through = toTimestamp(1_800_000_000_000);

/** A distinct id for each number. */
const idOf = (n: number) => parseUpdateId(`01M7YNM6AG${String(n).padStart(16, "0")}`) as UpdateId;

test("Marks of thousands of apps say the same as a plain record, step after step.", () => {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const tail = (n: number) =>
    Array.from({ length: 4 }, (_, i) => digits.charAt((n >> (15 - 5 * i)) & 31)).join("");
  let marks = emptyMarks;
  const seqs = new Map<AppId, number>();
  for (let step = 0; step < 40; step++) {
    const updates = Array.from({ length: 150 }, (_, i) => {
      const one = `01KAJA0000000000000000${tail((step * 97 + i * 31) % 3_000)}` as AppId;
      const seq = (seqs.get(one) ?? 0) + 1;
      seqs.set(one, seq);
      return { id: idOf(step * 150 + i), app: one, seq };
    });
    marks = advanceMarks(marks, updates, toTimestamp(through + step), sha256);
    for (const [one, seq] of seqs)
      if (markOf(marks, one).seq !== seq) expect(markOf(marks, one).seq).toBe(seq);
  }
  expect(marks.recent).toBeDefined();
  const parsed = parseMarks(encodeMarks(marks));
  expect(parsed.ok && Object.keys(parsed.value.apps).length).toBe(seqs.size);
});
const numbered = (app: AppId, seqs: readonly number[]) => seqs.map((seq) => ({ id: idOf(seq), app, seq }));

/** Copies and gaps included: any seqs of a few apps in any order. */
const logs = fc
  .uniqueArray(appIds, { minLength: 1, maxLength: 3 })
  .chain((apps) =>
    fc.array(
      fc
        .record({ app: fc.constantFrom(...apps), seq: fc.integer({ min: 1, max: 9 }) })
        .map(({ app, seq }) => ({ id: idOf(seq), app, seq })),
    ),
  );

test("An app that nothing is known of has the mark 0 and the empty chain.", () => {
  expect(markOf(emptyMarks, app)).toEqual({ seq: 0, chain: emptyChain, missing: [] });
  expect(markOf(emptyMarks, "__proto__" as AppId)).toEqual({ seq: 0, chain: emptyChain, missing: [] });
});

test("The chain runs over the ids of an app's published updates.", () => {
  const marks = advanceMarks(emptyMarks, numbered(app, [1, 2]), through, sha256);
  expect(markOf(marks, app).chain).toBe(sha256(sha256(emptyChain + idOf(1)) + idOf(2)));
});

test("Seqs that never came stand in `missing` as ranges, and block nothing.", () => {
  const marks = advanceMarks(emptyMarks, numbered(app, [2, 3, 7, 8]), through, sha256);
  expect(markOf(marks, app)).toMatchObject({
    seq: 8,
    missing: [
      [1, 1],
      [4, 6],
    ],
  });
});

test("A copy, or a seq that comes too late, changes nothing but the position.", () => {
  const before = advanceMarks(emptyMarks, numbered(app, [1, 2, 5]), through, sha256);
  const later = toTimestamp(through + 1);
  expect(advanceMarks(before, numbered(app, [5, 2, 1, 3, 4]), later, sha256)).toEqual({
    ...before,
    through: later,
  });
});

test("Marks advanced in two steps are the marks advanced in one.", () => {
  fc.assert(
    fc.property(logs, fc.nat(), (log, cut) => {
      const at = log.length === 0 ? 0 : cut % log.length;
      const half = advanceMarks(emptyMarks, log.slice(0, at), through, sha256);
      expect(advanceMarks(half, log.slice(at), through, sha256)).toEqual(
        advanceMarks(emptyMarks, log, through, sha256),
      );
    }),
  );
});

test("Marks hold exactly what was published: not what was passed over, and not what is still to come.", () => {
  const marks = advanceMarks(emptyMarks, numbered(app, [1, 4, 5, 9]), through, sha256);
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((seq) => holds(marks, { app, seq }))).toEqual([1, 4, 5, 9]);
  expect(holds(emptyMarks, { app, seq: 1 })).toBe(false);
});

test("A mark never falls, and published and missing seqs make up all seqs up to it.", () => {
  fc.assert(
    fc.property(logs, (log) => {
      let marks = emptyMarks;
      const published = new Map<AppId, number>();
      for (const update of log) {
        const before = markOf(marks, update.app).seq;
        marks = advanceMarks(marks, [update], through, sha256);
        const after = markOf(marks, update.app).seq;
        expect(after).toBe(Math.max(before, update.seq));
        if (after > before) published.set(update.app, (published.get(update.app) ?? 0) + 1);
      }
      for (const [app, count] of published) {
        const { seq, missing } = markOf(marks, app);
        expect(missing.reduce((sum, [first, last]) => sum + last - first + 1, count)).toBe(seq);
      }
    }),
  );
});

test("Advancing does not touch the marks it began from.", () => {
  const frozen: Marks = Object.freeze({ through, apps: Object.freeze({}) });
  expect(advanceMarks(frozen, numbered(app, [1]), through, sha256)).not.toBe(frozen);
  expect(frozen.apps).toEqual({});
});

test("All marks are read back as they were written, and the bytes do not depend on the order of the apps.", () => {
  fc.assert(
    fc.property(logs, timestamps, (log, position) => {
      const marks = advanceMarks(emptyMarks, log, position, sha256);
      const text = JSON.stringify(encodeMarks(marks));
      expect(parseMarks(JSON.parse(text))).toEqual({ ok: true, value: marks });
      const turned = { ...marks, apps: Object.fromEntries(Object.entries(marks.apps).reverse()) };
      expect(JSON.stringify(encodeMarks(turned))).toBe(text);
    }),
  );
});

test.each([
  [{ seq: 0, chain: "x" }, "seq is 0, not a whole number from 1"],
  [{ seq: 1 }, "chain is missing, not a text"],
  [{ seq: 3, chain: "x", missing: [[1]] }, "missing is missing, not a whole number from 0"],
  [{ seq: 3, chain: "x", missing: [[1, 2, 3]] }, "a range of missing has more than two ends"],
  [{ seq: 3, chain: "x", missing: ["1-2"] }, 'missing is "1-2", not a list'],
])("The mark %j is refused: %s.", (mark, reason) => {
  const body = { format: "icecore-marks-1", through: "20260101T000000.000Z", apps: { [app]: mark } };
  expect(parseMarks(body)).toEqual({ ok: false, reason });
});

test("Marks of what is no app id are refused.", () => {
  const body = {
    format: "icecore-marks-1",
    through: "20260101T000000.000Z",
    apps: { "../x": { seq: 1, chain: "x" } },
  };
  expect(parseMarks(body)).toEqual({ ok: false, reason: 'apps "../x" is not well formed' });
});
