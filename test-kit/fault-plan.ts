/**
 * Which fault meets the next request of a faulty transport: one that the test asked for comes first, in the order of asking; else chance
 * decides. Counts what it gave. Everything is drawn from the given `random`, one number a request, so a seed replays a run as long as
 * the requests come in the same order.
 */
import { assert } from "../shared/errors.ts";

/** Chances from 0 to 1 by fault; together at most 1. */
export type Chances<Fault extends string> = Readonly<Partial<Record<Fault, number>>>;

export interface Asked<Fault extends string, Details> {
  readonly fault: Fault;
  readonly details: Details;
}

export interface FaultPlan<Fault extends string, Details> {
  /** What meets a request that only `possible` can meet; null: nothing. `isMeant` is asked of what the test asked for. */
  next(possible: readonly Fault[], isMeant: (details: Details) => boolean): Asked<Fault, Details> | null;
  ask(asked: Asked<Fault, Details>): void;
  setChances(chances: Chances<Fault>): void;
  /** How often each fault was given; a copy. */
  counts(): Readonly<Record<Fault, number>>;
}

/** @param details what a fault that chance brings comes with */
export function createFaultPlan<Fault extends string, Details>(
  faults: readonly Fault[],
  { random, chances: first, details }: FaultPlanOptions<Fault, Details>,
): FaultPlan<Fault, Details> {
  const none = Object.fromEntries(faults.map((fault) => [fault, 0])) as Record<Fault, number>;
  let chances: Record<Fault, number> = { ...none, ...first };
  let asked: readonly Asked<Fault, Details>[] = [];
  const counts = { ...none };
  assertChances(chances);

  function drawn(possible: readonly Fault[]): Fault | undefined {
    const at = random();
    let below = 0;
    return possible.find((fault) => {
      below += chances[fault];
      return at < below;
    });
  }

  return {
    next(possible, isMeant) {
      const first = asked.find((one) => possible.includes(one.fault) && isMeant(one.details));
      asked = asked.filter((one) => one !== first);
      const fault = first?.fault ?? drawn(possible);
      if (fault === undefined) return null;
      counts[fault] += 1;
      return first ?? { fault, details };
    },
    ask(one) {
      assert(faults.includes(one.fault), `a fault is one of ${faults.join(", ")}`);
      asked = [...asked, one];
    },
    setChances(changes) {
      chances = { ...chances, ...changes };
      assertChances(chances);
    },
    counts: () => ({ ...counts }),
  };
}

export interface FaultPlanOptions<Fault extends string, Details> {
  readonly random: () => number;
  readonly chances?: Chances<Fault> | undefined;
  readonly details: Details;
}

function assertChances(chances: Readonly<Record<string, number>>): void {
  const all = Object.values(chances);
  assert(
    all.every((chance) => chance >= 0 && chance <= 1),
    "a chance is from 0 to 1",
  );
  const sum = all.reduce((a, b) => a + b, 0);
  assert(sum <= 1 + Number.EPSILON * all.length, "the chances add up to at most 1");
}

/** Uniform between two numbers of milliseconds. */
export function drawMs([least, most]: readonly [number, number], random: () => number): number {
  return Math.round(least + random() * (most - least));
}
