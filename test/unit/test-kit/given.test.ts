import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineModel, reducerModel, table, value } from "../../../shared/index.ts";
import { given } from "../../../test-kit/given.ts";

const todos = defineModel({
  name: "todos",
  version: 1,
  state: { todos: table<{ readonly title: string; readonly done: boolean }>(), title: value("") },
  actions: (action) => ({
    addTodo: action(z.object({ id: z.string(), title: z.string().min(1) }), (state, { id, title }) => {
      state.todos.addIfAbsent(id, { title, done: false });
    }),
    completeTodo: action(z.object({ id: z.string() }), (state, { id }) => {
      if (!state.todos.has(id)) throw new Error(`there is no todo ${id}`);
      state.todos.patch(id, { done: true });
    }),
  }),
  invariants: {
    titlesAreUnique: (state) => {
      const titles = [...state.todos.values()].map(({ title }) => title);
      return titles.filter((title, i) => titles.indexOf(title) !== i);
    },
    fewAreOpen: (state) => (state.todos.size > 2 ? ["too many"] : []),
  },
});
const milk = { name: "addTodo", data: { id: "a", title: "Milk" } } as const;
const milkAgain = { name: "addTodo", data: { id: "b", title: "Milk" } } as const;

describe("Given, when, then", () => {
  it("shows the state after what was given and what happened", () => {
    let checked = 0;
    given(todos, milk)
      .when({ name: "completeTodo", data: { id: "a" } })
      .then((state) => {
        checked += 1;
        expect(state.todos.get("a")).toEqual({ title: "Milk", done: true });
      });
    given(todos)
      .when()
      .then((state) => {
        checked += 1;
        expect(state.todos.size).toBe(0);
      });
    expect(checked).toBe(2);
  });

  it("passes on what a check throws", () => {
    const when = given(todos).when(milk);
    expect(() =>
      when.then(() => {
        throw new Error("not as expected");
      }),
    ).toThrow("not as expected");
  });

  it("takes an action that the model throws at, or its schema refuses, for rejected, with its reason", () => {
    given(todos)
      .when({ name: "completeTodo", data: { id: "x" } })
      .rejects("no todo x");
    given(todos)
      .when({ name: "addTodo", data: { id: "a", title: "" } })
      .rejects(/^title: /);
    expect(() => given(todos).when(milk).rejects("no todo")).toThrow(/Every action took effect/);
    expect(() =>
      given(todos)
        .when({ name: "completeTodo", data: { id: "x" } })
        .rejects("no such milk"),
    ).toThrow(/"completeTodo" was rejected, but not with no such milk: there is no todo x/);
  });

  it("does not go on over a rejected action, unless the rejection was expected", () => {
    const when = given(todos, milk).when({ name: "completeTodo", data: { id: "x" } });
    expect(() => when.then(() => undefined)).toThrow(
      /Action "completeTodo" took no effect: there is no todo x/,
    );
    expect(() => when.problems()).toThrow(/took no effect/);
    let size = 0;
    when.rejects("no todo x").then((state) => {
      size = state.todos.size;
    });
    expect(size).toBe(1);
  });

  it("does not begin with a history that never was", () => {
    const begin = given(todos, { name: "completeTodo", data: { id: "x" } });
    expect(() => begin.when(milk)).toThrow(/Given: action "completeTodo" took no effect: there is no todo x/);
  });

  it("names the invariants that find something, all of them and no other", () => {
    given(todos, milk).when(milkAgain).problems("titlesAreUnique");
    given(todos).when(milk).problems();
    const third = { name: "addTodo", data: { id: "c", title: "Milk" } } as const;
    given(todos, milk, milkAgain).when(third).problems("fewAreOpen", "titlesAreUnique");
    expect(() => given(todos, milk).when(milkAgain).problems()).toThrow(
      /Problems of "titlesAreUnique" were found, not of nothing: .*Milk/,
    );
    expect(() => given(todos).when(milk).problems("fewAreOpen")).toThrow(
      /of nothing were found, not of "fewAreOpen"/,
    );
  });

  it("finds a model that changes what it was given", () => {
    const spoiled = defineModel({
      name: "spoiled",
      version: 1,
      state: { list: value<readonly string[]>([]) },
      actions: (action) => ({
        add: action(z.object({ text: z.string() }), (state, { text }) => {
          (state.list as string[]).push(text);
        }),
      }),
    });
    given(spoiled)
      .when({ name: "add", data: { text: "x" } })
      .rejects(/not extensible/);
  });

  it("takes a reducer's actions, too", () => {
    const count = reducerModel({
      name: "count",
      version: 1,
      initialState: 0,
      reducer: (n, { type, payload }) => (type === "add" ? n + Number(payload) : n),
    });
    given(count, { name: "add", data: 1 })
      .when({ name: "add", data: 2 })
      .then((state) => expect(state).toBe(3));
  });
});
