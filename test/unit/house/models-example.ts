/** The code of docs/models.md, region by region. models.test.ts keeps both the same and runs it. */
// first begins
import { z } from "zod";
import { defineModel, table } from "../../../shared/index.ts";

interface Todo {
  readonly title: string;
  readonly done: boolean;
}

const id = z.string();

export const todos = defineModel({
  name: "todos",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(z.object({ id, title: z.string() }), (state, { id, title }) =>
      state.todos.addIfAbsent(id, { title, done: false }),
    ),
    setDone: action(z.object({ id, done: z.boolean() }), (state, { id, done }) =>
      state.todos.patch(id, { done }),
    ),
  }),
});
// first ends

const add = { schema: z.object({ id, title: z.string() }), done: false } as const;

export const previous = defineModel({
  name: "previous",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(add.schema, (state, { id, title }) =>
      state.todos.addIfAbsent(id, { title, done: false }),
    ),
    // previous begins
    // Wrong: two people who tick the same todo apart leave it unticked.
    toggle: action(z.object({ id }), (state, { id }) =>
      state.todos.update(id, (todo) => ({ ...todo, done: !todo.done })),
    ),
    // Right: the action says what its author wants.
    setDone: action(z.object({ id, done: z.boolean() }), (state, { id, done }) =>
      state.todos.patch(id, { done }),
    ),
    // previous ends
  }),
});

export const order = defineModel({
  name: "order",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(add.schema, (state, { id, title }) =>
      state.todos.addIfAbsent(id, { title, done: false }),
    ),
    deleteTodo: action(z.object({ id }), (state, { id }) => state.todos.delete(id)),
    // order begins
    // Wrong: somebody has deleted it meanwhile, and now this action is set aside.
    renameOrThrow: action(z.object({ id, title: z.string() }), (state, { id, title }) => {
      if (!state.todos.has(id)) throw new Error("There is no such todo");
      state.todos.patch(id, { title });
    }),
    // Right: patch does nothing where there is nothing, and answers false.
    rename: action(z.object({ id, title: z.string() }), (state, { id, title }) =>
      state.todos.patch(id, { title }),
    ),
    // order ends
  }),
});

export const twice = defineModel({
  name: "twice",
  version: 1,
  state: { lines: value<readonly string[]>([]), notes: table<{ readonly text: string }>() },
  actions: (action) => ({
    // twice begins
    // Wrong: what two apps add apart is there twice, and nobody can take one of them away.
    addLine: action(z.object({ text: z.string() }), (state, { text }) => {
      state.lines = [...state.lines, text];
    }),
    // Right: the caller gives an id, say crypto.randomUUID(), and an id is added once.
    addNote: action(z.object({ id, text: z.string() }), (state, { id, text }) =>
      state.notes.addIfAbsent(id, { text }),
    ),
    // twice ends
  }),
});

export const minimal = defineModel({
  name: "minimal",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(add.schema, (state, { id, title }) =>
      state.todos.addIfAbsent(id, { title, done: false }),
    ),
    setDone: action(z.object({ id, done: z.boolean() }), (state, { id, done }) =>
      state.todos.patch(id, { done }),
    ),
    // minimal begins
    // Wrong: whoever saves the form also writes what it happened to show of the rest.
    saveTodo: action(z.object({ id, title: z.string(), done: z.boolean() }), (state, { id, title, done }) =>
      state.todos.set(id, { title, done }),
    ),
    // Right: one member, as it was changed.
    setTitle: action(z.object({ id, title: z.string() }), (state, { id, title }) =>
      state.todos.patch(id, { title }),
    ),
    // minimal ends
  }),
});

export const pure = defineModel({
  name: "pure",
  version: 1,
  state: { notes: table<{ readonly text: string; readonly at: number }>() },
  actions: (action) => ({
    // pure begins
    // Wrong: each replay of it, on each machine, reads another time.
    stampNow: action(z.object({ id, text: z.string() }), (state, { id, text }) =>
      state.notes.addIfAbsent(id, { text, at: Date.now() }),
    ),
    // Right: the time at which the action was made is a part of it.
    stamp: action(z.object({ id, text: z.string() }), (state, { id, text }, meta) =>
      state.notes.addIfAbsent(id, { text, at: meta.createdAt }),
    ),
    // pure ends
  }),
});

// fields begins
import {
  classType,
  counter,
  enumType,
  lastWriteWins,
  orderedList,
  set,
  value,
} from "../../../shared/index.ts";

const Priority = { low: Object.freeze({ rank: 1 }), high: Object.freeze({ rank: 2 }) };
type Priority = (typeof Priority)[keyof typeof Priority];

export class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}

interface Task {
  readonly title: string;
  readonly priority: Priority;
  readonly price?: Money;
}

export const project = defineModel({
  name: "project",
  version: 1,
  types: [
    enumType("Priority", Priority),
    classType("Money", Money, {
      toJson: (money) => money.cents,
      fromJson: (cents: number) => new Money(cents),
      info: (money) => `${money.cents / 100} €`,
    }),
  ],
  state: {
    tasks: table<Task>(),
    owner: value<string | null>(null),
    theme: lastWriteWins("light"),
    tags: set(),
    visits: counter(),
    steps: orderedList<{ readonly text: string }>(),
  },
  actions: (action) => ({
    addTask: action(z.object({ id, title: z.string() }), (state, { id, title }) =>
      state.tasks.addIfAbsent(id, { title, priority: Priority.low }),
    ),
    setPrice: action(z.object({ id, price: z.instanceof(Money) }), (state, { id, price }) =>
      state.tasks.patch(id, { price }),
    ),
    setOwner: action(z.object({ owner: z.string() }), (state, { owner }) => {
      state.owner = owner;
    }),
    setTheme: action(z.object({ theme: z.string() }), (state, { theme }) => state.theme.set(theme)),
    tag: action(z.object({ tag: z.string() }), (state, { tag }) => state.tags.add(tag)),
    visit: action(z.object({}), (state) => state.visits.add(1)),
    addStep: action(z.object({ id, position: z.string(), text: z.string() }), (state, step) =>
      state.steps.add(step.id, step.position, { text: step.text }),
    ),
  }),
});
// fields ends

// invariants begins
export const checked = defineModel({
  name: "checked",
  version: 1,
  state: { todos: table<Todo>() },
  actions: (action) => ({
    addTodo: action(z.object({ id, title: z.string() }), (state, { id, title }) =>
      state.todos.addIfAbsent(id, { title, done: false }),
    ),
  }),
  invariants: {
    titlesAreUnique: ({ todos }) => {
      const titles = [...todos.values()].map(({ title }) => title);
      return titles.filter((title, i) => titles.indexOf(title) < i);
    },
  },
});
// invariants ends

// versions begins
interface NoteTwo {
  readonly text: string;
  readonly stars: number;
}

export const notes = defineModel({
  name: "notes",
  version: 2,
  state: { notes: table<NoteTwo>() },
  actions: (action) => {
    const addNote = action(z.object({ id, text: z.string(), stars: z.number() }), (state, { id, ...note }) =>
      state.notes.addIfAbsent(id, note),
    );
    // Renamed: the log holds the old name for ever, so it stays, and leads to the same function.
    return { addNote, newNote: addNote };
  },
  // Actions of version 1 had no stars …
  upcasters: {
    addNote: { 1: (old) => ({ ...old, stars: 0 }) },
    newNote: { 1: (old) => ({ ...old, stars: 0 }) },
  },
  // … and neither had its states.
  migrate: {
    1: (old: { readonly notes: Readonly<Record<string, { readonly text: string }>> }) => ({
      notes: Object.fromEntries(Object.entries(old.notes).map(([id, note]) => [id, { ...note, stars: 0 }])),
    }),
  },
});

// versions ends

// reducer begins
import { reducerModel } from "../../../shared/index.ts";

export const count = reducerModel({
  name: "count",
  version: 1,
  initialState: { count: 0 },
  reducer: (state, { type }) => (type === "add" ? { count: state.count + 1 } : state),
});

// reducer ends

// testing begins
import fc from "fast-check";
import { checkConvergence, given } from "../../../test-kit/index.ts";

export async function testTodos(): Promise<void> {
  const milk = { name: "addTodo", data: { id: "a", title: "Milk" } } as const;
  given(todos, milk)
    .when({ name: "setDone", data: { id: "a", done: true } })
    .then((state) => {
      if (!state.todos.get("a")?.done) throw new Error("It is not done");
    });
  given(todos)
    .when({ name: "addTodo", data: { id: "a", title: 7 as never } })
    .rejects("title");
  given(checked, milk)
    .when({ name: "addTodo", data: { id: "b", title: "Milk" } })
    .problems("titlesAreUnique");

  const ids = fc.constantFrom("a", "b");
  await checkConvergence(
    todos,
    {
      addTodo: fc.record({ id: ids, title: fc.constant("Milk") }),
      setDone: fc.record({ id: ids, done: fc.boolean() }),
    },
    // Where the later one is meant to win. `given` makes the todos that setDone is about.
    { given: [milk], lastWriteWins: ["todos.*.done"] },
  );
}

// testing ends

// store begins
import { openStore, type Remote } from "../../../client/index.ts";

export async function useTodos(remote: Remote): Promise<void> {
  const store = openStore({ model: checked, storeId: "family", remote, pushOnlyWhileValid: true });
  // What others do, and what is done here, when it first takes effect; never what came inside a snapshot.
  store.on("addTodo", ({ data, origin }) => {
    if (origin === "remote") console.log(`Somebody added ${data.title}`);
  });
  const made = store.do.addTodo({ id: crypto.randomUUID(), title: "Milk" });
  await made.savedLocally; // it survives a crash of this machine
  await made.stored; // the server has it
  await made.published; // it is in the log, for ever
  for (const { action, at, reason } of store.outbox.list()) console.log(action.name, at, reason);
  for (const { invariant, problem } of store.problems) console.log(invariant, problem);
  await store.close();
}
// store ends
