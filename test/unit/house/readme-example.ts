/** The README's example. readme.test.ts keeps both the same and runs it. */
// README begins
import { z } from "zod";
import { defineModel, table } from "../../../shared/index.ts";

interface Todo {
  readonly title: string;
  readonly done: boolean;
}

export const model = defineModel({
  name: "todos",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(z.object({ id: z.string(), title: z.string() }), (state, { id, title }) =>
      state.todos.addIfAbsent(id, { title, done: false }),
    ),
    completeTodo: action(z.object({ id: z.string() }), (state, { id }) =>
      state.todos.patch(id, { done: true }),
    ),
  }),
});
// README ends
