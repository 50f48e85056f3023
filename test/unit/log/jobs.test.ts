import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseMerge, chooseRetired, type DueJob, nextJob, snapshotIsDue } from "../../../shared/log/jobs.ts";
import { linkInto, nextHead } from "../../../shared/log/link-rules.ts";
import { defaultSettings as settings } from "../../../shared/settings.ts";
import type { Head } from "../../../shared/wire/head.ts";
import { entryOf, headOf, keyOf, minute, pointerOf, snapshotOf } from "./heads.ts";

const kib = 1024;
const next = (head: Head, modelVersion: number | null = 1, tried: readonly DueJob[] = []) =>
  nextJob(head, modelVersion, { settings, tried });
const listed = (sizes: readonly number[], changes: Partial<Head> = {}): Head =>
  headOf({ last: sizes.length }, { segments: sizes.map((bytes, i) => entryOf(i + 1, bytes)), ...changes });
const numbers = (entries: readonly { readonly hash: string }[]) =>
  entries.map(({ hash }) => Number(hash.slice(1)));

test("A store without segments is due for nothing.", () => {
  expect(next(headOf({ last: 0 }))).toBeUndefined();
});

test("Little news is due for nothing: one small segment after a snapshot costs less to read than a new snapshot to write.", () => {
  expect(
    next(listed([1_000, 1_000], { snapshots: { "1": snapshotOf(1) }, marks: pointerOf("marks", 1) })),
  ).toBeUndefined();
});

describe("A snapshot", () => {
  const due = (head: Head) => snapshotIsDue(head, 1, settings);
  const since = (bytes: number, snapshotBytes: number) =>
    listed([1, bytes], { snapshots: { "1": snapshotOf(1, snapshotBytes) } });

  test("is first due when the segments outweigh the least size.", () => {
    expect(due(listed([settings.snapshotBytesMin]))).toBe(false);
    expect(due(listed([settings.snapshotBytesMin, 1]))).toBe(true);
  });

  test("is due at once for a new model version beside older ones: its clients have no base.", () => {
    expect(due(listed([1], { snapshots: { "2": snapshotOf(1) } }))).toBe(true);
  });

  test("is due when the segments since the last outweigh a quarter of it, so that its cost stays proportional.", () => {
    expect(due(since(250 * kib, 1_000 * kib))).toBe(false);
    expect(due(since(250 * kib + 1, 1_000 * kib))).toBe(true);
  });

  test("is not due for less than the least size, however small the last one is.", () => {
    expect(due(since(settings.snapshotBytesMin, 10))).toBe(false);
    expect(due(since(settings.snapshotBytesMin + 1, 10))).toBe(true);
  });

  test("is due when many small segments follow the last: a new client reads few objects.", () => {
    const snapshots = { "1": snapshotOf(1) };
    const { segmentsSinceSnapshotMax: max } = settings;
    expect(due(headOf({ last: 1 + max, bytes: 1 }, { snapshots }))).toBe(false);
    expect(due(headOf({ last: 2 + max, bytes: 1 }, { snapshots }))).toBe(true);
  });

  test("is due after an hour, but never when nothing was published since.", () => {
    const old = { ...snapshotOf(1), through: minute(1) };
    const later = headOf({ first: 1, last: 2 }, { snapshots: { "1": old } });
    const [segment] = later.segments;
    const aged = (n: number) => ({
      ...later,
      publishedThrough: minute(n),
      segments: segment ? [{ ...segment, through: minute(n) }] : [],
    });
    expect(due(aged(61))).toBe(false);
    expect(due(aged(62))).toBe(true);
    expect(due(headOf({ last: 1 }, { snapshots: { "1": old } }))).toBe(false);
  });

  test("is never due without a model.", () => {
    const head = listed([settings.segmentBytesMax, settings.segmentBytesMax]);
    expect(next(head, null)).toBeUndefined();
    expect(next(head, 1, ["marks"])).toBe("snapshot");
  });
});

test("Marks go before a snapshot, so that a new reader finds both at one position, and are not tried twice.", () => {
  const head = listed([settings.snapshotBytesMin, 1]);
  expect(next(head)).toBe("marks");
  expect(next(head, 1, ["marks"])).toBe("snapshot");
  expect(next(head, 1, ["marks", "snapshot"])).toBeUndefined();
  expect(next({ ...head, marks: pointerOf("marks", 2) })).toBe("snapshot");
});

test("Marks are due without a model too, when many segments lie above them.", () => {
  const many = settings.segmentsListedAim / 2 + 1;
  const mixed = Array.from({ length: many }, (_, i) => (i % 2 === 0 ? 1 : 100 * kib));
  expect(next(listed(mixed.slice(1)), null)).toBeUndefined();
  expect(next(listed(mixed), null)).toBe("marks");
});

describe("A merge", () => {
  const chosen = (sizes: readonly number[], changes: Partial<Head> = {}) =>
    numbers(chooseMerge(listed(sizes, changes), settings));

  test("takes the oldest four neighbours of one level.", () => {
    expect(chosen([1, 1, 1, 1, 1, 1])).toEqual([1, 2, 3, 4]);
    expect(chosen([100 * kib, 1, 1, 1, 1, 9])).toEqual([2, 3, 4, 5]);
  });

  test("leaves the newest segment alone: it is the inline one.", () => {
    expect(chosen([1, 1, 1, 1])).toEqual([]);
    expect(chosen([1, 1, 1, 1, 1])).toEqual([1, 2, 3, 4]);
  });

  test("does not mix levels, so that each update is rewritten once a level.", () => {
    expect(chosen([1, 1, 40 * kib, 1, 1, 40 * kib, 1, 1])).toEqual([]);
  });

  test("does not cross the newest snapshot: what a new client reads after it stays small.", () => {
    const snapshots = { "1": snapshotOf(2) };
    expect(chosen([1, 1, 1, 1, 1], { snapshots })).toEqual([]);
    expect(chosen([1, 1, 1, 1, 1, 1, 1], { snapshots })).toEqual([3, 4, 5, 6]);
  });

  test("never makes a segment larger than a full one.", () => {
    const third = Math.floor(settings.segmentBytesMax / 3) + 1;
    expect(chosen([third, third, third, third, third])).toEqual([]);
    const quarter = settings.segmentBytesMax / 4;
    expect(chosen([quarter, quarter, quarter, quarter, 1])).toEqual([1, 2, 3, 4]);
  });
});

describe("Retiring", () => {
  const covered = (last: number, through = last) =>
    headOf(
      { last, bytes: 200 * kib },
      { marks: pointerOf("marks", through), snapshots: { "1": snapshotOf(through) } },
    );
  const aim = settings.segmentsListedAim;

  test("is due when the list is longer than the aim, and takes the oldest, down to two thirds of it.", () => {
    expect(next(covered(aim), 1, ["merge"])).toBeUndefined();
    expect(next(covered(aim + 1), 1, ["merge"])).toBe("retire");
    expect(chooseRetired(covered(aim + 1), settings)).toHaveLength(aim + 1 - (aim * 2) / 3);
  });

  test("takes only what marks and snapshots cover.", () => {
    expect(numbers(chooseRetired(covered(aim + 1, 3), settings))).toEqual([1, 2, 3]);
    expect(chooseRetired({ ...covered(aim + 1), marks: null }, settings)).toEqual([]);
  });
});

test("A choice always fits the head that it was made from.", () => {
  const sizes = fc.array(fc.oneof(fc.nat(40 * kib), fc.nat(3_000 * kib)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.nat(40), fc.nat(40), (bytes, marksAt, snapshotAt) => {
      const at = (n: number) => Math.min(n, bytes.length);
      const head = listed(bytes, {
        marks: marksAt === 0 ? null : pointerOf("marks", at(marksAt)),
        snapshots: snapshotAt === 0 ? {} : { "1": snapshotOf(at(snapshotAt)) },
      });
      const inputs = chooseMerge(head, settings);
      const [first, last] = [inputs[0], inputs.at(-1)];
      if (first && last) {
        const entry = { ...last, from: first.from, key: keyOf("segments", 1, 150) };
        expect(
          linkInto(head, { kind: "merge", inputs: inputs.map(({ key }) => key), entry }, settings),
        ).toBeDefined();
      }
      const retired = chooseRetired(head, settings).map(({ key }) => key);
      if (retired.length > 0)
        expect(
          linkInto(
            head,
            { kind: "retire", retired, pointer: pointerOf("indexes", 1), before: null },
            settings,
          ),
        ).toBeDefined();
    }),
  );
});

test("Under any load the jobs keep the list under its limit.", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3_000 * kib), { minLength: 60, maxLength: 120 }), (sizes) => {
      let head = headOf({ last: 0 }, { sealedThrough: minute(999) });
      let n = 0;
      for (const bytes of sizes) {
        n += 1;
        const published = linkInto(head, { kind: "segment", entry: entryOf(n, bytes) }, settings);
        if (!published) throw new Error("a segment was refused");
        head = afterJobs(nextHead(head, published, `n${n}`), n);
        expect(head.segments.length).toBeLessThanOrEqual(settings.segmentsListedMax);
      }
    }),
    { numRuns: 20 },
  );
});

/** The head after a round's jobs, each done at once. */
function afterJobs(start: Head, n: number): Head {
  let head = start;
  const tried: DueJob[] = [];
  for (let job = next(head, 1, tried); job; job = next(head, 1, tried)) {
    tried.push(job);
    const changes = linkInto(head, jobFor(job, head, n), settings);
    if (changes) head = nextHead(head, changes, `${job}${n}`);
  }
  return head;
}

function jobFor(job: DueJob, head: Head, n: number): Parameters<typeof linkInto>[1] {
  if (job === "marks") return { kind: "marks", pointer: pointerOf("marks", n) };
  if (job === "snapshot")
    return {
      kind: "snapshot",
      modelVersion: 1,
      entry: snapshotOf(n, n * 100 * kib),
      base: head.snapshots["1"]?.key ?? null,
    };
  if (job === "retire") {
    const leaving = chooseRetired(head, settings);
    const pointer = { through: leaving.at(-1)?.through ?? minute(0), key: keyOf("indexes", n) };
    return {
      kind: "retire",
      retired: leaving.map(({ key }) => key),
      pointer,
      before: head.history?.key ?? null,
    };
  }
  const inputs = chooseMerge(head, settings);
  const [first, last] = [inputs[0], inputs.at(-1)];
  if (!first || !last) throw new Error("nothing to merge");
  const bytes = inputs.reduce((sum, entry) => sum + entry.bytes, 0);
  return {
    kind: "merge",
    inputs: inputs.map(({ key }) => key),
    entry: { ...last, from: first.from, bytes, key: keyOf("segments", n, 150) },
  };
}
