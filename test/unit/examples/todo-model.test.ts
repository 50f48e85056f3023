import fc from "fast-check";
import { expect, test } from "vitest";
import { todoModel } from "../../../examples/todo/model.ts";
import { createFold, validateAction } from "../../../shared/index.ts";
import type { Model } from "../../../shared/model/model.ts";
import { checkConvergence } from "../../../test-kit/convergence.ts";
import { at, update } from "../fold/sample.ts";

const ids = ["A", "B", "C"].map((letter) => letter.repeat(26));
const id = fc.constantFrom(...ids);
const someIds = fc.uniqueArray(id, { minLength: 1 });
const title = fc.constantFrom("milk", "bread");
const add = (key: string, name: string) => ["addTodo", { id: key, title: name }] as const;

test("Apart or together, in any order and twice: the todo list comes out the same, but for the later of two writes.", async () => {
  await checkConvergence(
    todoModel,
    {
      setTitle: fc.record({ id, title }),
      setDone: fc.record({ id, done: fc.boolean() }),
      setAllDone: fc.record({ ids: someIds, done: fc.boolean() }),
      deleteTodo: fc.record({ id }),
      clearCompleted: fc.record({ ids: someIds }),
    },
    {
      given: ids.map((key) => ({ name: "addTodo", data: { id: key, title: "tea" } })),
      lastWriteWins: ["todos.*.title", "todos.*.completed"],
      runs: 40,
      seed: 1,
    },
  );
});

test("Two open todos of one name are a problem, whatever their spelling, until one is done, renamed or gone.", () => {
  const [a = "", b = "", c = ""] = ids;
  const problems = (...calls: Parameters<typeof update>[1]) => {
    const fold = createFold(todoModel);
    fold.apply([update(1, calls)], at(1));
    return fold.problems().map(({ problem }) => problem);
  };
  const twice = [add(a, "Milk"), add(b, "  milk "), add(c, "tea")];
  expect(problems(...twice)).toEqual([{ title: "Milk", ids: [a, b] }]);
  expect(problems(...twice, ["setDone", { id: a, done: true }])).toEqual([]);
  expect(problems(...twice, ["setTitle", { id: b, title: "oat milk" }])).toEqual([]);
  expect(problems(...twice, ["deleteTodo", { id: b }])).toEqual([]);
  expect(problems(...twice, ["setTitle", { id: c, title: "MILK" }])).toEqual([
    { title: "Milk", ids: [a, b, c] },
  ]);
});

test("An id that is none, an empty title and one that is too long are refused.", () => {
  const valid = (data: unknown) => validateAction(todoModel as unknown as Model, "addTodo", data).ok;
  expect(valid({ id: ids[0], title: "milk" })).toBe(true);
  for (const data of [
    { id: "1", title: "milk" },
    { id: ids[0], title: "  " },
    { id: ids[0], title: "x".repeat(501) },
    { id: ids[0] },
  ])
    expect(valid(data)).toBe(false);
});
