/** The order of a list: by position, then id. Kept from one published state to the next and changed where those differ. */
import { changedKeys, type Table } from "../table.ts";

/** One entry of an ordered list; kept in the list's table as it is, so that it keeps its identity. */
export interface ListItem<V> {
  readonly id: string;
  readonly position: string;
  readonly value: V;
}

export interface ListOrder<V> {
  of(rows: Table<ListItem<V>>): readonly ListItem<V>[];
}

export function createListOrder<V>(): ListOrder<V> {
  const known = new WeakMap<Table<ListItem<V>>, readonly ListItem<V>[]>();
  /** Weak: an old version must not be kept alive, with all that changed since, for its order alone. */
  let last: WeakRef<Table<ListItem<V>>> | undefined;
  return {
    of(rows) {
      const kept = known.get(rows);
      if (kept !== undefined) return kept;
      const before = last?.deref();
      const changed = before === undefined ? undefined : changedKeys(before, rows);
      const itemsBefore = before === undefined ? undefined : known.get(before);
      const items =
        itemsBefore === undefined || changed === undefined
          ? sortItems(rows)
          : mergeItems(itemsBefore, changed, rows);
      known.set(rows, items);
      last = new WeakRef(rows);
      return items;
    },
  };
}

export function sortItems<V>(rows: Table<ListItem<V>>): readonly ListItem<V>[] {
  return [...rows.values()].sort(compare);
}

function mergeItems<V>(
  items: readonly ListItem<V>[],
  changed: ReadonlySet<string>,
  rows: Table<ListItem<V>>,
): readonly ListItem<V>[] {
  const incoming: ListItem<V>[] = [];
  for (const id of changed) {
    const item = rows.get(id);
    if (item !== undefined) incoming.push(item);
  }
  incoming.sort(compare);
  const merged: ListItem<V>[] = [];
  let next = 0;
  for (const item of items) {
    if (changed.has(item.id)) continue;
    while (next < incoming.length && compare(incoming[next] as ListItem<V>, item) < 0)
      merged.push(incoming[next++] as ListItem<V>);
    merged.push(item);
  }
  while (next < incoming.length) merged.push(incoming[next++] as ListItem<V>);
  return merged;
}

function compare(a: ListItem<unknown>, b: ListItem<unknown>): number {
  if (a.position !== b.position) return a.position < b.position ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
