/** What model functions do that they must not: answer later, write later, put into the state what cannot be stored. */
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  counter,
  createFold,
  defineModel,
  type Fold,
  lastWriteWins,
  orderedList,
  reducerModel,
  set,
  type TableDraft,
  table,
  value,
} from "../../../shared/index.ts";
import { at, hashOf, update } from "./sample.ts";

const none = z.object({});
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

/** Node's own answer to a rejection that nobody takes is to end the process; Vitest's is to fail the run. */
let others: NodeJS.UnhandledRejectionListener[] = [];
beforeEach(() => {
  unhandled.length = 0;
  others = process.listeners("unhandledRejection") as NodeJS.UnhandledRejectionListener[];
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.removeListener("unhandledRejection", note);
  for (const each of others) process.on("unhandledRejection", each);
});

/** Later than every promise, and than what the process says of those that nobody took. */
async function later(): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate();
}

type Rows = TableDraft<{ readonly n: number }>;
let kept: { rows: Rows } | null = null;
let refusals: unknown[] = [];

const fields = {
  rows: table<{ readonly n: number }>(),
  title: value(""),
  theme: lastWriteWins(""),
  tags: set(),
  likes: counter(),
  steps: orderedList<{ readonly text: string }>(),
};
const model = defineModel({
  name: "mistakes",
  version: 1,
  state: fields,
  actions: (action) => ({
    add: action(z.object({ id: z.string(), n: z.number() }), (state, { id, n }) =>
      state.rows.addIfAbsent(id, { n }),
    ),
    patch: action(z.object({ id: z.string(), n: z.number() }), (state, { id, n }) =>
      state.rows.patch(id, { n }),
    ),
    rejects: action(none, async (state) => {
      state.rows.set("early", { n: 1 });
      throw new Error("no network");
    }),
    writesLater: action(none, async (state) => {
      const writes: (() => unknown)[] = [
        () => state.rows.set("late", { n: 1 }),
        () => state.rows.addIfAbsent("late", { n: 1 }),
        () => state.rows.patch("a", { n: 9 }),
        () => state.rows.update("a", ({ n }) => ({ n: n + 1 })),
        () => state.rows.delete("a"),
        () => {
          state.title = "late";
        },
        () => state.theme.set("late"),
        () => state.tags.add("late"),
        () => state.likes.add(1),
        () => state.steps.add("late", "a1", { text: "late" }),
      ];
      await null;
      for (const write of writes) {
        try {
          refusals.push(write());
        } catch (error) {
          refusals.push(error);
        }
      }
    }),
    keep: action(none, (state) => {
      kept = state;
    }),
    writeKept: action(none, () => kept?.rows.set("kept", { n: 1 })),
    assignsLater: action(none, (state) => {
      state.title = Promise.reject(new Error("no network")) as unknown as string;
    }),
    putsLater: action(none, (state) =>
      state.rows.set("p", Promise.reject(new Error("no network")) as unknown as { n: number }),
    ),
    assignsFunction: action(none, (state) => {
      state.title = (() => 1) as unknown as string;
    }),
    putsInstance: action(none, (state) => state.rows.set("u", new URL("https://a.example") as never)),
    stampsInstance: action(none, (state) => state.theme.set(new URL("https://a.example") as never)),
    listsFunction: action(none, (state) => state.steps.add("f", "a1", (() => 1) as never)),
    keepsMapOfFunction: action(none, (state) => {
      state.title = new Map([["f", () => 1]]) as unknown as string;
    }),
  }),
});

type Call = Parameters<typeof update>[1][number];
let ms = 0;
function run(fold: Fold, ...calls: Call[]): readonly string[] {
  ms += 1;
  return fold.apply([update(ms, calls)], at(ms)).rejected.map(({ reason }) => reason);
}

beforeEach(() => {
  kept = null;
  refusals = [];
  ms = 0;
});

describe("An async model function", () => {
  it.each([true, false])(
    "is rejected alone and its own rejection ends nothing (strict: %s)",
    async (strict) => {
      const fold = createFold(model, { strict }) as Fold;
      const [reason] = run(fold, ["rejects", {}], ["add", { id: "a", n: 1 }]);
      expect(reason).toMatch(/model function of "rejects" is async/);
      await later();
      expect(unhandled).toEqual([]);
      expect(fold.encode()).toMatchObject({ rows: { a: { n: 1 } } });
    },
  );

  it("cannot write once its action has ended, and its late tries leave no trace", async () => {
    const fold = createFold(model) as Fold;
    const twin = createFold(model) as Fold;
    run(fold, ["add", { id: "a", n: 1 }], ["writesLater", {}]);
    const state = fold.state();
    await later();
    expect(refusals).toHaveLength(10);
    for (const refusal of refusals)
      expect(String(refusal)).toMatch(/changed the state after its action had ended/);
    expect(fold.state()).toBe(state);
    ms = 0;
    run(twin, ["add", { id: "a", n: 1 }]);
    // What was published before must not be changed in place by what comes after.
    run(fold, ["patch", { id: "a", n: 2 }]);
    ms = 1;
    run(twin, ["patch", { id: "a", n: 2 }]);
    expect((state as { rows: Map<string, unknown> }).rows.get("a")).toEqual({ n: 1 });
    expect(hashOf(fold)).toBe(hashOf(twin));
    expect(unhandled).toEqual([]);
  });

  it("is rejected as a reducer too, and leaves the state as it was", async () => {
    const reducer = reducerModel<number>({
      name: "later",
      version: 1,
      initialState: 7,
      reducer: (async () => {
        throw new Error("no network");
      }) as never,
    });
    for (const strict of [true, false]) {
      const fold = createFold(reducer, { strict }) as unknown as Fold;
      ms = 0;
      expect(run(fold, ["any", {}])[0]).toMatch(/is async/);
      expect(fold.state()).toBe(7);
    }
    await later();
    expect(unhandled).toEqual([]);
  });

  it("is refused where it is an upcaster or an invariant", async () => {
    const fails = async (): Promise<never> => {
      throw new Error("no network");
    };
    const grown = defineModel({
      name: "grown",
      version: 2,
      state: { rows: table<unknown>() },
      actions: (action) => ({ add: action(none, (state) => state.rows.set("a", 1)) }),
      upcasters: { add: { 1: fails } },
      migrate: { 1: (old) => old },
      invariants: { all: fails as never },
    });
    const fold = createFold(grown) as unknown as Fold;
    expect(run(fold, ["add", {}])[0]).toMatch(/version 1 .*async/);
    expect(fold.problems()).toEqual([{ invariant: "all", problem: "the invariant is async" }]);
    await later();
    expect(unhandled).toEqual([]);
  });
});

describe("A draft that was kept", () => {
  it("is refused by another fold's action, and between actions", () => {
    const [one, two] = [createFold(model) as Fold, createFold(model) as Fold];
    run(one, ["keep", {}]);
    expect(() => kept?.rows.set("x", { n: 1 })).toThrow(/after its action had ended/);
    ms = 0;
    expect(run(two, ["writeKept", {}])[0]).toMatch(/after its action had ended/);
    expect(one.encode()).toMatchObject({ rows: {} });
  });

  it("is refused by a later action where another state was loaded meanwhile", () => {
    const fold = createFold(model) as Fold;
    run(fold, ["keep", {}]);
    fold.load(JSON.parse(JSON.stringify(createFold(model).encode())), 1, at(5));
    ms = 5;
    expect(run(fold, ["writeKept", {}])[0]).toMatch(/after its action had ended/);
  });
});

describe("What cannot be stored", () => {
  it.each([
    ["assignsFunction", /it is a function/],
    ["putsInstance", /instance of the class URL that is not registered/],
    ["stampsInstance", /instance of the class URL that is not registered/],
    ["listsFunction", /it is a function/],
    ["keepsMapOfFunction", /it is a function/],
    ["assignsLater", /instance of the class Promise/],
    ["putsLater", /instance of the class Promise/],
  ])("is refused when %s puts it into the state, by every fold alike", async (name, reason) => {
    for (const strict of [true, false]) {
      const fold = createFold(model, { strict }) as Fold;
      ms = 0;
      expect(run(fold, [name, {}])[0]).toMatch(reason);
      expect(() => fold.encode()).not.toThrow();
    }
    await later();
    expect(unhandled).toEqual([]);
  });
});
