/** The four questions of `checkConvergence`, each of one scenario: what breaks the rule, or null. */
import { createHash } from "node:crypto";
import type { Json } from "../shared/json.ts";
import { orderAndDrop } from "../shared/log/publish-build.ts";
import { emptyMarks } from "../shared/wire/marks.ts";
import { zeroTimestamp } from "../shared/wire/time.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import { differenceLines, isSame, type Path, shown, without } from "./convergence-compare.ts";
import {
  type Folded,
  foldScenario,
  lastWriteWinsFields,
  madeOrder,
  type Order,
  ordersOf,
  type Scenario,
  stampOf,
  updatesOf,
} from "./convergence-scenario.ts";
import { testUpdateId } from "./ids.ts";
import { watchMachine } from "./machine-watch.ts";

export type Question = "deterministic" | "idempotent" | "tolerant" | "commutative";

export interface Finding {
  /** What was done, when that is not the order of the making. */
  readonly order: Order | null;
  /** One line each, for people. */
  readonly lines: readonly string[];
}

export interface Asked {
  readonly scenario: Scenario;
  /** Where the later write is meant to win. */
  readonly lastWriteWins: readonly Path[];
  /** Actions of which two are meant to count twice. */
  readonly increments: readonly string[];
}

export const questions: Readonly<Record<Question, (asked: Asked) => Finding | null>> = {
  deterministic: ({ scenario }) => askDeterministic(scenario),
  idempotent: (asked) => askCopies(asked.scenario) ?? askTwins(asked),
  tolerant: ({ scenario }) => askTolerant(scenario),
  commutative: askCommutative,
};

/** What engines say of a change of a frozen value. A model's initial values stay frozen once a strict fold had them. */
const frozenTexts = /not extensible|read.only|Cannot (delete|redefine) property/;

/** What the codec says; an action's own data was encoded before. */
const unstorableText = / cannot be stored: /;

function askDeterministic(scenario: Scenario): Finding | null {
  const order = madeOrder(scenario);
  const first = foldScenario(scenario, order);
  let second = first;
  const looks = watchMachine(() => {
    second = foldScenario(scenario, order);
  });
  if (looks.length > 0) return { order: null, lines: [`The model looks at ${looks.join(", ")}.`] };
  if (!isSame(first.state, second.state))
    return {
      order: null,
      lines: ["Folded twice, the state is another one:", ...differenceLines(second.state, first.state)],
    };
  const unstorable = [...first.rejected].find(([, reason]) => unstorableText.test(reason));
  if (unstorable) {
    const [step, reason] = unstorable;
    return {
      order: null,
      lines: [`Action ${step + 1} puts into the state what cannot be stored: ${reason}`],
    };
  }
  const lenient = foldScenario(scenario, order, { strict: false });
  const changer = [...first.rejected].find(
    ([step, reason]) => frozenTexts.test(reason) || !lenient.rejected.has(step),
  );
  if (changer === undefined) return null;
  return { order: null, lines: [`Action ${changer[0] + 1} changes what it was given: ${changer[1]}`] };
}

/** What the log guarantees: an update that comes again, at any later time, is dropped by its app and seq. */
function askCopies(scenario: Scenario): Finding | null {
  const updates = updatesOf(scenario, madeOrder(scenario)).map(asStamped);
  const last = updates.at(-1)?.timestamp ?? zeroTimestamp;
  const again = updates.map((update, i) => ({ ...update, timestamp: (last + i + 1) as typeof last }));
  const { kept } = orderAndDrop([...updates, ...again], emptyMarks, sha256);
  if (kept.length === updates.length) return null;
  return { order: null, lines: ["The log itself keeps an action that comes again. Please report this."] };
}

/** Each action, made a second time by another app, changes nothing more. */
function askTwins(asked: Asked): Finding | null {
  const { scenario, increments } = asked;
  for (const [i, step] of scenario.steps.entries()) {
    if (increments.includes(step.name)) continue;
    const twin = { ...step, app: 1 + Math.max(...scenario.steps.map(({ app }) => app)) };
    const once = foldScenario(
      { ...scenario, steps: scenario.steps.slice(0, i + 1) },
      madeOrder({ steps: scenario.steps.slice(0, i + 1) }),
    );
    const steps = [...scenario.steps.slice(0, i + 1), twin];
    const twice = foldScenario({ ...scenario, steps }, madeOrder({ steps }));
    const [one, two] = [once, twice].map(({ state }) => withoutCounts(state, asked)) as [Json, Json];
    if (isSame(one, two)) continue;
    return {
      order: null,
      lines: [
        `Action ${i + 1}, made by another app as well, changes something more:`,
        ...differenceLines(two, one),
      ],
    };
  }
  return null;
}

/** A counter counts each action; a last write leaves its stamp, and the same value. */
function withoutCounts(state: Json, { scenario, lastWriteWins }: Asked): Json {
  const kinds = scenario.model.fieldKinds ?? {};
  const counters = Object.keys(kinds).filter((field) => kinds[field] === "counter");
  const stamps = lastWriteWinsFields(scenario.model).map((field) => [field, "stamp"]);
  return without(state, [...lastWriteWins, ...stamps, ...counters.map((field) => [field])]);
}

function askTolerant(scenario: Scenario): Finding | null {
  const before = foldScenario(scenario, madeOrder(scenario)).rejected;
  for (const order of ordersOf(scenario)) {
    const { rejected } = foldScenario(scenario, order);
    const thrown = [...rejected].find(([step]) => !before.has(step));
    if (thrown === undefined) continue;
    const [step, reason] = thrown;
    return { order, lines: [`action ${step + 1} throws, which it did not before: ${reason}`] };
  }
  return null;
}

function askCommutative(asked: Asked): Finding | null {
  const { scenario, lastWriteWins } = asked;
  const stamped = lastWriteWinsFields(scenario.model);
  const apart = [...lastWriteWins, ...stamped.map((field) => [field])];
  const made = foldScenario(scenario, madeOrder(scenario));
  const written = new Map<string, Json>();
  for (const order of ordersOf(scenario)) {
    const other = foldScenario(scenario, order);
    const [found, expected] = [without(other.state, apart), without(made.state, apart)];
    if (!isSame(found, expected))
      return { order, lines: ["the state is another one:", ...differenceLines(found, expected)] };
    for (const field of stamped) {
      const fault = stampFault(field, { made, other, order, written });
      if (fault !== null) return { order, lines: [fault] };
    }
  }
  return null;
}

/** The last of those who write a field wins it, in every order, with the same value. */
function stampFault(
  field: string,
  seen: {
    readonly made: Folded;
    readonly other: Folded;
    readonly order: Order;
    readonly written: Map<string, Json>;
  },
): string | null {
  const writers = new Set(seen.made.writers[field]);
  const wanted = seen.order.findLast((step) => writers.has(step));
  const winner = seen.other.writers[field]?.at(-1);
  if (winner !== wanted)
    return `${field} was last written by ${stepText(winner)}, not by ${stepText(wanted)}: whether an action writes it depends on what it holds`;
  if (winner === undefined) return null;
  const key = `${field} ${String(stampOf(seen.other.state, field))}`;
  const value = (seen.other.state as Record<string, { readonly value: Json }>)[field]?.value ?? null;
  const before = seen.written.get(key);
  seen.written.set(key, value);
  if (before === undefined || isSame(before, value)) return null;
  return `${stepText(winner)} writes ${shown(value)} into ${field}, and ${shown(before)} in another order`;
}

function stepText(step: number | undefined): string {
  return step === undefined ? "nobody" : `action ${step + 1}`;
}

function asStamped(update: ReturnType<typeof updatesOf>[number], i: number): StampedUpdate {
  return { ...update, id: testUpdateId(i + 1), after: zeroTimestamp };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
