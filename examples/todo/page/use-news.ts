/** What others have just done: for a line of text, and to mark the items. */
import { useEffect, useState } from "react";
import type { Store } from "../../../client/index.ts";
import type { ActionsOf } from "../../../shared/index.ts";
import type { TodoModel } from "../model.ts";
import { countWords } from "./time-words.ts";

export interface NewsOfOthers {
  readonly text: string;
  readonly ids: ReadonlySet<string>;
  /** The text stays while it fades away. */
  readonly isShown: boolean;
}

/** What comes within this is told together. */
const gatherMs = 250;
const shownMs = 6_000;
const none: NewsOfOthers = { text: "", ids: new Set(), isShown: false };

interface Item {
  readonly text: string;
  readonly ids: readonly string[];
}

type Actions = ActionsOf<TodoModel>;
type Describe = { readonly [Name in keyof Actions]: (data: Actions[Name]["output"]) => Item };

export function useNews(store: Store<TodoModel>): NewsOfOthers {
  const [news, setNews] = useState(none);
  useEffect(() => {
    let gathered: Item[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hide = (): void => setNews(({ text }) => ({ ...none, text }));
    const tell = (): void => {
      setNews(summary(gathered));
      gathered = [];
      timer = setTimeout(hide, shownMs);
    };
    const stops = (Object.keys(store.do) as (keyof Actions)[]).map((name) =>
      store.on(name, ({ origin, data }) => {
        // What the first round brings is the list itself, and no news.
        if (origin === "local" || store.sync.status.syncedAt === null) return;
        gathered.push((describe(store)[name] as (given: unknown) => Item)(data));
        clearTimeout(timer);
        timer = setTimeout(tell, gatherMs);
      }),
    );
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [store]);
  return news;
}

function summary(items: readonly Item[]): NewsOfOthers {
  const [only] = items;
  const text =
    items.length === 1 && only ? only.text : `${countWords(items.length, "change")} came from elsewhere`;
  return { text, ids: new Set(items.flatMap(({ ids }) => ids)), isShown: true };
}

function describe(store: Store<TodoModel>): Describe {
  const named = (id: string): string => `“${store.state.todos.get(id)?.title ?? "an item"}”`;
  const many = (ids: readonly string[], doneTo: string): Item => ({
    text: `${countWords(ids.length, "item")} ${doneTo} elsewhere`,
    ids,
  });
  return {
    addTodo: ({ id, title }) => ({ text: `“${title}” was added elsewhere`, ids: [id] }),
    setTitle: ({ id, title }) => ({ text: `“${title}” was renamed elsewhere`, ids: [id] }),
    setDone: ({ id, done }) => ({
      text: `${named(id)} was ${done ? "done" : "opened again"} elsewhere`,
      ids: [id],
    }),
    deleteTodo: ({ id }) => ({ text: "An item was deleted elsewhere", ids: [id] }),
    setAllDone: ({ ids, done }) => many(ids, done ? "done" : "opened again"),
    clearCompleted: ({ ids }) => many(ids, "cleared"),
  };
}
