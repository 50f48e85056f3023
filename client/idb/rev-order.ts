/**
 * Puts the commits of all tabs in the order in which the database took them. Each has a rev, one above the one before; notes of them may
 * come in any order, twice, or never, when a tab was killed before it could say so, or this one slept. A gap that stays means reading
 * everything again.
 */
import type { RowChanges } from "../local/local.ts";

export interface RevOrder {
  /** A commit of this tab, which knows what is in it. */
  own(rev: number): void;
  /** A commit of another tab. */
  heard(rev: number, changes: RowChanges): void;
  /** There are commits up to here. */
  look(rev: number): void;
  /** From here until `loaded` nothing is passed on. */
  loading(): void;
  /** Everything up to here is known; null: it could not be read. */
  loaded(rev: number | null): void;
  /** The database is another one: what is known of its commits does not hold any more. All of it must be read. */
  restart(): void;
  /** Something that should have come has not. */
  readonly hasGap: boolean;
}

export interface RevOrderOptions {
  readonly pass: (changes: RowChanges) => void;
  /** There is a gap now. */
  readonly onGap: () => void;
  /** Runs work in a later turn of the machine, when who waits for a load has had its rows. */
  readonly later: (work: () => void) => void;
}

export function createRevOrder({ pass, onGap, later }: RevOrderOptions): RevOrder {
  const waiting = new Map<number, RowChanges | null>();
  /** Null: nothing was read yet, so there is nothing to follow. */
  let last: number | null = null;
  let known = 0;
  let loads = 0;

  function add(rev: number, changes: RowChanges | null): void {
    known = Math.max(known, rev);
    if (last === null || rev > last) waiting.set(rev, changes);
    drain();
  }

  function drain(): void {
    if (last === null || loads > 0) return;
    for (let next = waiting.get(last + 1); next !== undefined; next = waiting.get(last + 1)) {
      last += 1;
      waiting.delete(last);
      if (next !== null) pass(next);
      if (loads > 0) return;
    }
    if (known > last) onGap();
  }

  return {
    own: (rev) => add(rev, null),
    heard: add,
    look(rev) {
      known = Math.max(known, rev);
      drain();
    },
    loading() {
      loads += 1;
    },
    loaded(rev) {
      if (rev !== null) {
        last = Math.max(last ?? 0, rev);
        for (const old of [...waiting.keys()]) if (old <= last) waiting.delete(old);
      }
      later(() => {
        loads -= 1;
        drain();
      });
    },
    restart() {
      [last, known] = [null, 0];
      waiting.clear();
    },
    get hasGap() {
      return last !== null && loads === 0 && known > last;
    },
  };
}
