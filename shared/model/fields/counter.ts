/**
 * The counter field: a whole number that actions add to. Additions commute, so every order gives the same sum; that is why
 * an action carries the increment and never the result, and why only whole numbers are taken.
 */
import { StoreError } from "../../errors.ts";
import type { FieldKind } from "../field.ts";
import type { Undoable } from "../journal.ts";
import type { StateContext, StateStore } from "../model.ts";
import { malformedField } from "./malformed.ts";

export interface CounterDraft {
  readonly value: number;
  /** Adds a whole number, which may be negative. */
  add(increment: number): void;
}

/**
 * A sum of increments, read as a number. Not idempotent: an action that the log holds twice counts twice, as a copied local storage may
 * send it (docs/protocol.md, "Outbox"). Where that must not be, keep a table or set of ids and count them.
 *
 * @example
 * state: { likes: counter() }
 * // in an action: state.likes.add(1)
 */
export function counter(initial = 0): FieldKind<number, CounterDraft> {
  return { kind: "counter", createStore: (context) => createCounterStore(context, initial) };
}

function createCounterStore({ journal }: StateContext, initial: number): StateStore<number> {
  let current = whole(initial);
  const undo: Undoable = {
    undo(old) {
      current = old as number;
    },
  };
  const draft: CounterDraft = {
    get value() {
      return current;
    },
    add(increment) {
      const sum = whole(current + whole(increment));
      journal.note(undo, current, undefined, undefined);
      current = sum;
    },
  };
  return {
    draft,
    publish: () => current,
    rewind(published) {
      current = published;
    },
    load(decoded) {
      current = Number.isSafeInteger(decoded) ? (decoded as number) : malformedField("counter");
    },
    encode: () => current,
    info: () => current,
  };
}

function whole(n: number): number {
  if (Number.isSafeInteger(n)) return n + 0;
  throw new StoreError({
    kind: "rejected",
    what: `A counter cannot count ${String(n)}`,
    fix: "Add whole numbers, e.g. cents instead of euros",
  });
}
