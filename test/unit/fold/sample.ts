/** A small model with every kind of field, and updates for it. */
import { createHash } from "node:crypto";
import { z } from "zod";
import {
  type ActionMeta,
  counter,
  defineModel,
  type Fold,
  type FoldUpdate,
  type Json,
  lastWriteWins,
  orderedList,
  set,
  stateHash,
  table,
  value,
} from "../../../shared/index.ts";
import { type ActionId, type AppId, parseAppId } from "../../../shared/wire/ids.ts";
import { type Timestamp, toTimestamp } from "../../../shared/wire/time.ts";

export interface Todo {
  readonly title: string;
  readonly done: boolean;
}

const id = z.string();

export const sample = defineModel({
  name: "sample",
  version: 1,
  state: {
    todos: table<Todo>(),
    title: value("untitled"),
    theme: lastWriteWins("light"),
    tags: set(),
    likes: counter(),
    steps: orderedList<{ readonly text: string }>(),
    metas: value<readonly ActionMeta[]>([]),
  },
  actions: (action) => ({
    addTodo: action(z.object({ id, title: z.string() }), (state, { id, title }) =>
      state.todos.addIfAbsent(id, { title, done: false }),
    ),
    completeTodo: action(z.object({ id }), (state, data) => state.todos.patch(data.id, { done: true })),
    deleteTodo: action(z.object({ id }), (state, data) => state.todos.delete(data.id)),
    retitle: action(z.object({ title: z.string() }), (state, { title }) => {
      state.title = title;
    }),
    setTheme: action(z.object({ theme: z.string() }), (state, { theme }) => state.theme.set(theme)),
    tag: action(z.object({ tag: z.string(), on: z.boolean() }), (state, { tag, on }) =>
      on ? state.tags.add(tag) : state.tags.delete(tag),
    ),
    like: action(z.object({ n: z.number() }), (state, { n }) => state.likes.add(n)),
    addStep: action(
      z.object({ id, position: z.string(), text: z.string() }),
      (state, { id, position, text }) => state.steps.add(id, position, { text }),
    ),
    moveStep: action(z.object({ id, position: z.string() }), (state, { id, position }) =>
      state.steps.move(id, position),
    ),
    editStep: action(z.object({ id, text: z.string() }), (state, { id, text }) =>
      state.steps.patch(id, { text }),
    ),
    noteMeta: action(z.object({}), (state, _none, meta) => {
      state.metas = [...state.metas, meta];
    }),
    /** Touches every field and then fails. */
    explode: action(z.object({ id }), (state, { id }) => {
      state.todos.set(id, { title: "boom", done: true });
      for (const [other] of state.todos) state.todos.patch(other, { title: "boom" });
      state.todos.delete(id);
      state.title = "boom";
      state.theme.set("boom");
      state.tags.add("boom");
      state.likes.add(1_000);
      state.steps.add(id, "a5", { text: "boom" });
      for (const step of state.steps.items()) state.steps.patch(step.id, { text: "boom" });
      throw new Error(`boom ${id}\nsecond line`);
    }),
  }),
  invariants: {
    titlesAreUnique: (state) => {
      const titles = [...state.todos.values()].map(({ title }) => title);
      return titles.filter((title, i) => titles.indexOf(title) < i);
    },
  },
});

export const apps = ["01ARZ3NDEKTSV4RRFFQ69G5FAA", "01ARZ3NDEKTSV4RRFFQ69G5FAB"].map(
  (text) => parseAppId(text) as AppId,
);

let made = 0;
export function newActionId(): ActionId {
  made += 1;
  return `01ARZ3NDEK${String(made).padStart(16, "0")}` as ActionId;
}

export function at(ms: number): Timestamp {
  return toTimestamp(ms);
}

export type Call = readonly [name: string, data: Json];

/** One update of some calls. */
export function update(
  timestamp: number,
  calls: readonly Call[],
  more: Partial<FoldUpdate> = {},
): FoldUpdate {
  const actions = calls.map(([name, data]) => ({ id: newActionId(), name, data }));
  return {
    timestamp: at(timestamp),
    app: apps[0] as AppId,
    seq: timestamp,
    after: at(0),
    modelVersion: 1,
    actions,
    ...more,
  };
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export function hashOf(fold: Pick<Fold, "encode">): string {
  return stateHash(fold, sha256);
}
