/**
 * The ordered-list field: entries by id, each with a position text between its neighbours' (fractional indexing).
 *
 * The app computes the position when it makes the action, from what the user sees; replaying only stores it. Moving one
 * entry touches no other, so moves of different entries merge. Equal positions are ordered by id.
 */
import { generateKeyBetween } from "fractional-indexing";
import { isPlain } from "../../codec/types.ts";
import { StoreError } from "../../errors.ts";
import type { FieldKind } from "../field.ts";
import type { StateContext, StateStore } from "../model.ts";
import { requireStorable } from "../storable.ts";
import { shownAs, type Table, tableOf } from "../table.ts";
import { createListOrder, type ListItem, sortItems } from "./list-order.ts";
import { malformedField } from "./malformed.ts";
import { createTableStore } from "./table.ts";

/** An immutable list in (position, id) order. */
export interface OrderedList<V> extends Iterable<ListItem<V>> {
  readonly size: number;
  has(id: string): boolean;
  get(id: string): Readonly<V> | undefined;
  positionOf(id: string): string | undefined;
  /** All entries in order; unchanged entries keep their identity from one state to the next. */
  items(): readonly ListItem<V>[];
  [Symbol.iterator](): IterableIterator<ListItem<V>>;
  readonly [tableOf]: Table<unknown>;
}

export interface OrderedListDraft<V> {
  readonly size: number;
  has(id: string): boolean;
  get(id: string): Readonly<V> | undefined;
  items(): readonly ListItem<V>[];
  /** Adds it unless the id is taken; false then. */
  add(id: string, position: string, entry: V): boolean;
  /** False when there is none. */
  move(id: string, position: string): boolean;
  /** Changes some members of an entry; false when there is none. */
  patch(id: string, part: Partial<V>): boolean;
  delete(id: string): boolean;
}

/**
 * A field that is a list which several people may add to and reorder at once.
 *
 * @example
 * state: { steps: orderedList<Step>() }
 * // the app: store.do.addStep({ id, position: positionBetween(before?.position, after?.position), text })
 * // the action: state.steps.add(id, position, { text })
 */
export function orderedList<V>(): FieldKind<OrderedList<V>, OrderedListDraft<V>> {
  return { kind: "orderedList", createStore: (context) => createListStore<V>(context) };
}

/**
 * A position after `before` and before `after`; leave one out at an end. Between two equal positions (added at the same
 * place by two apps at once) it is that position too, and ids decide.
 */
export function positionBetween(before?: string | null, after?: string | null): string {
  if (typeof before === "string" && before === after) return before;
  return generateKeyBetween(before ?? null, after ?? null);
}

function createListStore<V>(context: StateContext): StateStore<OrderedList<V>> {
  const rows = createTableStore<ListItem<V>>(context);
  const order = createListOrder<V>();
  let published: OrderedList<V> | undefined;
  const draft: OrderedListDraft<V> = {
    get size() {
      return rows.draft.size;
    },
    has: (id) => rows.draft.has(id),
    get: (id) => rows.draft.get(id)?.value,
    items: () => sortItems(rows.draft),
    add(id, position, value) {
      requireStorable(context.codec, value);
      return rows.draft.addIfAbsent(id, { id, position: asPosition(position), value });
    },
    move: (id, position) => rows.draft.patch(id, { position: asPosition(position) }),
    patch: (id, part) => rows.draft.update(id, (item) => ({ ...item, value: merged(item.value, part) })),
    delete: (id) => rows.draft.delete(id),
  };
  const toList = (handle: Table<ListItem<V>>): OrderedList<V> => {
    const items = (): readonly ListItem<V>[] => order.of(handle);
    const shown = { toJSON: items, [shownAs]: items };
    return {
      [tableOf]: handle,
      size: handle.size,
      has: (id) => handle.has(id),
      get: (id) => handle.get(id)?.value,
      positionOf: (id) => handle.get(id)?.position,
      items,
      [Symbol.iterator]: () => items().values(),
      ...shown,
    };
  };
  return {
    draft,
    publish() {
      const handle = rows.publish();
      if (published?.[tableOf] !== handle) published = toList(handle);
      return published;
    },
    rewind(list) {
      rows.rewind(list[tableOf] as Table<ListItem<V>>);
      published = list;
    },
    load(decoded) {
      if (!isPlain(decoded) || !Object.entries(decoded).every(isItem)) malformedField("orderedList");
      rows.load(decoded);
      published = undefined;
    },
    encode: () => rows.encode(),
    info: () => sortItems(rows.draft).map(({ id, value }) => ({ id, value: context.codec.info(value) })),
  };
}

function merged<V>(entry: V, part: Partial<V>): V {
  if (isPlain(entry)) return { ...entry, ...part };
  throw refused("patch met a list entry that is no plain object", "Delete it and add another");
}

function asPosition(position: unknown): string {
  if (typeof position === "string" && position !== "") return position;
  throw refused(
    "A list position is not a text",
    "Compute it with positionBetween and put it in the action's data",
  );
}

function isItem([id, row]: readonly [string, unknown]): boolean {
  return (
    isPlain(row) && row.id === id && typeof row.position === "string" && row.position !== "" && "value" in row
  );
}

function refused(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
