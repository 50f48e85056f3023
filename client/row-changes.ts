/** Changes of local rows, put together for one transaction: the later one wins where both touch a row. */
import type { RowChanges } from "./local/local.ts";

export const noChanges: RowChanges = { put: new Map(), delete: [] };

/** What grows while a transaction waits for its turn. */
export interface Gathered {
  readonly put: Map<string, string>;
  readonly gone: Set<string>;
}

export function createGathered(): Gathered {
  return { put: new Map(), gone: new Set() };
}

/** Adds in place: costs what is added, however much is there. */
export function gather({ put, gone }: Gathered, more: RowChanges): void {
  for (const key of more.delete) {
    put.delete(key);
    gone.add(key);
  }
  for (const [key, value] of more.put) {
    gone.delete(key);
    put.set(key, value);
  }
}

export function gatheredChanges({ put, gone }: Gathered): RowChanges {
  return { put, delete: [...gone] };
}

/** All of them as one, in order; none is changed. */
export function together(...changes: readonly RowChanges[]): RowChanges {
  const gathered = createGathered();
  for (const one of changes) gather(gathered, one);
  return gatheredChanges(gathered);
}

export function putting(rows: Iterable<readonly [string, string]>): RowChanges {
  return { put: new Map(rows), delete: [] };
}
