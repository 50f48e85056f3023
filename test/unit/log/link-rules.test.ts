import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../shared/errors.ts";
import {
  isLinked,
  jobKey,
  type LinkJob,
  linkInto,
  mayRetireThrough,
  namedKeys,
  nextHead,
} from "../../../shared/log/link-rules.ts";
import { defaultSettings } from "../../../shared/settings.ts";
import { encodeHead, type Head, parseHead } from "../../../shared/wire/head.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { heads } from "../wire/arbitrary.ts";
import { entryOf, headOf, keyOf, minute, pointerOf, snapshotOf } from "./heads.ts";

const link = (head: Head, job: LinkJob) => linkInto(head, job, defaultSettings);
/** The head after the job, as another process would read it: the parser checks its rules again. */
function linked(head: Head, job: LinkJob): Head {
  const changes = link(head, job);
  if (!changes) throw new Error("the job was refused");
  const next = nextHead(head, changes, "next");
  expect(parseHead(JSON.parse(JSON.stringify(encodeHead(next))))).toEqual({
    ok: true,
    value: JSON.parse(JSON.stringify(next)),
  });
  return next;
}

const jobs: Readonly<Record<string, LinkJob>> = {
  segment: { kind: "segment", entry: entryOf(5) },
  snapshot: { kind: "snapshot", modelVersion: 1, entry: snapshotOf(4), base: null },
  marks: { kind: "marks", pointer: pointerOf("marks", 4) },
  merge: {
    kind: "merge",
    inputs: [keyOf("segments", 1), keyOf("segments", 2)],
    entry: { ...entryOf(2, 2_000, 0), key: keyOf("segments", 2, 150) },
  },
  retire: {
    kind: "retire",
    retired: [keyOf("segments", 1), keyOf("segments", 2)],
    pointer: pointerOf("indexes", 2),
    before: null,
  },
};

/** Segments 1 to 4, marks and snapshot at 3: every job of `jobs` fits. */
const head = headOf({ last: 4 }, { marks: pointerOf("marks", 3) });

describe.each(Object.entries(jobs))("The job %s", (_, job) => {
  test("is linked into a head that it fits, and is then named by it.", () => {
    expect(isLinked(head, job)).toBe(false);
    const next = linked(head, job);
    expect(isLinked(next, job)).toBe(true);
    expect(next.rev).toBe(head.rev + 1);
    expect(next.nonce).toBe("next");
  });

  test("is refused when it was built against a rev below linkFrom: its object may be deleted at any time.", () => {
    expect(link({ ...head, linkFrom: 100 }, job)).toBeDefined();
    expect(link({ ...head, linkFrom: 151 }, job)).toBeUndefined();
  });

  test("is not linked twice.", () => {
    const next = linked(head, job);
    expect(link(next, job)).toBeUndefined();
  });

  test("with a malformed name is our own bug.", () => {
    const broken = JSON.parse(JSON.stringify(job).replaceAll(jobKey(job), "segments/x.json")) as LinkJob;
    expect(() => link(head, broken)).toThrow(AssertionError);
  });
});

describe("A segment", () => {
  test("moves publishedThrough to its end and brings its inline copy.", () => {
    const next = linked(head, { kind: "segment", entry: entryOf(5), inline: { copy: 1 } });
    expect(next).toMatchObject({ publishedThrough: minute(5), inline: { copy: 1 } });
    expect(next.segments).toHaveLength(5);
  });

  test("without an inline copy takes the old copy away.", () => {
    expect(
      linked({ ...head, inline: { copy: 1 } }, { kind: "segment", entry: entryOf(5) }),
    ).not.toHaveProperty("inline");
  });

  test("is linked only where publishedThrough is still where it begins: another rollup may have published.", () => {
    expect(
      link(headOf({ last: 5 }), {
        kind: "segment",
        entry: { ...entryOf(5), key: keyOf("segments", 5, 120) },
      }),
    ).toBeUndefined();
    expect(link(headOf({ last: 3 }), { kind: "segment", entry: entryOf(5) })).toBeUndefined();
  });
});

describe("A snapshot", () => {
  const job = (n: number, base: string | null, modelVersion = 1): LinkJob => ({
    kind: "snapshot",
    modelVersion,
    entry: snapshotOf(n),
    base,
  });

  test("replaces the one that its fold began from.", () => {
    const first = linked(head, job(3, null));
    expect(linked(first, job(4, keyOf("snapshots", 3))).snapshots).toEqual({ "1": snapshotOf(4) });
  });

  test("is refused when another fold's snapshot came between.", () => {
    const first = linked(head, job(3, null));
    expect(link(first, job(4, null))).toBeUndefined();
    expect(link(first, job(4, keyOf("snapshots", 2)))).toBeUndefined();
    expect(link(head, job(4, keyOf("snapshots", 2)))).toBeUndefined();
  });

  test("is refused below the floor, where no segment leads on from it, and when it is not newer.", () => {
    expect(link(headOf({ first: 3, last: 6 }), job(2, null))).toBeUndefined();
    expect(link(headOf({ first: 3, last: 6 }), job(3, null))).toBeDefined();
    expect(
      link({ ...head, snapshots: { "1": snapshotOf(3) } }, job(2, keyOf("snapshots", 3))),
    ).toBeUndefined();
  });

  test("of a new model version leaves only the newest versions listed.", () => {
    const both = { ...head, snapshots: { "1": snapshotOf(2), "2": { ...snapshotOf(3), key: "b" } } };
    expect(Object.keys(linked(both, job(4, null, 3)).snapshots)).toEqual(["2", "3"]);
  });

  test("of a version that is too old to be kept is refused.", () => {
    const both = { ...head, snapshots: { "2": snapshotOf(2), "3": { ...snapshotOf(3), key: "b" } } };
    expect(link(both, job(4, null, 1))).toBeUndefined();
  });

  test("of version 10 is newer than one of version 9.", () => {
    const both = { ...head, snapshots: { "9": snapshotOf(2), "10": { ...snapshotOf(3), key: "b" } } };
    expect(Object.keys(linked(both, job(4, null, 11)).snapshots)).toEqual(["10", "11"]);
  });
});

test("Marks are linked only when they are newer than the ones listed.", () => {
  for (const [n, fits] of [
    [2, false],
    [3, false],
    [4, true],
  ] as const)
    expect(
      link(head, { kind: "marks", pointer: { ...pointerOf("marks", n), key: keyOf("marks", n, 120) } }) !==
        undefined,
    ).toBe(fits);
});

describe("A merge", () => {
  const merge = (...inputs: readonly number[]): LinkJob => {
    const [first = 0, last = 0] = [inputs[0], inputs.at(-1)];
    return {
      kind: "merge",
      inputs: inputs.map((n) => keyOf("segments", n)),
      entry: { ...entryOf(last, 9, first - 1), key: keyOf("segments", last, 150) },
    };
  };

  test("puts one entry in the place of its inputs.", () => {
    expect(linked(head, merge(2, 3)).segments.map(({ key }) => key)).toEqual([
      keyOf("segments", 1),
      keyOf("segments", 3, 150),
      keyOf("segments", 4),
    ]);
  });

  test("keeps the inline copy of the newest segment unless that was an input.", () => {
    const inline = { ...head, inline: { copy: 4 } };
    expect(linked(inline, merge(2, 3)).inline).toEqual({ copy: 4 });
    expect(linked(inline, merge(3, 4))).not.toHaveProperty("inline");
  });

  test("is refused when an input is gone, or others stand between them.", () => {
    expect(link(headOf({ first: 2, last: 4 }), merge(2, 3))).toBeUndefined();
    expect(link(headOf({ last: 2 }), merge(2, 3))).toBeUndefined();
    expect(link(head, merge(1, 3))).toBeUndefined();
    expect(link(head, merge(3, 2))).toBeUndefined();
  });
});

describe("Retiring", () => {
  const retire = (last: number, before: string | null = null): LinkJob => ({
    kind: "retire",
    retired: Array.from({ length: last }, (_, i) => keyOf("segments", i + 1)),
    pointer: pointerOf("indexes", last),
    before,
  });

  test("raises the floor to the end of the last segment that leaves.", () => {
    expect(linked(head, retire(2))).toMatchObject({ floor: minute(2), history: pointerOf("indexes", 2) });
  });

  test("is refused past the marks, past every listed snapshot, without marks, and for the newest segment.", () => {
    expect(link(head, retire(3))).toBeDefined();
    expect(link({ ...head, marks: pointerOf("marks", 2) }, retire(3))).toBeUndefined();
    expect(
      link({ ...head, snapshots: { "1": snapshotOf(1), "2": snapshotOf(2) } }, retire(3)),
    ).toBeUndefined();
    expect(link({ ...head, marks: null }, retire(1))).toBeUndefined();
    expect(link({ ...head, marks: pointerOf("marks", 4) }, retire(4))).toBeUndefined();
    expect(mayRetireThrough({ ...head, marks: pointerOf("marks", 4) }, entryOf(4))).toBe(false);
  });

  test("takes the entry of a model version that nobody rolls up any more out of the head.", () => {
    const snapshots = { "1": snapshotOf(2), "2": snapshotOf(3) };
    expect(link({ ...head, snapshots }, retire(3))).toMatchObject({ snapshots: { "2": snapshotOf(3) } });
    expect(Object.keys(link({ ...head, snapshots }, retire(3))?.snapshots ?? {})).toEqual(["2"]);
  });

  test("is refused when another index came between, or the oldest segments are others.", () => {
    expect(link({ ...head, history: pointerOf("indexes", 1) }, retire(2))).toBeUndefined();
    expect(link(head, retire(2, keyOf("indexes", 1)))).toBeUndefined();
    expect(link(headOf({ first: 1, last: 4 }, { marks: pointerOf("marks", 3) }), retire(2))).toBeUndefined();
  });

  test("nothing is refused.", () => {
    expect(link(head, { ...retire(2), retired: [] } as LinkJob)).toBeUndefined();
  });
});

test("A head names its segments, snapshots, marks and history.", () => {
  const full = {
    ...headOf({ last: 1 }),
    snapshots: { "1": snapshotOf(1) },
    marks: pointerOf("marks", 1),
    history: pointerOf("indexes", 1),
  };
  expect(namedKeys(full)).toEqual([
    keyOf("segments", 1),
    keyOf("snapshots", 1),
    keyOf("marks", 1),
    keyOf("indexes", 1),
  ]);
  expect(namedKeys(headOf({ last: 0 }))).toEqual([]);
});

test.each<readonly [string, Partial<Head>]>([
  ["another epoch", { epoch: "other" }],
  ["a seal that falls", { sealedThrough: toTimestamp(0) }],
  ["a publishedThrough that falls", { publishedThrough: minute(3) }],
  ["a floor that falls", { floor: minute(0) }],
  ["a linkFrom that falls", { linkFrom: 9 }],
  ["a publishedThrough above the seal", { publishedThrough: minute(9) }],
])("A successor with %s is never stored.", (_, changes) => {
  expect(() => nextHead(headOf({ first: 1, last: 4 }), changes, "next")).toThrow(AssertionError);
});

test("The successor of any head has the next rev and the nonce given, and is readable.", () => {
  fc.assert(
    fc.property(heads, (before) => {
      fc.pre(before.rev < 999_999_999_999_999);
      const next = nextHead(before, {}, "next");
      expect(next).toEqual({ ...before, rev: before.rev + 1, nonce: "next" });
      expect(parseHead(JSON.parse(JSON.stringify(encodeHead(next)))).ok).toBe(true);
    }),
  );
});
