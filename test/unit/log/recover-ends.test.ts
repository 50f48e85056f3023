import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { orderAndDrop } from "../../../shared/log/publish-build.ts";
import { joinEnds } from "../../../shared/log/recover-ends.ts";
import { emptyMarks } from "../../../shared/wire/marks.ts";
import { encodeSegment, hashLog, parseSegment, type Segment } from "../../../shared/wire/segment.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { laptop, phone, sha256 } from "../../golden/values.ts";
import { minute } from "./heads.ts";
import { logStart, segmentFrom, updateAt } from "./recovered.ts";

const base = segmentFrom(logStart, 1, [updateAt(1, 1)]);
const join = (...ends: readonly Segment[]) => joinEnds(ends, sha256);
const places = ({ updates }: Segment) => updates.map(({ app, seq, timestamp }) => [app, seq, timestamp]);

describe("Joined ends", () => {
  test("of one are that one.", () => {
    const only = segmentFrom(base, 3, [updateAt(2, 2), updateAt(3, 3)]);
    expect(join(only)).toEqual(only);
  });

  test("hold what one had published and the other found already deleted.", () => {
    // The second was listed after the raw updates of the first were gone.
    const linked = segmentFrom(base, 3, [updateAt(2, 2), updateAt(3, 3)]);
    const partial = segmentFrom(base, 5, [updateAt(4, 4), updateAt(5, 5)]);
    const joined = join(partial, linked);
    expect(places(joined)).toEqual([2, 3, 4, 5].map((n) => [phone, n, minute(n)]));
    expect([joined.from, joined.through, joined.fromHash]).toEqual([minute(1), minute(5), base.hash]);
    expect(joined.hash).toBe(hashLog(base.hash, joined.updates, sha256));
  });

  test("keep of copies the earliest, which may be one that its writer was never told of.", () => {
    const linked = segmentFrom(base, 4, [updateAt(3, 2), updateAt(4, 3)]);
    const late = segmentFrom(base, 4, [updateAt(2, 2), updateAt(4, 3)]);
    expect(places(join(linked, late))).toEqual([
      [phone, 2, minute(2)],
      [phone, 3, minute(4)],
    ]);
  });

  test("order updates of one millisecond by app.", () => {
    const [a, b] = [updateAt(2, 2, phone), updateAt(2, 1, laptop)];
    const joined = join(segmentFrom(base, 2, [b]), segmentFrom(base, 2, [a]));
    expect(joined.updates.map(({ app }) => app)).toEqual([phone, laptop].sort());
  });

  test("reach as far as the longest, though that may end with nothing but copies.", () => {
    const long = segmentFrom(base, 9, [updateAt(2, 2)]);
    expect(join(segmentFrom(base, 3, [updateAt(3, 3)]), long).through).toBe(minute(9));
  });

  test("take in what begins where one of them ends.", () => {
    const first = segmentFrom(base, 3, [updateAt(2, 2)]);
    const next = segmentFrom(first, 5, [updateAt(4, 3)]);
    const other = segmentFrom(base, 4, [updateAt(2, 2), updateAt(3.5, 1, laptop)]);
    const joined = join(first, other, next);
    expect(places(joined)).toEqual([
      [phone, 2, minute(2)],
      [laptop, 1, minute(3.5)],
      [phone, 3, minute(4)],
    ]);
    expect(joined.through).toBe(minute(5));
  });

  test("keep each object that was set aside, once.", () => {
    const aside = (key: string) => ({ key, reason: "it is empty", text: "" });
    const one = { ...segmentFrom(base, 2, []), setAside: [aside("a"), aside("b")] };
    const two = { ...segmentFrom(base, 3, []), setAside: [aside("b"), aside("c")] };
    expect(join(one, two).setAside.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });

  test("are refused when they do not begin at one place.", () => {
    const end = segmentFrom(base, 3, []);
    expect(() => join(end, segmentFrom(logStart, 3, []))).toThrow("ends begin at one place");
    expect(() => join(end, { ...end, fromHash: "0" })).toThrow("ends begin at one place");
    expect(() => join()).toThrow("there is an end to join");
  });

  test("are what publish would have made of all raw updates, whichever part of them each end holds.", () => {
    const raw = fc.uniqueArray(
      fc.record({ at: fc.integer({ min: 2, max: 12 }), app: fc.constantFrom(phone, laptop) }),
      { minLength: 1, selector: ({ at, app }) => `${at} ${app}` },
    );
    /** Each update in the linked end, in the other, or in both. */
    const spread = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 22, maxLength: 22 });
    fc.assert(
      fc.property(raw, spread, (found, holders) => {
        const updates: readonly StampedUpdate[] = found.map(({ at, app }) => updateAt(at, at, app));
        const { kept } = orderAndDrop(updates, emptyMarks, sha256);
        const held = (by: number) => kept.filter((_, i) => ((holders[i] ?? 3) & by) > 0);
        const joined = join(segmentFrom(base, 12, held(1)), segmentFrom(base, 12, held(2)));
        expect(joined).toEqual(segmentFrom(base, 12, kept));
        expect(parseSegment(JSON.parse(JSON.stringify(encodeSegment(joined))))).toEqual({
          ok: true,
          value: joined,
        });
      }),
    );
  });
});
