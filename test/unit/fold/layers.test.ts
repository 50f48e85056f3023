import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  createFold,
  createLayers,
  defineModel,
  diffStates,
  type FoldUpdate,
  type StateOf,
  table,
} from "../../../shared/index.ts";
import { calls } from "./arbitrary.ts";
import { apps, at, hashOf, sample, update } from "./sample.ts";

const newFold = () => createFold(sample);

/** A state as plain values, read through its handles and not through the fold. */
function shown(state: StateOf<typeof sample>): unknown {
  return {
    ...state,
    todos: [...state.todos],
    tags: [...state.tags],
    steps: [...state.steps.items()],
  };
}

function fromScratch(updates: readonly FoldUpdate[]): unknown {
  const fold = newFold();
  let position = 0;
  for (const each of updates) {
    position = Math.max(position + 1, each.timestamp);
    fold.apply([{ ...each, timestamp: at(position) }], at(position));
  }
  return shown(fold.state());
}

/** Random use: a log that grows, a tail that is a part of what comes, late updates, pending ones, confirmations. */
const use = fc.array(
  fc.record({
    do: fc.constantFrom(
      "late",
      "late",
      "tail",
      "confirm",
      "confirmSome",
      "pend",
      "pend",
      "dropPending",
      "read",
      "other",
    ),
    at: fc.nat(200),
    calls: fc.array(calls, { maxLength: 3 }),
  }),
  { maxLength: 30 },
);

describe("layers", () => {
  it("equal a fold from scratch after any late updates, confirmations and pending actions", () => {
    fc.assert(
      fc.property(use, (steps) => {
        const layers = createLayers(newFold());
        let confirmed: FoldUpdate[] = [];
        let tail: FoldUpdate[] = [];
        let pending: FoldUpdate[] = [];
        let through = 0;
        for (const step of steps) {
          const ms = through + 1 + step.at;
          const free = !tail.some(({ timestamp }) => timestamp === ms);
          if ((step.do === "late" || step.do === "tail") && free) {
            tail = [...tail, update(ms, step.calls)].sort((a, b) => a.timestamp - b.timestamp);
            layers.setTail(tail);
          } else if (step.do === "confirm" || step.do === "confirmSome") {
            through =
              step.do === "confirm" ? Math.max(through, ...tail.map(({ timestamp }) => timestamp)) : ms;
            const gone = tail.filter(({ timestamp }) => timestamp <= through);
            layers.confirm(gone, at(through));
            confirmed = [...confirmed, ...gone];
            tail = tail.filter(({ timestamp }) => timestamp > through);
          } else if (step.do === "other") {
            through = ms;
            const surprise = update(ms, step.calls);
            const gone = tail.filter(({ timestamp }) => timestamp < ms && timestamp % 2 === 0);
            layers.confirm([...gone, surprise], at(through));
            confirmed = [...confirmed, ...gone, surprise];
            tail = tail.filter(({ timestamp }) => timestamp > through);
          } else if (step.do === "pend") {
            const next = update(through + 1, step.calls);
            pending = [...pending, next];
            layers.addPending(next);
          } else if (step.do === "dropPending") {
            pending = pending.filter((_, i) => i !== step.at % Math.max(pending.length, 1));
            layers.setPending(pending);
          } else {
            const states = layers.states();
            expect(shown(states.confirmed)).toEqual(fromScratch(confirmed));
            expect(layers.states()).toBe(states);
          }
        }
        const { confirmed: c, tentative, optimistic } = layers.states();
        expect(layers.position).toBe(through);
        expect(shown(c)).toEqual(fromScratch(confirmed));
        expect(shown(tentative)).toEqual(fromScratch([...confirmed, ...tail]));
        const { theme: shownTheme, ...rest } = shown(optimistic) as { theme: { value: string } };
        const { theme, ...whole } = fromScratch([...confirmed, ...tail, ...pending]) as {
          theme: { value: string };
        };
        expect(rest).toEqual(whole);
        expect(shownTheme.value).toBe(theme.value);
      }),
      { numRuns: 150 },
    );
  });

  it("redo only what lies behind the kept base when an update comes in late", () => {
    let runs = 0;
    const counted = defineModel({
      name: "counted",
      version: 1,
      state: { rows: table<{ readonly n: number }>() },
      actions: (action) => ({
        put: action(z.object({ n: z.number() }), (state, { n }) => {
          runs += 1;
          state.rows.set(String(n % 97), { n });
        }),
      }),
    });
    const tail = Array.from({ length: 5_000 }, (_, i) => update(10 + i * 10, [["put", { n: i }]]));
    const layers = createLayers(createFold(counted));
    layers.setTail(tail);
    layers.states();
    expect(runs).toBe(5_000);
    runs = 0;
    const late = update(40_015, [["put", { n: 7_000 }]]);
    layers.setTail([...tail.slice(0, 4_001), late, ...tail.slice(4_001)]);
    const { tentative } = layers.states();
    expect(runs).toBeLessThanOrEqual(1_000 + 256);
    expect(runs).toBeGreaterThanOrEqual(1_000);
    const scratch = createFold(counted);
    scratch.apply([...tail.slice(0, 4_001), late, ...tail.slice(4_001)], at(100_000));
    expect([...tentative.rows]).toEqual([...scratch.state().rows]);
    runs = 0;
    layers.confirm([...tail.slice(0, 4_001), late], at(40_015));
    layers.states();
    expect(runs).toBeLessThanOrEqual(256);
  });

  it("redo nothing when one more action is added or the whole tail is confirmed as it was", () => {
    const layers = createLayers(newFold());
    const tail = [update(10, [["like", { n: 1 }]]), update(20, [["like", { n: 2 }]])];
    layers.setTail(tail);
    layers.addPending(update(1, [["like", { n: 10 }]]));
    const before = layers.states();
    expect(before.optimistic.likes).toBe(13);
    expect(layers.confirm(tail, at(25))).toEqual({ applied: 2, rejected: [] });
    const after = layers.states();
    expect(after.confirmed).toBe(before.tentative);
    expect(after.optimistic).toBe(before.optimistic);
    layers.addPending(update(1, [["like", { n: 100 }]]));
    expect(layers.states().optimistic.likes).toBe(113);
    expect(layers.states().tentative).toBe(before.tentative);
    expect(layers.position).toBe(25);
  });

  it("tell what each layer left out, and what a confirmation settles", () => {
    const layers = createLayers(newFold());
    const tail = [update(10, [["explode", { id: "t" }]]), update(20, [["like", { n: 1 }]])];
    layers.setTail(tail);
    layers.addPending(update(5, [["explode", { id: "p" }]]));
    const reasons = layers.rejections();
    expect(reasons.tail.map(({ reason }) => reason)).toEqual(["boom t"]);
    expect(reasons.pending.map(({ reason }) => reason)).toEqual(["boom p"]);
    const report = layers.confirm(tail.slice(0, 1), at(15));
    expect([report.applied, report.rejected.map(({ reason }) => reason)]).toEqual([0, ["boom t"]]);
    expect(layers.rejections().tail).toEqual([]);
    expect(layers.rejections().pending.length).toBe(1);
  });

  it("hold the tail back from an update of a newer model on, and say which", () => {
    const layers = createLayers(newFold());
    const like = (ms: number, modelVersion = 1): FoldUpdate =>
      update(ms, [["like", { n: 1 }]], { modelVersion });
    layers.setTail([like(10), like(20, 2), like(30)]);
    expect(layers.states().tentative.likes).toBe(1);
    expect(layers.tailStop).toEqual({ timestamp: 20, modelVersion: 2 });
    const report = layers.confirm([like(10), like(20, 2)], at(40));
    expect(report.stoppedAt).toEqual({ timestamp: 20, modelVersion: 2 });
    expect(layers.position).toBe(19);
    expect(layers.states().optimistic.likes).toBe(1);
  });

  it("take a newer snapshot at any moment", () => {
    const other = newFold();
    other.apply([update(10, [["like", { n: 5 }]]), update(20, [["like", { n: 5 }]])], at(20));
    const layers = createLayers(newFold());
    layers.setTail([update(15, [["like", { n: 1 }]]), update(30, [["like", { n: 1 }]])]);
    layers.addPending(update(1, [["like", { n: 100 }]]));
    layers.states();
    layers.load(JSON.parse(JSON.stringify(other.encode())), 1, at(20));
    const { confirmed, tentative, optimistic } = layers.states();
    expect([confirmed.likes, tentative.likes, optimistic.likes]).toEqual([10, 11, 111]);
  });

  it("take updates of two apps at one timestamp, also when the second comes later", () => {
    const one = update(10, [["retitle", { title: "one" }]]);
    const two = update(10, [["retitle", { title: "two" }]], { app: apps[1] as FoldUpdate["app"] });
    const layers = createLayers(newFold());
    layers.setTail([one]);
    expect(layers.states().tentative.title).toBe("one");
    layers.setTail([one, two]);
    expect(layers.states().tentative.title).toBe("two");
    layers.setTail([one]);
    layers.states();
    layers.confirm([one, two], at(10));
    expect(layers.states().confirmed.title).toBe("two");
  });
});

describe("diffStates", () => {
  it("lists what changed by field and key, before and after", () => {
    const fold = newFold();
    fold.apply(
      [
        update(10, [
          ["addTodo", { id: "a", title: "Milk" }],
          ["addTodo", { id: "b", title: "Bread" }],
          ["tag", { tag: "x", on: true }],
        ]),
      ],
      at(10),
    );
    const before = fold.state();
    fold.apply(
      [
        update(20, [
          ["completeTodo", { id: "a" }],
          ["deleteTodo", { id: "b" }],
          ["addTodo", { id: "c", title: "Eggs" }],
          ["tag", { tag: "x", on: false }],
          ["like", { n: 1 }],
          ["addStep", { id: "s", position: "a1", text: "one" }],
        ]),
      ],
      at(20),
    );
    const rows = diffStates(before, fold.state());
    expect(rows.map(({ path, kind }) => [path.join("/"), kind])).toEqual([
      ["likes", "changed"],
      ["steps/s", "added"],
      ["tags/x", "removed"],
      ["todos/a", "changed"],
      ["todos/b", "removed"],
      ["todos/c", "added"],
    ]);
    expect(rows[3]).toMatchObject({ before: { done: false }, after: { done: true } });
    expect(diffStates(before, before)).toEqual([]);
  });

  it("finds no difference between equal states of two folds, and the same rows as within one", () => {
    fc.assert(
      fc.property(fc.array(calls), fc.array(calls), (first, second) => {
        const [one, two] = [newFold(), newFold()];
        const updates = [update(10, first), update(20, second)];
        one.apply(updates.slice(0, 1), at(10));
        const early = one.state();
        one.apply(updates.slice(1), at(20));
        two.apply(updates, at(20));
        expect(hashOf(one)).toBe(hashOf(two));
        expect(diffStates(one.state(), two.state())).toEqual([]);
        const other = createFold(sample);
        other.load(JSON.parse(JSON.stringify(two.encode())), 1, at(20));
        const within = diffStates(early, one.state());
        expect(diffStates(early, other.state())).toEqual(within);
      }),
      { numRuns: 60 },
    );
  });

  it("compares plain states by their members", () => {
    expect(diffStates({ a: 1, b: { c: 1, d: [1] } }, { b: { c: 2, d: [1] }, e: 0 })).toEqual([
      { path: ["a"], kind: "removed", before: 1 },
      { path: ["b", "c"], kind: "changed", before: 1, after: 2 },
      { path: ["e"], kind: "added", after: 0 },
    ]);
    const run = (): number => 1;
    expect(diffStates(run, 3)).toEqual([{ path: [], kind: "changed", before: run, after: 3 }]);
  });
});
