/** A scenario: what several apps do, in the order in which it was made, and folds of it in any order that keeps each app's own. */
import { createFold } from "../shared/fold/fold.ts";
import type { FoldUpdate } from "../shared/fold/fold-update.ts";
import type { Json, JsonObject } from "../shared/json.ts";
import type { Model } from "../shared/model/model.ts";
import { updateOf } from "./action-call.ts";

/** One action of one app. */
export interface Step {
  /** 1, 2, 3 … */
  readonly app: number;
  readonly name: string;
  readonly data: Json;
}

export interface Scenario {
  readonly model: Model<unknown>;
  /** What everybody has seen before, as actions of app 0. */
  readonly given: readonly Step[];
  /** In the order in which they were made. */
  readonly steps: readonly Step[];
}

/** Positions of steps, e.g. [1, 0]: the second one came first. */
export type Order = readonly number[];

export interface Folded {
  readonly state: Json;
  /** By position of the step: why it was set aside. */
  readonly rejected: ReadonlyMap<number, string>;
  /** For each field where the last write wins: the steps that wrote it, in the order of this fold. */
  readonly writers: Readonly<Record<string, readonly number[]>>;
}

export function madeOrder({ steps }: Pick<Scenario, "steps">): Order {
  return steps.map((_, i) => i);
}

/** Every order that keeps each app's own, that of the making first and those near to it soon. */
export function* ordersOf({ steps }: Pick<Scenario, "steps">): Generator<Order> {
  const order: number[] = [];
  const used = new Set<number>();
  function* extend(): Generator<Order> {
    if (order.length === steps.length) yield [...order];
    const apps = new Set<number>();
    for (const [i, { app }] of steps.entries()) {
      if (used.has(i) || apps.has(app)) continue;
      apps.add(app);
      used.add(i);
      order.push(i);
      yield* extend();
      order.pop();
      used.delete(i);
    }
  }
  yield* extend();
}

export function foldScenario(scenario: Scenario, order: Order, { strict = true } = {}): Folded {
  const fold = createFold(scenario.model as Model, { strict });
  const fields = lastWriteWinsFields(scenario.model);
  const rejected = new Map<number, string>();
  const writers = Object.fromEntries(fields.map((field) => [field, [] as number[]]));
  for (const [at, update] of updatesOf(scenario, order).entries()) {
    const report = fold.apply([update], update.timestamp);
    const step = at < scenario.given.length ? undefined : order[at - scenario.given.length];
    if (step === undefined) continue;
    const reason = report.rejected[0]?.reason;
    if (reason !== undefined) rejected.set(step, reason);
    if (fields.length === 0) continue;
    const state = fold.encode();
    const id = update.actions[0]?.id;
    for (const field of fields) if (stampOf(state, field) === id) writers[field]?.push(step);
  }
  return { state: fold.encode(), rejected, writers };
}

/** As the log holds them: each action an update of its own, times and ids the same for the same place. */
export function updatesOf({ model, given, steps }: Scenario, order: Order): readonly FoldUpdate[] {
  const placed = [
    ...given.map((step, i) => ({ step: { ...step, app: 0 }, number: i })),
    ...order.flatMap((i) => (steps[i] ? [{ step: steps[i], number: given.length + i }] : [])),
  ];
  const seqs = new Map<number, number>();
  return placed.map(({ step, number }, place) => {
    const seq = (seqs.get(step.app) ?? 0) + 1;
    seqs.set(step.app, seq);
    return updateOf(model, { ...step, seq, number: number + 1, place: place + 1 });
  });
}

export function lastWriteWinsFields({ fieldKinds = {} }: Model<unknown>): readonly string[] {
  return Object.keys(fieldKinds).filter((field) => fieldKinds[field] === "lastWriteWins");
}

/** The action that wrote a last-write-wins field of an encoded state. */
export function stampOf(state: Json, field: string): unknown {
  const stamp = (state as JsonObject)[field] as
    | { readonly stamp?: { readonly action?: unknown } }
    | undefined;
  return stamp?.stamp?.action;
}
