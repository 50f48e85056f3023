/** One item. Everything that it shows is given to it as plain values: it renders again only when one of them changes. */
import { type KeyboardEvent, memo, useRef } from "react";
import { focusNear } from "./focus.ts";
import { useActions } from "./hooks.ts";
import { TitleEdit } from "./title-edit.tsx";

export interface TodoItemProps {
  readonly id: string;
  readonly title: string;
  readonly completed: boolean;
  readonly readOnly: boolean;
  readonly isFresh: boolean;
  readonly isEditing: boolean;
  readonly startEdit: (id: string) => void;
  readonly endEdit: () => void;
}

export const TodoItem = memo(function TodoItem(props: TodoItemProps) {
  const { id, title, completed, readOnly, isFresh, isEditing, startEdit, endEdit } = props;
  const { setDone, deleteTodo } = useActions();
  const item = useRef<HTMLLIElement>(null);

  function remove(byKeyboard: boolean): void {
    if (byKeyboard) focusNear(item.current, ".toggle");
    deleteTodo({ id });
  }

  /** A label cannot be focused, so its checkbox stands for the item. */
  function press(pressed: KeyboardEvent): void {
    if (readOnly || !["F2", "Delete"].includes(pressed.key)) return;
    pressed.preventDefault();
    if (pressed.key === "F2") startEdit(id);
    else remove(true);
  }

  return (
    <li ref={item} className={classesOf({ completed, editing: isEditing, fresh: isFresh })}>
      <div className="view">
        <input
          className="toggle"
          type="checkbox"
          checked={completed}
          disabled={readOnly}
          aria-label={title}
          aria-keyshortcuts="F2 Delete"
          onChange={({ currentTarget }) => setDone({ id, done: currentTarget.checked })}
          onKeyDown={press}
        />
        {/* biome-ignore lint/a11y/noLabelWithoutControl: TodoMVC's markup; the checkbox beside it has a name of its own */}
        <label onDoubleClick={readOnly ? undefined : () => startEdit(id)}>{title}</label>
        {!readOnly && (
          <button
            type="button"
            className="destroy"
            aria-label={`Delete ${title}`}
            onClick={({ detail }) => remove(detail === 0)}
          />
        )}
      </div>
      {!readOnly && <TitleEdit id={id} title={title} isEditing={isEditing} endEdit={endEdit} item={item} />}
    </li>
  );
});

function classesOf(classes: Readonly<Record<string, boolean>>): string | undefined {
  const names = Object.keys(classes).filter((name) => classes[name]);
  return names.length === 0 ? undefined : names.join(" ");
}
