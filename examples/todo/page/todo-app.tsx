/** The application in TodoMVC's own markup: its classes and structure are a specification, and followed to the letter. */
import type { ReactNode } from "react";
import { useStore } from "./hooks.ts";
import { NewTodo } from "./new-todo.tsx";
import { isShown, useRoute } from "./route.ts";
import { TodoFooter } from "./todo-footer.tsx";
import { TodoList } from "./todo-list.tsx";

export interface TodoAppProps {
  /** An earlier state is shown. */
  readonly readOnly: boolean;
  /** What somebody else has just changed. */
  readonly fresh: ReadonlySet<string>;
  readonly editing: string | null;
  readonly startEdit: (id: string) => void;
  readonly endEdit: () => void;
  readonly banner: ReactNode;
}

export function TodoApp({ readOnly, fresh, editing, startEdit, endEdit, banner }: TodoAppProps) {
  const todos = useStore((state) => state.todos);
  const route = useRoute();
  const all = [...todos];
  return (
    <section className={readOnly ? "todoapp past" : "todoapp"}>
      {banner}
      <header className="header">
        <h1>todos</h1>
        <NewTodo readOnly={readOnly} isEmpty={all.length === 0} />
      </header>
      {all.length > 0 && (
        <TodoList
          all={all}
          shown={all.filter(([id, todo]) => id === editing || isShown(route, todo))}
          readOnly={readOnly}
          fresh={fresh}
          editing={editing}
          startEdit={startEdit}
          endEdit={endEdit}
        />
      )}
      {all.length > 0 && <TodoFooter all={all} route={route} readOnly={readOnly} />}
    </section>
  );
}
