/** What people see of a state when they print it, or make JSON of it. */
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { createFold } from "../../../shared/index.ts";
import { at, sample, update } from "../fold/sample.ts";

const fold = createFold(sample);
fold.apply(
  [
    update(10, [
      ["addTodo", { id: "b", title: "Bread" }],
      ["addTodo", { id: "a", title: "Milk" }],
      ["tag", { tag: "x", on: true }],
      ["tag", { tag: "w", on: true }],
      ["addStep", { id: "s1", position: "a1", text: "one" }],
      ["addStep", { id: "s0", position: "a0", text: "zero" }],
    ]),
  ],
  at(10),
);
const { todos, tags, steps, title } = fold.state();
const milk = { title: "Milk", done: false };
const bread = { title: "Bread", done: false };
const items = [
  { id: "s0", position: "a0", value: { text: "zero" } },
  { id: "s1", position: "a1", value: { text: "one" } },
];

it("JSON.stringify gives a table as an object by key, a set as its texts, a list as its items.", () => {
  expect(JSON.parse(JSON.stringify(fold.state()))).toMatchObject({
    todos: { a: milk, b: bread },
    tags: ["w", "x"],
    steps: items,
    title,
  });
  expect(Object.keys(JSON.parse(JSON.stringify(todos)))).toEqual(["a", "b"]);
});

it("console.log shows entries, and nothing of how a table keeps its versions.", () => {
  expect(inspect(todos)).toBe(
    inspect(
      new Map([
        ["a", milk],
        ["b", bread],
      ]),
    ),
  );
  expect(inspect(tags)).toBe(inspect(new Set(["w", "x"])));
  expect(inspect(steps)).toBe(inspect(items));
  expect(inspect(fold.state(), { depth: 5 })).not.toMatch(/core|newer|oneKey|live|Function/);
});

it("An earlier state is shown as it was.", () => {
  const before = fold.state();
  const later = createFold(sample);
  later.load(JSON.parse(JSON.stringify(fold.encode())), 1, at(10));
  const kept = later.state();
  later.apply([update(20, [["deleteTodo", { id: "a" }]])], at(20));
  expect(JSON.parse(JSON.stringify(kept.todos))).toEqual({ a: milk, b: bread });
  expect(JSON.parse(JSON.stringify(later.state().todos))).toEqual({ b: bread });
  expect(before.todos).toBe(todos);
});
