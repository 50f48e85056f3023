/**
 * Journal: how to undo one action, and only that one.
 *
 * Every write of a state field notes what it replaced; `undo` puts it back in reverse order. Flat slots instead of
 * objects: a note costs about 10 ns, and the journal is emptied at the start of each action. Between actions it is closed:
 * then a write comes from a function that went on after its action, and throws before it has changed anything.
 */
import { StoreError } from "../errors.ts";

/** A part of the state that can take back one of its writes. */
export interface Undoable {
  undo(first: unknown, second: unknown, third: unknown): void;
}

export interface Journal {
  /** Throws StoreError "rejected" while it is closed. */
  note(target: Undoable, first: unknown, second: unknown, third: unknown): void;
  /** For who changes something before it notes it: throws as `note` does. */
  requireOpen(): void;
  /** Forgets what is noted and is open: an action begins. */
  clear(): void;
  undo(): void;
  /** An action has ended. */
  close(): void;
}

/** Above this many slots the memory is given back: one huge action must not be kept alive by the next. */
const slotsKept = 4_096;

export function createJournal(): Journal {
  let slots: unknown[] = [];
  let used = 0;
  let isOpen = true;
  const empty = (): void => {
    used = 0;
    if (slots.length > slotsKept) slots = [];
  };
  const requireOpen = (): void => {
    if (!isOpen) throw ended();
  };
  return {
    note(target, first, second, third) {
      requireOpen();
      slots[used] = target;
      slots[used + 1] = first;
      slots[used + 2] = second;
      slots[used + 3] = third;
      used += 4;
    },
    requireOpen,
    clear() {
      empty();
      isOpen = true;
    },
    undo() {
      while (used > 0) {
        used -= 4;
        (slots[used] as Undoable).undo(slots[used + 1], slots[used + 2], slots[used + 3]);
      }
      empty();
    },
    close() {
      empty();
      isOpen = false;
    },
  };
}

function ended(): StoreError {
  return new StoreError({
    kind: "rejected",
    what: "A model function changed the state after its action had ended",
    fix: "Change it before the function returns: no await, no timers, no draft that is kept for later",
  });
}
