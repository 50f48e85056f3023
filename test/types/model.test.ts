import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  type ActionInput,
  type ActionMeta,
  type ActionOutput,
  action,
  counter,
  createFold,
  defineModel,
  type LastWriteWinsDraft,
  lastWriteWins,
  type Model,
  type OrderedList,
  orderedList,
  reducerModel,
  type Stamped,
  type StateDraft,
  type StateOf,
  set,
  type Table,
  type TableDraft,
  type TextSet,
  table,
  value,
} from "../../shared/index.ts";

interface Todo {
  readonly title: string;
  readonly done: boolean;
}

const fields = {
  todos: table<Todo>(),
  title: value(""),
  filter: value<"all" | "open">("all"),
  theme: lastWriteWins("light"),
  tags: set(),
  likes: counter(),
  steps: orderedList<{ readonly text: string }>(),
};

const model = defineModel({
  name: "typed",
  version: 2,
  state: fields,
  actions: (action) => ({
    addTodo: action(z.object({ id: z.string(), title: z.string().default("?") }), (state, data, meta) => {
      expectTypeOf(state.todos).toEqualTypeOf<TableDraft<Todo>>();
      expectTypeOf(state.theme).toEqualTypeOf<LastWriteWinsDraft<string>>();
      expectTypeOf(state.title).toEqualTypeOf<string>();
      expectTypeOf(state.filter).toEqualTypeOf<"all" | "open">();
      expectTypeOf(data).toEqualTypeOf<{ id: string; title: string }>();
      expectTypeOf(meta).toEqualTypeOf<ActionMeta>();
      state.title = data.title;
      state.todos.patch(data.id, { done: true });
      // @ts-expect-error a table is not assigned
      state.todos = undefined;
      // @ts-expect-error no such member
      state.todos.patch(data.id, { titel: "" });
    }),
    count: action(z.string().transform(Number), (state, n) => state.likes.add(n)),
  }),
  invariants: {
    some: (state) => {
      expectTypeOf(state.todos).toEqualTypeOf<Table<Todo>>();
      return [...state.tags];
    },
  },
  upcasters: { addTodo: { 1: (old) => ({ ...old, title: old.name }) } },
  migrate: { 1: (old: { readonly todos: Record<string, Todo> }) => ({ ...old, title: "" }) },
});

describe("the types of a model", () => {
  it("are inferred from fields and schemas", () => {
    type State = StateOf<typeof model>;
    expectTypeOf<State["todos"]>().toEqualTypeOf<Table<Todo>>();
    expectTypeOf<State["title"]>().toEqualTypeOf<string>();
    expectTypeOf<State["theme"]>().toEqualTypeOf<Stamped<string>>();
    expectTypeOf<State["tags"]>().toEqualTypeOf<TextSet>();
    expectTypeOf<State["likes"]>().toEqualTypeOf<number>();
    expectTypeOf<State["steps"]>().toEqualTypeOf<OrderedList<{ readonly text: string }>>();
    expectTypeOf<ActionInput<typeof model, "addTodo">>().toEqualTypeOf<{
      id: string;
      title?: string | undefined;
    }>();
    expectTypeOf<ActionOutput<typeof model, "addTodo">>().toEqualTypeOf<{ id: string; title: string }>();
    expectTypeOf<ActionInput<typeof model, "count">>().toEqualTypeOf<string>();
    expectTypeOf<ActionOutput<typeof model, "count">>().toEqualTypeOf<number>();
    expectTypeOf(createFold(model).state()).toEqualTypeOf<State>();
  });

  it("let any model be used where only its interface counts", () => {
    expectTypeOf(model).toExtend<Model>();
    expectTypeOf(reducerModel({ name: "n", version: 1, initialState: 0, reducer: (n) => n })).toExtend<
      Model<number>
    >();
  });

  it("take actions that are made apart, when their state is annotated", () => {
    const rename = action(z.object({ title: z.string() }), (state: StateDraft<typeof fields>, { title }) => {
      state.title = title;
    });
    const apart = defineModel({ name: "apart", version: 1, state: fields, actions: { rename } });
    expectTypeOf<ActionInput<typeof apart, "rename">>().toEqualTypeOf<{ title: string }>();
  });
});
