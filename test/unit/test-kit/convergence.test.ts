import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  counter,
  defineModel,
  lastWriteWins,
  orderedList,
  reducerModel,
  set,
  table,
  value,
} from "../../../shared/index.ts";
import { checkConvergence } from "../../../test-kit/convergence.ts";
import { ConvergenceError } from "../../../test-kit/convergence-error.ts";

const ids = fc.constantFrom("a", "b");
const idData = z.object({ id: z.string() });
const options = { seed: 1, runs: 60 } as const;

/** The error that a check throws. */
async function broken(check: Promise<unknown>): Promise<ConvergenceError> {
  const error: unknown = await check.then(
    () => new Error("nothing was found"),
    (caught: unknown) => caught,
  );
  if (error instanceof ConvergenceError) return error;
  throw error;
}

const todos = defineModel({
  name: "todos",
  version: 1,
  state: {
    todos: table<{ readonly title: string; readonly done: boolean; readonly by?: string }>(),
    title: lastWriteWins(""),
    likes: counter(),
    tags: set(),
    steps: orderedList<{ readonly text: string }>(),
    color: value("white"),
  },
  actions: (action) => ({
    addTodo: action(idData, (state, { id }) => state.todos.addIfAbsent(id, { title: id, done: false })),
    completeTodo: action(idData, (state, { id }) => state.todos.patch(id, { done: true })),
    renameTodo: action(idData.extend({ title: z.string() }), (state, { id, title }) =>
      state.todos.patch(id, { title }),
    ),
    deleteTodo: action(idData, (state, { id }) => state.todos.delete(id)),
    rename: action(z.object({ title: z.string() }), (state, { title }) => state.title.set(title)),
    like: action(z.object({ by: z.number().int() }), (state, { by }) => state.likes.add(by)),
    tag: action(idData, (state, { id }) => state.tags.add(id)),
    addStep: action(idData.extend({ position: z.string() }), (state, { id, position }) =>
      state.steps.add(id, position, { text: id }),
    ),
    paint: action(z.object({ color: z.string() }), (state, { color }) => {
      state.color = color;
    }),
    // What breaks a rule, one each.
    addAnyway: action(idData, (state, { id }) =>
      state.todos.set(`${id}${state.todos.size}`, { title: id, done: false }),
    ),
    completeStrictly: action(idData, (state, { id }) => {
      if (!state.todos.patch(id, { done: true })) throw new Error(`there is no todo ${id}`);
    }),
    renameIfUnnamed: action(z.object({ title: z.string() }), (state, { title }) => {
      if (state.title.value === "") state.title.set(title);
    }),
    renameLonger: action(z.object({ title: z.string() }), (state, { title }) =>
      state.title.set(`${state.title.value}${title}`),
    ),
  }),
});
const given = [
  { name: "addTodo", data: { id: "a" } },
  { name: "addTodo", data: { id: "b" } },
] as const;
const id = fc.record({ id: ids });
const titles = fc.constantFrom("x", "y");

describe("A model that keeps the rules", () => {
  it("passes with adding, completing and deleting entities, sets, counters, lists and a field where the last write wins", async () => {
    const report = await checkConvergence(
      todos,
      {
        addTodo: id,
        tag: id,
        rename: fc.record({ title: titles }),
        like: fc.record({ by: fc.integer({ min: -3, max: 3 }) }),
        addStep: ids.map((one) => ({ id: one, position: `${one}1` })),
      },
      options,
    );
    expect(report.scenarios).toBe(4 * 60);
    expect(Object.keys(report.applied).sort()).toEqual(["addStep", "addTodo", "like", "rename", "tag"]);
    expect(Math.min(...Object.values(report.applied))).toBeGreaterThan(60);
    await checkConvergence(todos, { completeTodo: id, deleteTodo: id }, { ...options, given });
  });

  it("passes where the later write is meant to win, once that place is named", async () => {
    const renames = { renameTodo: fc.record({ id: ids, title: titles }), completeTodo: id };
    const paints = { paint: fc.record({ color: titles }) };
    expect((await broken(checkConvergence(todos, renames, { ...options, given }))).question).toBe(
      "commutative",
    );
    await checkConvergence(todos, renames, { ...options, given, lastWriteWins: ["todos.*.title"] });
    expect((await broken(checkConvergence(todos, paints, options))).question).toBe("commutative");
    await checkConvergence(todos, paints, { ...options, lastWriteWins: ["color"] });
  });
});

describe("A model that is not deterministic", () => {
  const looking = (name: string, look: () => unknown) =>
    defineModel({
      name,
      version: 1,
      state: { seen: value<unknown>(null) },
      actions: (action) => ({
        look: action(idData, (state) => {
          state.seen = look();
        }),
      }),
    });

  it("is told that it looks at the clock or at randomness, whichever way it does so", async () => {
    const looks = {
      "Date.now": () => Date.now() > 0,
      "new Date()": () => new Date().toISOString().length,
      "Math.random": () => Math.random() >= 0,
      "crypto.randomUUID": () => crypto.randomUUID().length,
      "performance.now": () => performance.now() >= 0,
    };
    for (const [name, look] of Object.entries(looks)) {
      const error = await broken(checkConvergence(looking(name, look), { look: id }, options));
      expect(error.question).toBe("deterministic");
      expect(error.message).toContain(`The model looks at ${name}.`);
    }
  });

  it("may make dates of what it was given", async () => {
    const dated = looking("dated", () => new Date(1_000).toISOString());
    await checkConvergence(dated, { look: id }, { ...options, questions: ["deterministic"] });
  });

  it("is found by a variable that it keeps outside of its state", async () => {
    let calls = 0;
    const counting = looking("counting", () => ++calls);
    const error = await broken(checkConvergence(counting, { look: id }, options));
    expect(error.message).toMatch(/Folded twice, the state is another one:\n {2}seen: \d+ instead of \d+/);
  });

  it("is told that it changes what it was given", async () => {
    const pushing = defineModel({
      name: "pushing",
      version: 1,
      state: { list: value<readonly string[]>([]) },
      actions: (action) => ({
        add: action(idData, (state, data) => {
          (state.list as string[]).push(data.id);
        }),
      }),
    });
    const error = await broken(checkConvergence(pushing, { add: id }, options));
    expect(error).toMatchObject({ question: "deterministic", order: null });
    expect(error.message).toMatch(/Action 1 changes what it was given: .*not extensible/);
    expect(error.steps).toHaveLength(1);
  });

  it("leaves the clock and randomness as they were", async () => {
    const before = [Date, Date.now, Math.random, performance.now, crypto.randomUUID, crypto.getRandomValues];
    await broken(checkConvergence(looking("x", Math.random), { look: id }, options));
    expect([Date, Date.now, Math.random, performance.now, crypto.randomUUID, crypto.getRandomValues]).toEqual(
      before,
    );
    expect(Object.hasOwn(crypto, "randomUUID")).toBe(false);
  });
});

describe("A model that is not idempotent", () => {
  it("is shown an addition that two apps make, and what it changes", async () => {
    const error = await broken(checkConvergence(todos, { addAnyway: id }, options));
    expect(error).toMatchObject({
      question: "idempotent",
      rule: "Additions and deletions must be idempotent - check ids before adding",
    });
    expect(error.steps).toHaveLength(1);
    expect(error.message).toContain("Action 1, made by another app as well, changes something more:");
    expect(error.message).toMatch(/todos\.a1: \{.*\} instead of nothing/);
  });

  it("may count, in a counter or where the action is named", async () => {
    const counts = defineModel({
      name: "counts",
      version: 1,
      state: { counts: table<{ readonly n: number }>() },
      actions: (action) => ({
        count: action(idData, (state, { id: key }) =>
          state.counts.set(key, { n: (state.counts.get(key)?.n ?? 0) + 1 }),
        ),
      }),
    });
    expect((await broken(checkConvergence(counts, { count: id }, options))).question).toBe("idempotent");
    await checkConvergence(counts, { count: id }, { ...options, increments: ["count"] });
  });
});

describe("A model that is not tolerant", () => {
  it("is shown the fewest actions, and the order in which one throws that did not before", async () => {
    const error = await broken(
      checkConvergence(todos, { addTodo: id, completeStrictly: id }, { ...options, questions: ["tolerant"] }),
    );
    expect(error).toMatchObject({
      question: "tolerant",
      rule: "Must tolerate updates ending up in a different order than on original client",
      order: [1, 0],
    });
    expect(error.steps.map(({ name }) => name)).toEqual(["addTodo", "completeStrictly"]);
    expect(new Set(error.steps.map(({ app }) => app)).size).toBe(2);
    expect(error.message).toMatch(
      /In the order 2, 1 action 2 throws, which it did not before: there is no todo [ab]/,
    );
  });

  it("may reject in every order what it rejects in the order of the making", async () => {
    await checkConvergence(
      todos,
      { completeStrictly: fc.record({ id: fc.constantFrom("a", "z") }) },
      { ...options, given, questions: ["tolerant", "commutative"] },
    );
  });
});

describe("A model that is not commutative", () => {
  it("is shown the actions, the order and the difference, in words that a person can follow", async () => {
    const error = await broken(
      checkConvergence(todos, { renameTodo: fc.record({ id: ids, title: titles }) }, { ...options, given }),
    );
    expect(error.message).toBe(
      [
        'Model "todos" is not commutative.',
        'Rule of consistency: "Cannot have updates that depend on a previous state value".',
        "",
        "The actions, in the order in which they were made:",
        '  given    addTodo {"id":"a"}',
        '  given    addTodo {"id":"b"}',
        `  1 app ${name(error.steps[0]?.app)}  renameTodo {"id":"a","title":"x"}`,
        `  2 app ${name(error.steps[1]?.app)}  renameTodo {"id":"a","title":"y"}`,
        "",
        "In the order 2, 1 the state is another one:",
        '  todos.a.title: "x" instead of "y"',
        "",
        'Let actions carry what they set, add or count, and change as little as possible: patch single members, use counters, sets and lastWriteWins. Where the later write is meant to win, name the place in `lastWriteWins`, e.g. "todos.*.title".',
        `Again: { questions: ["commutative"], seed: 1, path: "${error.path}" }`,
      ].join("\n"),
    );
  });

  it("is found by the same seed and path again, in one run", async () => {
    const arbitraries = { renameTodo: fc.record({ id: ids, title: titles }) };
    const first = await broken(checkConvergence(todos, arbitraries, { ...options, given }));
    const again = await broken(
      checkConvergence(todos, arbitraries, {
        given,
        questions: ["commutative"],
        seed: first.seed,
        path: first.path,
        runs: 1,
      }),
    );
    expect(again.steps).toEqual(first.steps);
    expect(again.order).toEqual(first.order);
  });

  it("is told of a last-write-wins field that is written only in some orders, or with what it held before", async () => {
    const rename = fc.record({ title: titles });
    const unnamed = await broken(checkConvergence(todos, { renameIfUnnamed: rename }, options));
    expect(unnamed.question).toBe("commutative");
    expect(unnamed.message).toMatch(
      /title was last written by action 2, not by action 1: whether an action writes/,
    );
    const longer = await broken(
      checkConvergence(todos, { renameLonger: rename }, { ...options, questions: ["commutative"] }),
    );
    expect(longer.message).toMatch(/action \d writes ".+" into title, and ".+" in another order/);
  });

  it("is a reducer that adds to what was there, and is not one that adds by key", async () => {
    const reducer = (add: (list: readonly string[], text: string) => readonly string[]) =>
      reducerModel<readonly string[]>({
        name: "list",
        version: 1,
        initialState: [],
        reducer: (list, { type, payload }) => (type === "add" ? add(list, String(payload)) : list),
      });
    const texts = { add: fc.constantFrom("x", "y") };
    const pushed = reducer((list, text) => [...list, text]);
    expect(
      (await broken(checkConvergence(pushed, texts, { ...options, increments: ["add"] }))).question,
    ).toBe("commutative");
    await checkConvergence(
      reducer((list, text) => [...new Set([...list, text])].sort()),
      texts,
      options,
    );
  });
});

describe("A check that would ask nothing", () => {
  it("does not pass: an action that never takes effect, data that the schema refuses, no actions at all", async () => {
    await expect(checkConvergence(todos, { completeStrictly: id }, options)).rejects.toThrow(
      /"completeStrictly" was made \d+ times and never took effect, so nothing was asked of it: there is no todo/,
    );
    await expect(
      checkConvergence(todos, { addTodo: fc.record({ id: fc.constant(7 as unknown as string) }) }, options),
    ).rejects.toThrow(/"addTodo" was made with data that its schema refuses: id: /);
    await expect(checkConvergence(todos, {}, options)).rejects.toThrow(/at least one action/);
    await expect(checkConvergence(todos, { addTodo: id }, { actionsMax: 20 })).rejects.toThrow(/from 1 to 8/);
    const wrong = [{ name: "completeStrictly", data: { id: "q" } }] as const;
    await expect(checkConvergence(todos, { addTodo: id }, { ...options, given: wrong })).rejects.toThrow(
      /Given action "completeStrictly" took no effect: there is no todo q/,
    );
  });
});

function name(app: number | undefined): string {
  return String.fromCharCode(64 + (app ?? 0));
}
