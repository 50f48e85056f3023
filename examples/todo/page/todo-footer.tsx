/** The counter, the filters, and the button that clears what is done. */
import { focusNew } from "./focus.ts";
import { useActions } from "./hooks.ts";
import { type Route, routes } from "./route.ts";
import type { TodoEntry } from "./todo-list.tsx";

export interface TodoFooterProps {
  readonly all: readonly TodoEntry[];
  readonly route: Route;
  readonly readOnly: boolean;
}

export function TodoFooter({ all, route: chosen, readOnly }: TodoFooterProps) {
  const { clearCompleted } = useActions();
  const completed = all.filter(([, todo]) => todo.completed).map(([id]) => id);
  const left = all.length - completed.length;

  function clear(): void {
    clearCompleted({ ids: completed });
    focusNew();
  }

  return (
    <footer className="footer">
      <span className="todo-count">
        <strong>{left}</strong> {left === 1 ? "item" : "items"} left
      </span>
      <ul className="filters">
        {routes.map(({ route, href, label }) => (
          <li key={route}>
            <a
              href={href}
              className={route === chosen ? "selected" : undefined}
              aria-current={route === chosen ? "page" : undefined}
            >
              {label}
            </a>
          </li>
        ))}
      </ul>
      {completed.length > 0 && !readOnly && (
        <button type="button" className="clear-completed" onClick={clear}>
          Clear completed
        </button>
      )}
    </footer>
  );
}
