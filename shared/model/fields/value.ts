/** The value field: anything small, replaced by assignment and never changed inside. The last assignment in log order stays. */
import type { AssignableKind, FieldStore } from "../field.ts";
import { freezeDeep } from "../freeze.ts";
import type { Undoable } from "../journal.ts";
import type { StateContext } from "../model.ts";
import { requireStorable } from "../storable.ts";

/**
 * A field that an action assigns: `state.title = "Groceries"`.
 *
 * @example
 * state: { title: value("") }
 */
export function value<T>(initial: T): AssignableKind<T> {
  return { kind: "value", createStore: (context) => createValueStore(context, initial) };
}

export function createValueStore<T>({ journal, strict, codec }: StateContext, initial: T): FieldStore<T> {
  let current: T = strict ? freezeDeep(initial) : initial;
  const undo: Undoable = {
    undo(old) {
      current = old as T;
    },
  };
  return {
    draft: undefined,
    readDraft: () => current,
    assign(next) {
      if (Object.is(current, next)) return;
      requireStorable(codec, next);
      if (strict) codec.encode(freezeDeep(next));
      journal.note(undo, current, undefined, undefined);
      current = next as T;
    },
    publish: () => current,
    rewind(published) {
      current = published;
    },
    load(decoded) {
      current = (strict ? freezeDeep(decoded) : decoded) as T;
    },
    encode: () => codec.encode(current),
    info: () => codec.info(current),
  };
}
