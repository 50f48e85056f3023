/** The input in which a title is changed: Enter and leaving it save, Escape does not, an empty title takes the item away. */
import { type KeyboardEvent, type RefObject, useEffect, useRef } from "react";
import { titleLengthMax } from "../model.ts";
import { focusNear } from "./focus.ts";
import { useActions } from "./hooks.ts";

export interface TitleEditProps {
  readonly id: string;
  readonly title: string;
  readonly isEditing: boolean;
  readonly endEdit: () => void;
  readonly item: RefObject<HTMLLIElement | null>;
}

export function TitleEdit({ id, title, isEditing, endEdit, item }: TitleEditProps) {
  const { setTitle, deleteTodo } = useActions();
  const input = useRef<HTMLInputElement>(null);
  /** The title as the edit found it; null while there is no edit. A plain value: a blur may come before the next render. */
  const found = useRef<string | null>(null);
  const titleNow = useRef(title);
  titleNow.current = title;

  useEffect(() => {
    const { current } = input;
    if (!isEditing || !current) return;
    found.current = titleNow.current;
    current.value = titleNow.current;
    current.focus();
    current.setSelectionRange(current.value.length, current.value.length);
  }, [isEditing]);

  function end({ save, byKeyboard }: { readonly save: boolean; readonly byKeyboard: boolean }): void {
    const before = found.current;
    found.current = null;
    if (before === null) return;
    const typed = input.current?.value.trim() ?? before;
    const isGone = save && typed === "";
    endEdit();
    if (byKeyboard && isGone) focusNear(item.current, ".toggle");
    if (isGone) deleteTodo({ id });
    // An edit that changed nothing says nothing: it must not undo what somebody else wrote meanwhile.
    else if (save && typed !== before) setTitle({ id, title: typed });
    // The checkbox is hidden until the edit is over.
    if (byKeyboard && !isGone)
      requestAnimationFrame(() => item.current?.querySelector<HTMLElement>(".toggle")?.focus());
  }

  function press({ key, nativeEvent }: KeyboardEvent): void {
    if (nativeEvent.isComposing) return;
    if (key === "Enter") end({ save: true, byKeyboard: true });
    if (key === "Escape") end({ save: false, byKeyboard: true });
  }

  return (
    <input
      ref={input}
      className="edit"
      aria-label={`New title of ${title}`}
      defaultValue={title}
      maxLength={titleLengthMax}
      autoComplete="off"
      enterKeyHint="done"
      onKeyDown={press}
      onBlur={() => end({ save: true, byKeyboard: false })}
    />
  );
}
