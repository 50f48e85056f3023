/** Given, when, then: a model's rules as sentences. It asks the model alone, through the very fold that every replica runs. */
import { createFold, type Fold } from "../shared/fold/fold.ts";
import type { Model, StateOf } from "../shared/model/model.ts";
import { type ActionCall, type AnyCall, storedCall, updateOf } from "./action-call.ts";

export interface Given<M> {
  /** What happens then. */
  when(...actions: readonly ActionCall<M>[]): When<M>;
}

/** Each check throws an Error that says what was found instead, and gives the same again, for the next check. */
export interface When<M> {
  /** Every action took effect, and `check` says what the state is like. */
  then(check: (state: StateOf<M>) => void): When<M>;
  /** At least one action was set aside, each for this reason: a part of its text, or a pattern. */
  rejects(reason: string | RegExp): When<M>;
  /** These invariants find something in the state, and no other does; without names, none does. */
  problems(...invariants: readonly string[]): When<M>;
}

interface SetAside {
  readonly name: string;
  readonly reason: string;
}

/**
 * A model with a history.
 *
 * @example
 * given(todos, { name: "addTodo", data: { id: "a", title: "Milk" } })
 *   .when({ name: "completeTodo", data: { id: "a" } })
 *   .then((state) => expect(state.todos.get("a")?.done).toBe(true));
 *
 * given(todos).when({ name: "addTodo", data: { id: "a", title: "" } }).rejects("title");
 * given(todos, milk).when(milkAgain).problems("titlesAreUnique");
 */
export function given<M extends Model<unknown>>(model: M, ...actions: readonly ActionCall<M>[]): Given<M> {
  return {
    when(...more) {
      const past = runCalls(model, actions);
      const [first] = past.setAside;
      if (first) throw new Error(`Given: action "${first.name}" took no effect: ${first.reason}`);
      const { fold, setAside } = runCalls(model, [...actions, ...more], actions.length);
      return checksOf<M>(fold as Fold<StateOf<M>>, setAside);
    },
  };
}

function checksOf<M>(fold: Fold<StateOf<M>>, setAside: readonly SetAside[]): When<M> {
  let awaited = false;
  const requireEffect = (): void => {
    const [first] = setAside;
    if (first && !awaited) throw new Error(`Action "${first.name}" took no effect: ${first.reason}`);
  };
  const checks: When<M> = {
    // biome-ignore lint/suspicious/noThenProperty: given, when, then: nobody waits for it, and who does gets the state.
    then(check) {
      requireEffect();
      check(fold.state());
      return checks;
    },
    rejects(reason) {
      awaited = true;
      if (setAside.length === 0)
        throw new Error(`Every action took effect, none was rejected with ${reason}`);
      const other = setAside.find((one) => !matches(one.reason, reason));
      if (other)
        throw new Error(`Action "${other.name}" was rejected, but not with ${reason}: ${other.reason}`);
      return checks;
    },
    problems(...invariants) {
      requireEffect();
      const found = fold.problems();
      const names = [...new Set(found.map(({ invariant }) => invariant))].sort();
      if (names.join() !== [...invariants].sort().join())
        throw new Error(
          `Problems of ${listed(names)} were found, not of ${listed(invariants)}: ${JSON.stringify(found)}`,
        );
      return checks;
    },
  };
  return checks;
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.map((name) => `"${name}"`).join(", ");
}

interface Run {
  readonly fold: Fold;
  /** Of the calls from `from` on. */
  readonly setAside: readonly SetAside[];
}

/** What a schema refuses is set aside as what a model throws at. */
function runCalls(model: Model<unknown>, calls: readonly AnyCall[], from = 0): Run {
  const fold: Fold = createFold(model as Model, { strict: true });
  const setAside: SetAside[] = [];
  for (const [i, call] of calls.entries()) {
    const reason = runCall(fold, call, i + 1);
    if (reason !== undefined && i >= from) setAside.push({ name: call.name, reason });
  }
  return { fold, setAside };
}

function runCall(fold: Fold, call: AnyCall, number: number): string | undefined {
  const stored = storedCall(fold.model, call);
  if (!stored.ok) return stored.reason;
  const placed = { name: call.name, data: stored.data, app: 1, seq: number, number, place: number };
  const update = updateOf(fold.model, placed);
  return fold.apply([update], update.timestamp).rejected[0]?.reason;
}
