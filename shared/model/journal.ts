/**
 * Journal: how to undo one action, and only that one.
 *
 * Every write of a state field notes what it replaced; `undo` puts it back in reverse order. Flat slots instead of
 * objects: a note costs about 10 ns, and the journal is emptied at the start of each action.
 */

/** A part of the state that can take back one of its writes. */
export interface Undoable {
  undo(first: unknown, second: unknown, third: unknown): void;
}

export interface Journal {
  note(target: Undoable, first: unknown, second: unknown, third: unknown): void;
  clear(): void;
  undo(): void;
}

/** Above this many slots the memory is given back: one huge action must not be kept alive by the next. */
const slotsKept = 4_096;

export function createJournal(): Journal {
  let slots: unknown[] = [];
  let used = 0;
  const clear = (): void => {
    used = 0;
    if (slots.length > slotsKept) slots = [];
  };
  return {
    note(target, first, second, third) {
      slots[used] = target;
      slots[used + 1] = first;
      slots[used + 2] = second;
      slots[used + 3] = third;
      used += 4;
    },
    clear,
    undo() {
      while (used > 0) {
        used -= 4;
        (slots[used] as Undoable).undo(slots[used + 1], slots[used + 2], slots[used + 3]);
      }
      clear();
    },
  };
}
