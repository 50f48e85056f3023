/** docs/models.md quotes a file that is compiled; here it is run, and what it calls wrong is found to be wrong. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRollup } from "../../../shared/drive/rollup.ts";
import { createStore } from "../../../shared/drive/store.ts";
import { createFold, type Model } from "../../../shared/index.ts";
import { type ConvergenceError, type ConvergenceOptions, checkConvergence } from "../../../test-kit/index.ts";
import { createClientWorld } from "../../fixtures/client-world.ts";
import { testStoreId } from "../../fixtures/store-host.ts";
import { at, update } from "../fold/sample.ts";
import * as models from "./models-example.ts";
import { readText } from "./source.ts";

/** As a user of the package writes it: with its names, from the margin on. */
function regionsOf(text: string): readonly string[] {
  return [...text.matchAll(/^( *)\/\/ (\w+) begins\n([\s\S]*?)^ *\/\/ \2 ends/gm)].map(([, margin, , code]) =>
    `${(code ?? "").trim()}\n`
      .replace(new RegExp(`^${margin}`, "gm"), "")
      .replace(/"(?:\.\.\/)+(client|shared|test-kit)\/index\.ts"/g, (_, folder) =>
        folder === "shared" ? '"icecore"' : `"icecore/${folder}"`,
      ),
  );
}

test("The guide's blocks of code are those that are compiled and run here, in order.", () => {
  const shown = [...readText("docs/models.md").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  expect(shown).toEqual(regionsOf(readText("test/unit/house/models-example.ts")));
  expect(shown.length).toBeGreaterThan(10);
});

describe("What the guide calls wrong breaks a rule, and what it calls right keeps them all:", () => {
  const id = fc.constantFrom("a", "b");
  const text = fc.constant("x");
  const title = fc.constantFrom("x", "y");
  const done = fc.boolean();
  const base = { given: [{ name: "addTodo", data: { id: "a", title: "Milk" } }], runs: 40 };
  const titles = { ...base, lastWriteWins: ["todos.*.title"] };
  const ticks = { ...base, lastWriteWins: ["todos.*.done"] };
  const times = { runs: 40, lastWriteWins: ["notes.*.at"] };
  const ticked = fc.record({ id, done: fc.constant(true) });
  const form = fc.record({ id: fc.constant("a"), title, done: fc.constant(false) });
  const removed = fc.record({ id });

  type Actions = Readonly<Record<string, fc.Arbitrary<unknown>>>;
  interface Case {
    readonly model: unknown;
    readonly wrong: Actions;
    readonly breaks: string;
    readonly right: Actions;
    readonly options: readonly [forWrong: object, forRight: object];
  }
  const cases: Readonly<Record<string, Case>> = {
    "1. previous values": {
      model: models.previous,
      wrong: { toggle: removed },
      breaks: "idempotent",
      right: { setDone: fc.record({ id, done }) },
      options: [base, ticks],
    },
    "2. order": {
      model: models.order,
      wrong: { renameOrThrow: fc.record({ id, title }), deleteTodo: removed },
      breaks: "tolerant",
      right: { rename: fc.record({ id, title }), deleteTodo: removed },
      options: [titles, titles],
    },
    "3. twice": {
      model: models.twice,
      wrong: { addLine: fc.record({ text }) },
      breaks: "idempotent",
      right: { addNote: fc.record({ id, text }) },
      options: [{}, {}],
    },
    "4. no more than what changed": {
      model: models.minimal,
      wrong: { saveTodo: form, setDone: ticked },
      breaks: "commutative",
      right: { setTitle: fc.record({ id, title }), setDone: ticked },
      options: [titles, titles],
    },
    "5. pure": {
      model: models.pure,
      wrong: { stampNow: fc.record({ id, text }) },
      breaks: "deterministic",
      right: { stamp: fc.record({ id, text }) },
      options: [times, times],
    },
  };

  test.each(Object.entries(cases))("%s", async (_rule, { model, wrong, breaks, right, options }) => {
    const check = (actions: Actions, more: object): Promise<unknown> =>
      checkConvergence(model as Model<unknown>, actions as never, more as ConvergenceOptions<Model<unknown>>);
    const found = await check(wrong, options[0]).catch((error: unknown) => error);
    expect((found as ConvergenceError).question).toBe(breaks);
    await check(right, options[1]);
  });
});

test("The guide's fields take what it says, and give it back.", () => {
  const { project, Money } = models;
  const fold = createFold(project);
  const data = { id: "t", price: project.codec.encode(new Money(250)) };
  const calls = [
    ["addTask", { id: "t", title: "Paint" }],
    ["setPrice", data],
    ["setOwner", { owner: "Anna" }],
    ["setTheme", { theme: "dark" }],
    ["tag", { tag: "home" }],
    ["visit", {}],
    ["addStep", { id: "s", position: "a0", text: "Buy it" }],
  ] as const;
  expect(fold.apply([update(1, calls)], at(1))).toEqual({ applied: calls.length, rejected: [] });
  expect(fold.info()).toMatchObject({
    tasks: { t: { title: "Paint", priority: "low", price: "2.5 €" } },
    owner: "Anna",
    tags: ["home"],
    visits: 1,
  });
  expect(fold.state().tasks.get("t")?.price).toBeInstanceOf(Money);
});

test("The guide's versions read the first one's actions, under both names, and its states.", () => {
  const { notes } = models;
  const fold = createFold(notes);
  fold.load({ notes: { z: { text: "old" } } }, 1, at(1));
  const old = update(2, [["newNote", { id: "a", text: "A" }]], { modelVersion: 1 });
  const recent = update(3, [["addNote", { id: "b", text: "B", stars: 2 }]], { modelVersion: 2 });
  expect(fold.apply([old, recent], at(3)).rejected).toEqual([]);
  expect([...fold.state().notes]).toEqual([
    ["a", { text: "A", stars: 0 }],
    ["b", { text: "B", stars: 2 }],
    ["z", { text: "old", stars: 0 }],
  ]);
});

test("The guide's reducer counts.", () => {
  const fold = createFold(models.count);
  fold.apply(
    [
      update(1, [
        ["add", {}],
        ["other", {}],
      ]),
    ],
    at(1),
  );
  expect(fold.state()).toEqual({ count: 1 });
});

test("The guide's own tests pass.", async () => {
  await models.testTodos();
});

test("The guide's app runs over a store.", async () => {
  const world = await createClientWorld();
  const store = testStoreId("family");
  await createStore(world.host, store);
  const rollup = createRollup(world.host, { store, model: models.checked as unknown as Model<unknown> });
  let isOver = false;
  const using = models.useTodos(world.remote({ down: false })).finally(() => {
    isOver = true;
  });
  // Published is what a rollup has published.
  while (!isOver) {
    await rollup.round({ hint: true });
    await world.host.platform.wait(50);
  }
  await using;
  await world.close();
});
