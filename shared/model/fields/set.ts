/** The set field: texts that are in or out, in code-unit order. Adding or deleting twice is as good as once. */
import type { FieldKind } from "../field.ts";
import type { StateContext, StateStore } from "../model.ts";
import { shownAs, type Table, tableOf } from "../table.ts";
import { malformedField } from "./malformed.ts";
import { createTableStore } from "./table.ts";

/** An immutable set of texts, in order. */
export interface TextSet extends Iterable<string> {
  readonly size: number;
  has(text: string): boolean;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<string>;
  readonly [tableOf]: Table<unknown>;
}

export interface TextSetDraft extends Iterable<string> {
  readonly size: number;
  has(text: string): boolean;
  /** False when it is in already. */
  add(text: string): boolean;
  /** False when it is not in. */
  delete(text: string): boolean;
}

/**
 * A field that is a set of texts.
 *
 * @example
 * state: { tags: set() }
 * // in an action: state.tags.add("urgent")
 */
export function set(): FieldKind<TextSet, TextSetDraft> {
  return { kind: "set", createStore: createSetStore };
}

function createSetStore(context: StateContext): StateStore<TextSet> {
  const rows = createTableStore<true>(context);
  let published: TextSet | undefined;
  const draft: TextSetDraft = {
    get size() {
      return rows.draft.size;
    },
    has: (text) => rows.draft.has(text),
    add: (text) => rows.draft.addIfAbsent(text, true),
    delete: (text) => rows.draft.delete(text),
    [Symbol.iterator]: () => rows.draft.keys(),
  };
  return {
    draft,
    publish() {
      const handle = rows.publish();
      if (published?.[tableOf] !== handle) published = toTextSet(handle);
      return published;
    },
    rewind(text) {
      rows.rewind(text[tableOf] as Table<true>);
      published = text;
    },
    load(decoded) {
      rows.load(Object.fromEntries(asTexts(decoded).map((text) => [text, true])));
      published = undefined;
    },
    encode: () => [...rows.draft.keys()],
    info: () => [...rows.draft.keys()],
  };
}

function toTextSet(handle: Table<true>): TextSet & { readonly toJSON: () => unknown; [shownAs](): unknown } {
  return {
    [tableOf]: handle,
    toJSON: () => [...handle.keys()],
    [shownAs]: () => new Set(handle.keys()),
    size: handle.size,
    has: (text) => handle.has(text),
    values: () => handle.keys(),
    [Symbol.iterator]: () => handle.keys(),
  };
}

function asTexts(decoded: unknown): readonly string[] {
  const isList =
    Array.isArray(decoded) && decoded.every((text) => typeof text === "string" && text !== "__proto__");
  return isList ? decoded : malformedField("set");
}
