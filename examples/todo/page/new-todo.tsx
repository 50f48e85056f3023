/** The input at the top: Enter makes an item. */
import { type KeyboardEvent, useEffect, useRef } from "react";
import { titleLengthMax } from "../model.ts";
import { useActions } from "./hooks.ts";
import { newTodoId } from "./ids.ts";

export function NewTodo({ readOnly, isEmpty }: { readonly readOnly: boolean; readonly isEmpty: boolean }) {
  const { addTodo } = useActions();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // React keeps the attribute to itself; the specification asks for it.
    input.current?.setAttribute("autofocus", "");
    input.current?.focus();
  }, []);

  function add({ key, currentTarget, nativeEvent }: KeyboardEvent<HTMLInputElement>): void {
    // Enter that ends the composing of a character is not the user's.
    if (key !== "Enter" || nativeEvent.isComposing) return;
    const title = currentTarget.value.trim();
    if (title === "") return;
    addTodo({ id: newTodoId(), title });
    currentTarget.value = "";
  }

  return (
    <input
      ref={input}
      className="new-todo"
      placeholder={readOnly ? pastPlaceholder(isEmpty) : "What needs to be done?"}
      aria-label="What needs to be done?"
      enterKeyHint="done"
      autoComplete="off"
      maxLength={titleLengthMax}
      disabled={readOnly}
      onKeyDown={add}
    />
  );
}

function pastPlaceholder(isEmpty: boolean): string {
  return isEmpty ? "Nothing was on the list" : "As it was then";
}
