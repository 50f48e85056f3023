/** The page as a whole: the list as TodoMVC has it, and around it what a synchronised list can tell and do. */
import { useCallback, useState } from "react";
import type { Store } from "../../../client/index.ts";
import type { TodoModel } from "../model.ts";
import { HistoryBar } from "./history-bar.tsx";
import { StoreProvider } from "./hooks.ts";
import { type JumpWatch, useJump } from "./jumps.ts";
import { News } from "./news.tsx";
import { Problems } from "./problems.tsx";
import type { ReleaseWatch } from "./release.ts";
import { Shut } from "./shut.tsx";
import { SyncBadge } from "./sync-badge.tsx";
import { TodoApp } from "./todo-app.tsx";
import { useHistory } from "./use-history.ts";
import { useLoadTrouble } from "./use-load-trouble.ts";
import { useNews } from "./use-news.ts";

export interface AppProps {
  readonly store: Store<TodoModel>;
  readonly release: ReleaseWatch;
  readonly jumps: JumpWatch;
}

export function App({ store, release, jumps }: AppProps) {
  const history = useHistory(store);
  const jumped = useJump(jumps);
  const news = useNews(store);
  const trouble = useLoadTrouble(store);
  const [editing, setEditing] = useState<string | null>(null);
  const startEdit = useCallback((id: string) => setEditing(id), []);
  const endEdit = useCallback(() => setEditing(null), []);
  if (trouble !== null) return <Shut trouble={trouble} />;
  const shown = history.shown ?? jumped;
  const readOnly = shown !== null;
  return (
    <StoreProvider store={store} shown={shown}>
      <div className="bar">
        <button
          type="button"
          className="bar-button"
          aria-expanded={history.isOpen}
          aria-controls="history"
          onClick={history.isOpen ? history.close : history.open}
        >
          History
        </button>
        <SyncBadge release={release} />
      </div>
      <main>
        <TodoApp
          readOnly={readOnly}
          fresh={news.ids}
          editing={readOnly ? null : editing}
          startEdit={startEdit}
          endEdit={endEdit}
          banner={readOnly ? null : <Problems startEdit={startEdit} />}
        />
        <footer className="info">
          <p className="for-mouse">Double-click to edit a todo, or press F2 on it; Delete takes it away</p>
          <p className="for-touch">Double-tap a todo to edit it; × takes it away</p>
          <p>
            Kept by <strong>icecore</strong>: works offline, and remembers
          </p>
          <p>
            After the specification of <a href="https://todomvc.com">TodoMVC</a>
          </p>
        </footer>
      </main>
      {history.isOpen && <HistoryBar history={history} />}
      <News news={news} />
    </StoreProvider>
  );
}
