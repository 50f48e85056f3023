/**
 * FieldKind: one kind of state field (table, value, counter …). The fold treats all of them alike, through FieldStore.
 */
import type { StateContext, StateStore } from "./model.ts";

declare const readType: unique symbol;
declare const draftType: unique symbol;

/** A field of a model's state, made by `table()`, `value()`, `counter()` and their like. */
export interface FieldKind<Read, Draft> {
  readonly kind: string;
  createStore(context: StateContext): FieldStore<Read>;
  /** For inference only; never there at run time. */
  readonly [readType]?: Read;
  readonly [draftType]?: Draft;
}

/** A field whose draft is a plain property that model functions may assign. */
export interface AssignableKind<T> extends FieldKind<T, T> {
  readonly kind: "value";
}

/** A field in memory. `draft` is absent for a field that is assigned: then `readDraft` and `assign` are there. */
export interface FieldStore<Read = unknown> extends StateStore<Read> {
  readonly assign?: (value: unknown) => void;
  readonly readDraft?: () => unknown;
}

export type Fields = { readonly [name: string]: FieldKind<unknown, unknown> };

/** What everyone else reads: `{ todos: Table<Todo>, title: string }`. */
export type StateRead<F> = {
  readonly [K in keyof F]: F[K] extends FieldKind<infer Read, infer _Draft> ? Read : never;
};

/** What model functions change: table drafts and their like, and assignable values. */
export type StateDraft<F> = {
  readonly [K in keyof F as F[K] extends AssignableKind<unknown> ? never : K]: F[K] extends FieldKind<
    infer _Read,
    infer Draft
  >
    ? Draft
    : never;
} & {
  -readonly [K in keyof F as F[K] extends AssignableKind<unknown> ? K : never]: F[K] extends FieldKind<
    infer _Read,
    infer Draft
  >
    ? Draft
    : never;
};
