/**
 * The model of the todo list, for the page and the server alike. Pure.
 *
 * Each action says what its author wants and never looks at what was there (requirement E1): "done is true", not "toggle"; "these ids", not
 * "all". So it means the same when it arrives late, in another order or twice. Of two who set one title, the later in the log stays.
 */
import * as z from "zod/mini";
import { defineModel, type StateOf, type Table, table } from "../../shared/index.ts";

export interface Todo {
  readonly title: string;
  readonly completed: boolean;
}

/** Two or more open items that are called the same. Neither is wrong; people decide. */
export interface SameTitle {
  readonly title: string;
  readonly ids: readonly string[];
}

export const titleLengthMax = 500;

/** A ULID: items stand in the order in which they were made. */
const id = z.string().check(z.regex(/^[0-9A-HJKMNP-TV-Z]{26}$/));
const ids = z.array(id).check(z.maxLength(10_000));
const title = z.string().check(z.trim(), z.minLength(1), z.maxLength(titleLengthMax));

export const todoModel = defineModel({
  name: "todo-list",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(z.object({ id, title }), (state, todo) =>
      state.todos.addIfAbsent(todo.id, { title: todo.title, completed: false }),
    ),
    setTitle: action(z.object({ id, title }), (state, change) =>
      state.todos.patch(change.id, { title: change.title }),
    ),
    setDone: action(z.object({ id, done: z.boolean() }), (state, change) =>
      state.todos.patch(change.id, { completed: change.done }),
    ),
    deleteTodo: action(z.object({ id }), (state, gone) => state.todos.delete(gone.id)),
    setAllDone: action(z.object({ ids, done: z.boolean() }), (state, change) => {
      for (const each of change.ids) state.todos.patch(each, { completed: change.done });
    }),
    clearCompleted: action(z.object({ ids }), (state, gone) => {
      for (const each of gone.ids) state.todos.delete(each);
    }),
  }),
  invariants: { openTitlesAreUnique: ({ todos }) => sameTitles(todos) },
});

export type TodoModel = typeof todoModel;
export type TodoState = StateOf<TodoModel>;

/** Two people who wrote down the same thing apart, whatever their spelling of it. */
function sameTitles(todos: Table<Todo>): readonly SameTitle[] {
  const groups = new Map<string, string[]>();
  for (const [key, { title: text, completed }] of todos) {
    if (completed) continue;
    const spelled = text.normalize("NFC").toLowerCase().replace(/\s+/g, " ");
    const group = groups.get(spelled);
    if (group) group.push(key);
    else groups.set(spelled, [key]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first = ""] = group;
    return group.length < 2 ? [] : [{ title: todos.get(first)?.title ?? "", ids: group }];
  });
}
