/** The app whose requests are counted: a list of todos, as examples/todo has it, with titles of everyday length. */
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";

interface Todo {
  readonly title: string;
  readonly done: boolean;
}

const title = z.string().max(500);
const id = z.string().max(40);

export const costModel = defineModel({
  name: "cost",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(z.object({ id, title }), (state, todo) =>
      state.todos.addIfAbsent(todo.id, { title: todo.title, done: false }),
    ),
    completeTodo: action(z.object({ id }), (state, todo) => state.todos.patch(todo.id, { done: true })),
  }),
});

export const everydayTitle = "Call the plumber about the kitchen tap";
