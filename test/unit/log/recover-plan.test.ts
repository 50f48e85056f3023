import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planChain, type SegmentFact } from "../../../shared/log/recover-plan.ts";
import { fact, logOf, logStart, type Start } from "./recovered.ts";

const keysOf = (facts: readonly SegmentFact[]) => facts.map(({ key }) => key).sort();
const at = (facts: readonly SegmentFact[], i: number) => facts.at(i) as SegmentFact;
/** Any hash but those of the tests. */
const elsewhere: Start = { ...logStart, through: at(logOf(3), -1).through, hash: "f".repeat(64) };
const epoch = 1_000_000_000;

function expectPlan(
  facts: readonly SegmentFact[],
  wanted: { chain: readonly SegmentFact[]; ends: readonly SegmentFact[]; doubtful?: readonly SegmentFact[] },
) {
  const plan = planChain(facts, new Set(wanted.doubtful?.map(({ key }) => key)));
  expect(plan.chain.map(({ key }) => key)).toEqual(wanted.chain.map(({ key }) => key));
  expect(keysOf(plan.ends)).toEqual(keysOf(wanted.ends));
  return plan;
}

describe("The plan of a log without a head", () => {
  test("is empty where there are no segments.", () => {
    expect(planChain([])).toEqual({ chain: [], ends: [], unreachable: [], branches: [] });
  });

  test("takes the only segment as an end: whether it was linked cannot be told.", () => {
    const [only] = logOf(1);
    expectPlan([only as SegmentFact], { chain: [], ends: [only as SegmentFact] });
  });

  test("leads over all segments that another one was built upon, in whatever order they are found.", () => {
    const log = logOf(12);
    fc.assert(
      fc.property(fc.shuffledSubarray([...log], { minLength: log.length }), (shuffled) => {
        const plan = expectPlan(shuffled, { chain: log.slice(0, -1), ends: log.slice(-1) });
        expect([...plan.unreachable, ...plan.branches]).toEqual([]);
      }),
    );
  });

  test("leaves out siblings that lost their race where the log went on.", () => {
    const log = logOf(4);
    const sibling = fact(at(log, 1), [3.5], at(log, 2).rev - 1);
    const plan = expectPlan([...log, sibling], { chain: log.slice(0, 3), ends: [at(log, 3)] });
    expect([...plan.unreachable, ...plan.branches]).toEqual([]);
  });

  test("takes all segments that begin at the tip as ends.", () => {
    const log = logOf(3);
    const siblings = [fact(at(log, 1), [2.5, 3, 3.5], 9), fact(at(log, 1), [2.5], 7)];
    expectPlan([...log, ...siblings], { chain: log.slice(0, 2), ends: [at(log, 2), ...siblings] });
  });

  test("goes over merged segments, of their inputs over as few as there must be.", () => {
    const log = logOf(9);
    const merged = fact(logStart, [1, 2, 3], 40);
    const larger = fact(logStart, [1, 2, 3, 4, 5], 50);
    expectPlan([...log, merged, larger], { chain: [larger, ...log.slice(5, 8)], ends: [at(log, 8)] });
    // The inputs swept half away.
    const swept = log.filter((_, i) => i !== 1 && i !== 3);
    const plan = expectPlan([...swept, larger], { chain: [larger, ...log.slice(5, 8)], ends: [at(log, 8)] });
    expect([...plan.unreachable, ...plan.branches]).toEqual([]);
  });

  test("finds the end of a merged segment whose rev is above that of all that follows.", () => {
    const log = logOf(4);
    const merged = fact(logStart, [1, 2, 3], 900);
    expectPlan([...log, merged], { chain: [merged], ends: [at(log, 3)] });
  });

  test("goes around what a sweep may be about to delete, and over it where no other way leads.", () => {
    const log = logOf(6);
    const merged = fact(logStart, [1, 2, 3], 30);
    const other = fact(logStart, [1, 2, 3], 31);
    const wanted = { chain: [...log.slice(0, 5)], ends: [at(log, 5)] };
    expectPlan([...log, merged], { ...wanted, doubtful: [merged] });
    expectPlan([merged, other, ...log], {
      ...wanted,
      chain: [other, ...log.slice(3, 5)],
      doubtful: [merged],
    });
    expectPlan([merged, ...log.slice(3)], {
      ...wanted,
      chain: [merged, ...log.slice(3, 5)],
      doubtful: [merged],
    });
  });

  test("stops before a gap, and names what lies behind it.", () => {
    const log = logOf(6);
    const plan = expectPlan(
      log.filter((_, i) => i !== 2),
      { chain: [at(log, 0)], ends: [at(log, 1)] },
    );
    expect(plan.unreachable).toEqual(log.slice(3));
  });

  test("finds nothing where the first segment is lost, and names all others.", () => {
    const log = logOf(3);
    const plan = expectPlan(log.slice(1), { chain: [], ends: [] });
    expect(plan.unreachable).toEqual(log.slice(1));
  });

  test("does not call lost what begins elsewhere and ends before the tip: a relic.", () => {
    const log = logOf(8);
    const plan = expectPlan([...log, fact(elsewhere, [4, 5], 11)], {
      chain: log.slice(0, 7),
      ends: [at(log, 7)],
    });
    expect(plan.unreachable).toEqual([]);
  });

  test("ignores a segment that ends where it begins, or before.", () => {
    const log = logOf(3);
    const turned = { ...at(log, 1), through: at(log, 0).through, from: at(log, 0).through, key: "turned" };
    expectPlan([turned, ...log], { chain: log.slice(0, 2), ends: [at(log, 2)] });
  });

  test("reaches the tip of a log of 50,000 segments and as many that lost their race.", () => {
    const log: SegmentFact[] = [];
    const losers: SegmentFact[] = [];
    for (let i = 1; i <= 50_000; i++) {
      const [from, fromHash] = [log.at(-1)?.through ?? 0, log.at(-1)?.hash ?? logStart.hash] as const;
      const one = { ...fact(logStart, [1], 2 * i), from, fromHash, through: i, hash: `h${i}` } as SegmentFact;
      log.push({ ...one, key: `key ${i}` });
      losers.push({ ...one, key: `loser ${i}`, hash: `l${i}`, rev: 2 * i - 1 });
    }
    const { chain, ends } = planChain([...log, ...losers]);
    expect([chain.length, ends.length]).toEqual([49_999, 2]);
  });
});

describe("Where an earlier recovery left branches, the plan", () => {
  /** Two ends of a log: the linked one, one that lost; and what the recovery made of both. */
  const log = logOf(3);
  const tip = at(log, 1);
  const lost = fact(tip, [2.5, 3.5], 7);
  const joined = fact(tip, [2.5, 3, 3.5], epoch);
  /** Built for the lost head and put long after the recovery. */
  const stray = fact(at(log, 2), [4], 12);
  const before = [...log, lost, joined];

  test("follows what was built after the recovery, whatever a frozen rollup built upon the lost branch.", () => {
    const next = fact(joined, [4, 5], epoch + 2);
    const plan = expectPlan([...before, stray, next], { chain: [...log.slice(0, 2), joined], ends: [next] });
    // It was linked once, so its updates must be accounted for.
    expect(plan.branches).toEqual([at(log, 2)]);
    expect(plan.unreachable).toEqual([]);
  });

  test("is not led astray by a merge of what both branches have in common.", () => {
    const next = fact(joined, [4], epoch + 2);
    const common = fact(logStart, [1, 2], epoch + 900);
    expectPlan([stray, ...before, next, common], { chain: [common, joined], ends: [next] });
  });

  test("takes both branches as ends where nothing was built upon what the recovery joined.", () => {
    expectPlan([...before, stray], { chain: log.slice(0, 2), ends: [at(log, 2), lost, joined, stray] });
  });

  test("goes on with a branch that surely went on: the recovery was killed, and the old head came back.", () => {
    const [third, fourth] = [at(log, 2), stray];
    const fifth = fact(fourth, [5], 14);
    const plan = expectPlan([...before, fourth, fifth], {
      chain: [...log.slice(0, 2), third, fourth],
      ends: [fifth],
    });
    expect(plan.branches).toEqual([joined]);
  });

  test("joins what two recoveries at once left behind, and what came of the one that won.", () => {
    const other = fact(tip, [2.5, 3], 2 * epoch);
    const next = fact(joined, [4], epoch + 2);
    expectPlan([...before, other, next], {
      chain: log.slice(0, 2),
      ends: [at(log, 2), lost, joined, other, next],
    });
    const after = fact(next, [5], epoch + 4);
    expectPlan([...before, other, next, after], { chain: [...log.slice(0, 2), joined, next], ends: [after] });
  });

  test("names what lies behind a gap of the branch that lived on.", () => {
    const next = fact(joined, [4], epoch + 2);
    const plan = planChain([...log, lost, stray, next]);
    expect(plan.unreachable).toEqual([next]);
  });
});
