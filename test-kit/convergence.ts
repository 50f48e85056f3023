/**
 * checkConvergence: does a model keep the rules that let apps work apart and come together again? It makes up what several apps do,
 * folds it in every order that keeps each app's own, and shows the shortest way it finds to break a rule.
 *
 * Actions are made with nobody seeing the others' (only what was `given`), so every order may happen. Rules that an app means to break
 * are named in the options: places where the later write wins, actions that count.
 */
import type { Arbitrary } from "fast-check";
import { StoreError } from "../shared/errors.ts";
import type { ActionInput, ActionName, Model } from "../shared/model/model.ts";
import { type ActionCall, type AnyCall, storedCall } from "./action-call.ts";
import { parsePath } from "./convergence-compare.ts";
import { ConvergenceError } from "./convergence-error.ts";
import { type Asked, type Finding, type Question, questions } from "./convergence-questions.ts";
import { foldScenario, madeOrder, type Scenario, type Step } from "./convergence-scenario.ts";

/** For the actions to be made up: an arbitrary of fast-check that makes the data of one. */
export type ActionArbitraries<M> = {
  readonly [Name in ActionName<M>]?: Arbitrary<ActionInput<M, Name>>;
};

export interface ConvergenceOptions<M> {
  /** What every app has seen before it goes its own way. @default nothing */
  readonly given?: readonly ActionCall<M>[];
  /** @default all four */
  readonly questions?: readonly Question[];
  /** Places of the encoded state where the later write is meant to win: "title", "todos.*.title"; "*" stands for any key. */
  readonly lastWriteWins?: readonly string[];
  /** Actions that count, so that two of them are meant to count twice. Counter fields need no naming. */
  readonly increments?: readonly ActionName<M>[];
  /** @default 3 */
  readonly apps?: number;
  /** Actions of one scenario: every order of them is tried, so few are enough. At most 8. @default 6 */
  readonly actionsMax?: number;
  /** Scenarios for each question. @default 100 */
  readonly runs?: number;
  /** From a ConvergenceError, to run it again. */
  readonly seed?: number;
  readonly path?: string;
}

export interface ConvergenceReport {
  readonly scenarios: number;
  /** By action: how often it took effect, in the order of its making. */
  readonly applied: Readonly<Record<string, number>>;
}

const allQuestions: readonly Question[] = ["deterministic", "idempotent", "tolerant", "commutative"];
const limits = { apps: 4, actions: 8 };
/** An action that was made so often and never took effect was not tried at all. */
const enoughMade = 20;

/**
 * Asks four questions of a model. *Deterministic*: the same fold twice gives the same state, without clock, randomness or changing what
 * was given. *Idempotent*: an action that comes again counts once, and one that two apps make changes nothing more than one.
 * *Tolerant*: in no order an action throws that did not before. *Commutative*: every order gives the same state, save where the last
 * write wins. Needs the package fast-check.
 *
 * @throws ConvergenceError that names the rule and shows the fewest actions that break it
 * @example
 * await checkConvergence(todos, {
 *   completeTodo: fc.record({ id: fc.constantFrom("a", "b") }),
 *   renameTodo: fc.record({ id: fc.constantFrom("a", "b"), title: fc.string() }),
 * }, {
 *   given: [{ name: "addTodo", data: { id: "a", title: "Milk" } }, { name: "addTodo", data: { id: "b", title: "Bread" } }],
 *   lastWriteWins: ["todos.*.title"],
 * });
 */
export async function checkConvergence<M extends Model<unknown>>(
  model: M,
  actions: ActionArbitraries<M>,
  options: ConvergenceOptions<M> = {},
): Promise<ConvergenceReport> {
  const fc = await loadFastCheck();
  const { runs = 100, seed, path } = options;
  const steps = stepsOf(fc, actions as Readonly<Record<string, Arbitrary<unknown>>>, options);
  const base = baseOf(model, options);
  const tally = createTally();
  for (const question of options.questions ?? allQuestions) {
    const property = fc.property(steps, (made) => {
      const asked = {
        ...base,
        scenario: { ...base.scenario, steps: made.map((call) => stepOf(model, call)) },
      };
      tally.count(asked.scenario);
      const finding = questions[question](asked);
      if (finding !== null) throw new Broken(finding);
    });
    const details = fc.check(property, {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed }),
      ...(path === undefined ? {} : { path }),
    });
    if (!details.failed) continue;
    const { errorInstance, counterexample } = details;
    if (!(errorInstance instanceof Broken) || counterexample === null) throw errorInstance;
    const scenario = { ...base.scenario, steps: counterexample[0].map((call) => stepOf(model, call)) };
    throw new ConvergenceError({
      ...errorInstance.finding,
      question,
      scenario,
      seed: details.seed,
      path: details.counterexamplePath ?? "",
    });
  }
  return tally.report();
}

/** Carries a finding through fast-check, which shrinks what throws. */
class Broken extends Error {
  override readonly name = "Broken";
  readonly finding: Finding;
  constructor(finding: Finding) {
    super(finding.lines.join("\n"));
    this.finding = finding;
  }
}

type FastCheck = typeof import("fast-check");

async function loadFastCheck(): Promise<FastCheck> {
  try {
    return await import("fast-check");
  } catch (error) {
    throw new StoreError(
      {
        kind: "unavailable",
        what: "checkConvergence needs the package fast-check, which is not installed",
        fix: "Run: npm install --save-dev fast-check",
      },
      error,
    );
  }
}

interface MadeCall extends AnyCall {
  readonly app: number;
}

function stepsOf<M>(
  fc: FastCheck,
  actions: Readonly<Record<string, Arbitrary<unknown>>>,
  { apps = 3, actionsMax = 6 }: ConvergenceOptions<M>,
): Arbitrary<MadeCall[]> {
  requireWithin("apps", apps, limits.apps);
  requireWithin("actionsMax", actionsMax, limits.actions);
  const calls = Object.entries(actions).map(([name, data]) => data.map((one) => ({ name, data: one })));
  if (calls.length === 0) throw new TypeError("checkConvergence needs the arbitrary of at least one action");
  const call = fc
    .tuple(fc.integer({ min: 1, max: apps }), fc.oneof(...calls))
    .map(([app, made]) => ({ ...made, app }));
  return fc.array(call, { minLength: 1, maxLength: actionsMax });
}

function requireWithin(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(`${name} is ${value}: give a whole number from 1 to ${most}, as every order is tried`);
}

function baseOf<M extends Model<unknown>>(model: M, options: ConvergenceOptions<M>): Asked {
  const given = (options.given ?? []).map((call) => stepOf(model, { ...call, app: 1 }));
  const [idle] = foldScenario({ model, given: [], steps: given }, madeOrder({ steps: given })).rejected;
  if (idle) throw new TypeError(`Given action "${given[idle[0]]?.name}" took no effect: ${idle[1]}`);
  const scenario: Scenario = { model, given, steps: [] };
  return {
    scenario,
    lastWriteWins: (options.lastWriteWins ?? []).map(parsePath),
    increments: options.increments ?? [],
  };
}

function stepOf(model: Model<unknown>, call: MadeCall): Step {
  const stored = storedCall(model, call);
  if (stored.ok) return { app: call.app, name: call.name, data: stored.data };
  throw new TypeError(`Action "${call.name}" was made with data that its schema refuses: ${stored.reason}`);
}

/** Counts what was really tried, so that a check which asks nothing does not pass. */
function createTally() {
  let scenarios = 0;
  const made: Record<string, number> = {};
  const applied: Record<string, number> = {};
  const reasons: Record<string, string> = {};
  return {
    count(scenario: Scenario): void {
      scenarios += 1;
      const { rejected } = foldScenario(scenario, madeOrder(scenario));
      for (const [i, { name }] of scenario.steps.entries()) {
        const reason = rejected.get(i);
        made[name] = (made[name] ?? 0) + 1;
        applied[name] = (applied[name] ?? 0) + (reason === undefined ? 1 : 0);
        if (reason !== undefined) reasons[name] = reason;
      }
    },
    report(): ConvergenceReport {
      const idle = Object.keys(made).find((name) => applied[name] === 0 && (made[name] ?? 0) >= enoughMade);
      if (idle === undefined) return { scenarios, applied };
      throw new TypeError(
        `Action "${idle}" was made ${made[idle]} times and never took effect, so nothing was asked of it: ${reasons[idle]}. Give what it needs in \`given\`.`,
      );
    },
  };
}
