/** What `checkConvergence` throws: the rule that was broken, and the shortest way found to break it. */
import { shown } from "./convergence-compare.ts";
import type { Finding, Question } from "./convergence-questions.ts";
import type { Order, Scenario, Step } from "./convergence-scenario.ts";

/** The rules of the document that icecore was made from, "Consistency", in its words. */
export const rules: Readonly<Record<Question, string>> = {
  deterministic: "This technique depends on functional modelling",
  idempotent: "Additions and deletions must be idempotent - check ids before adding",
  tolerant: "Must tolerate updates ending up in a different order than on original client",
  commutative: "Cannot have updates that depend on a previous state value",
};

const advice: Readonly<Record<Question, string>> = {
  deterministic:
    "Let a model function use its state, data and meta alone: put times, random values and ids into the action's data, and give new values instead of changing old ones.",
  idempotent:
    "Add with addIfAbsent, under an id that the action carries; count with a counter field. If two of an action are meant to count twice, name it in `increments`.",
  tolerant:
    "Do nothing where what an action is about is not there (yet, or any more), instead of throwing; what people should see belongs into an invariant.",
  commutative:
    'Let actions carry what they set, add or count, and change as little as possible: patch single members, use counters, sets and lastWriteWins. Where the later write is meant to win, name the place in `lastWriteWins`, e.g. "todos.*.title".',
};

export interface Failure extends Finding {
  readonly question: Question;
  readonly scenario: Scenario;
  /** To run it again. */
  readonly seed: number;
  readonly path: string;
}

export class ConvergenceError extends Error {
  override readonly name = "ConvergenceError";
  readonly question: Question;
  readonly rule: string;
  /** The fewest actions found that show it, in the order of their making. */
  readonly steps: readonly Step[];
  /** The order in which they were folded, as positions in `steps`; null for that of the making. */
  readonly order: Order | null;
  readonly seed: number;
  readonly path: string;

  constructor(failure: Failure) {
    super(textOf(failure));
    this.question = failure.question;
    this.rule = rules[failure.question];
    this.steps = failure.scenario.steps;
    this.order = failure.order;
    this.seed = failure.seed;
    this.path = failure.path;
  }
}

function textOf({ question, scenario, order, lines, seed, path }: Failure): string {
  const [first = "", ...more] = lines;
  return [
    `Model "${scenario.model.name}" is not ${question}.`,
    `Rule of consistency: "${rules[question]}".`,
    "",
    "The actions, in the order in which they were made:",
    ...scenario.given.map((step) => `  given    ${stepText(step)}`),
    ...scenario.steps.map((step, i) => `  ${i + 1} app ${appName(step.app)}  ${stepText(step)}`),
    "",
    order === null ? first : `In the order ${order.map((i) => i + 1).join(", ")} ${first}`,
    ...more.map((line) => `  ${line}`),
    "",
    advice[question],
    `Again: { questions: ["${question}"], seed: ${seed}, path: "${path}" }`,
  ].join("\n");
}

function stepText({ name, data }: Step): string {
  return `${name} ${shown(data)}`;
}

/** A, B, C … */
function appName(app: number): string {
  return String.fromCharCode(64 + app);
}
