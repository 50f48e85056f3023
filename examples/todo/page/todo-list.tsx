/** The main part: mark all, and the items that the route shows. */
import type { Todo } from "../model.ts";
import { useActions } from "./hooks.ts";
import { TodoItem } from "./todo-item.tsx";

export type TodoEntry = readonly [id: string, todo: Todo];

export interface TodoListProps {
  readonly all: readonly TodoEntry[];
  readonly shown: readonly TodoEntry[];
  readonly readOnly: boolean;
  readonly fresh: ReadonlySet<string>;
  readonly editing: string | null;
  readonly startEdit: (id: string) => void;
  readonly endEdit: () => void;
}

export function TodoList({ all, shown, readOnly, fresh, editing, startEdit, endEdit }: TodoListProps) {
  const { setAllDone } = useActions();
  const allDone = all.every(([, { completed }]) => completed);

  function toggleAll(done: boolean): void {
    // Only those that change: what somebody else decides about the others meanwhile stays theirs.
    const ids = all.filter(([, { completed }]) => completed !== done).map(([id]) => id);
    if (ids.length > 0) setAllDone({ ids, done });
  }

  return (
    <section className="main">
      <input
        id="toggle-all"
        className="toggle-all"
        type="checkbox"
        checked={allDone}
        disabled={readOnly}
        onChange={({ currentTarget }) => toggleAll(currentTarget.checked)}
      />
      <label htmlFor="toggle-all">Mark all as complete</label>
      <ul className="todo-list">
        {shown.map(([id, { title, completed }]) => (
          <TodoItem
            key={id}
            id={id}
            title={title}
            completed={completed}
            readOnly={readOnly}
            isFresh={fresh.has(id)}
            isEditing={id === editing}
            startEdit={startEdit}
            endEdit={endEdit}
          />
        ))}
      </ul>
    </section>
  );
}
