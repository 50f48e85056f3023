/**
 * Table versions: one live Map, and immutable handles that read it through differences (Baker's trick).
 *
 * The newest handle, the root, reads the Map; an older one holds what it saw differently and points to the next newer.
 * A write records the old value in the root's difference when a key is first touched; `publish` puts a new root in
 * front. `reroot` turns the pointers round, so that every handle, older or newer, stays readable for ever. A handle that
 * nobody holds takes its difference with it. Before the first publish there is no root and nothing is recorded.
 * Order of keys is code-unit order for every handle: a Map's own order would tell two equal states apart.
 */
import { createKeyIndex, type KeyIndex, mergeKeys } from "./key-index.ts";

/**
 * An immutable table of entities by key, in key order.
 *
 * @example
 * store.state.todos.get("a1")?.title;
 * for (const [id, todo] of store.state.todos) show(id, todo);
 */
export interface Table<V> extends Iterable<readonly [string, V]> {
  readonly size: number;
  get(id: string): Readonly<V> | undefined;
  has(id: string): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<Readonly<V>>;
  entries(): IterableIterator<[string, Readonly<V>]>;
  [Symbol.iterator](): IterableIterator<[string, Readonly<V>]>;
}

/** Stands for "no such key" where undefined could be a value. */
export const absent: unique symbol = Symbol("absent");
export type Absent = typeof absent;

/**
 * Where the table of a published field is: a table's is itself. Known to every copy of icecore, of which a process may hold two
 * (one imported, one required), so this tells tables and not their class.
 */
export const tableOf: unique symbol = Symbol.for("icecore.table");

/** What console.log and util.inspect show of a value in Node. */
export const shownAs: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** The live Map of a table and its present root. */
export interface TableCore<V> {
  /** The store that may rewind it. */
  readonly owner: object;
  readonly live: Map<string, V>;
  readonly index: KeyIndex;
  /** Undefined as long as no handle was given out: then writes record nothing. */
  root: TableHandle<V> | undefined;
}

export function createTableCore<V>(owner: object, live: Map<string, V> = new Map()): TableCore<V> {
  return { owner, live, index: createKeyIndex(live), root: undefined };
}

/**
 * A version. A class because a handle is made for every publish: one allocation instead of one per method.
 */
export class TableHandle<V> implements Table<V> {
  readonly core: TableCore<V>;
  readonly size: number;
  /** Toward the root; undefined for the root itself. */
  newer: TableHandle<V> | undefined = undefined;
  /** The difference to `newer` (the root: to the live Map): one key in two members, more in a Map. */
  oneKey: string | undefined = undefined;
  oneOld: V | Absent = absent;
  many: Map<string, V | Absent> | undefined = undefined;
  sortedKeys: readonly string[] | undefined = undefined;

  constructor(core: TableCore<V>) {
    this.core = core;
    this.size = core.live.size;
  }

  get(id: string): V | undefined {
    const value = lookUp(this, id);
    return value === absent ? undefined : value;
  }

  has(id: string): boolean {
    return lookUp(this, id) !== absent;
  }

  keys(): IterableIterator<string> {
    return keysOf(this).values();
  }

  *values(): IterableIterator<V> {
    for (const key of keysOf(this)) yield lookUp(this, key) as V;
  }

  *entries(): IterableIterator<[string, V]> {
    for (const key of keysOf(this)) yield [key, lookUp(this, key) as V];
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries();
  }

  get [tableOf](): this {
    return this;
  }

  /** For JSON.stringify: an object by key, as people read a table. */
  toJSON(): Readonly<Record<string, V>> {
    return Object.fromEntries(this);
  }

  [shownAs](): unknown {
    return new Map(this);
  }
}

/** The table of a published field, or undefined where it is no collection. */
export function toTable(read: unknown): Table<unknown> | undefined {
  return (read as { readonly [tableOf]?: Table<unknown> } | null | undefined)?.[tableOf];
}

/** Notes the value that the root still sees; true when this is the key's first touch since the last publish. */
export function recordOld<V>(core: TableCore<V>, key: string, old: V | Absent): boolean {
  const root = core.root;
  if (root === undefined || root.oneKey === key) return false;
  if (root.many !== undefined) {
    if (root.many.has(key)) return false;
    root.many.set(key, old);
  } else if (root.oneKey === undefined) {
    root.oneKey = key;
    root.oneOld = old;
  } else {
    root.many = new Map<string, V | Absent>([[root.oneKey, root.oneOld]]).set(key, old);
    root.oneKey = undefined;
    root.oneOld = absent;
  }
  return true;
}

/** Takes a first touch back: the live Map holds again what the root sees. */
export function forgetOld<V>(core: TableCore<V>, key: string): void {
  const root = core.root;
  if (root === undefined) return;
  if (root.oneKey === key) {
    root.oneKey = undefined;
    root.oneOld = absent;
  }
  root.many?.delete(key);
}

/** Writes or deletes in the live Map. */
export function writeLive<V>(core: TableCore<V>, key: string, value: V | Absent): void {
  const sizeBefore = core.live.size;
  if (value === absent) {
    if (core.live.delete(key)) core.index.deleted(key);
    return;
  }
  core.live.set(key, value);
  if (core.live.size !== sizeBefore) core.index.added(key);
}

/** The present state as a handle: the same root as long as nothing was touched. */
export function publishTable<V>(core: TableCore<V>): TableHandle<V> {
  const root = core.root;
  if (root !== undefined && differenceSize(root) === 0) return root;
  const next = new TableHandle(core);
  if (root !== undefined) root.newer = next;
  core.root = next;
  return next;
}

/** Makes a handle the root: the live Map then holds what the handle sees. Costs the changes between the two. */
export function reroot<V>(handle: TableHandle<V>): void {
  const { core } = handle;
  publishTable(core);
  const path: TableHandle<V>[] = [];
  for (let at: TableHandle<V> | undefined = handle; at !== undefined; at = at.newer) path.push(at);
  for (let i = path.length - 2; i >= 0; i--)
    turn(core, path[i] as TableHandle<V>, path[i + 1] as TableHandle<V>);
}

/** Keys whose values may differ between two handles, or undefined when they have no common history. */
export function changedKeys<V>(before: Table<V>, after: Table<V>): ReadonlySet<string> | undefined {
  if (!(isHandle(before) && isHandle(after)) || before.core !== after.core) return undefined;
  const keys = new Set<string>();
  const fromBefore = pathTo(before, after);
  const meeting = fromBefore ?? pathTo(after, before);
  for (const handle of meeting ?? []) addKeys(handle, keys);
  if (meeting !== undefined) return keys;
  for (const start of [before, after])
    for (const handle of pathTo(start, undefined) ?? []) addKeys(handle, keys);
  return keys;
}

function isHandle<V>(table: Table<V>): table is TableHandle<V> {
  return toTable(table) === table;
}

/** Above this many steps to the root a reader merges the differences on its way into one. */
const stepsMax = 64;

function lookUp<V>(handle: TableHandle<V>, key: string): V | Absent {
  let steps = 0;
  let at = handle;
  for (;;) {
    if (at.many !== undefined) {
      const old = at.many.get(key);
      if (old !== undefined || at.many.has(key)) return old as V | Absent;
    } else if (at.oneKey === key) return at.oneOld;
    if (at.newer === undefined) break;
    at = at.newer;
    if (++steps > stepsMax) shorten(handle);
  }
  const value = at.core.live.get(key);
  return value !== undefined || at.core.live.has(key) ? (value as V) : absent;
}

/** Points a far handle straight at the root. Each step is merged once, so this costs a constant per publish. */
function shorten<V>(handle: TableHandle<V>): void {
  let at = handle.newer;
  if (at?.newer === undefined) return;
  const merged = handle.many ?? new Map<string, V | Absent>();
  if (handle.oneKey !== undefined) merged.set(handle.oneKey, handle.oneOld);
  for (; at?.newer !== undefined; at = at.newer) {
    for (const [key, old] of differenceOf(at)) if (!merged.has(key)) merged.set(key, old);
  }
  clearDifference(handle);
  handle.many = merged;
  handle.newer = at;
}

/** `child` becomes the root and `parent`, the root until now, gets the reversed difference. */
function turn<V>(core: TableCore<V>, child: TableHandle<V>, parent: TableHandle<V>): void {
  const difference = [...differenceOf(child)];
  clearDifference(child);
  core.root = parent;
  for (const [key, value] of difference) {
    recordOld(core, key, core.live.has(key) ? (core.live.get(key) as V) : absent);
    writeLive(core, key, value);
  }
  parent.newer = child;
  child.newer = undefined;
  core.root = child;
}

function clearDifference<V>(handle: TableHandle<V>): void {
  handle.oneKey = undefined;
  handle.oneOld = absent;
  handle.many = undefined;
}

function keysOf<V>(handle: TableHandle<V>): readonly string[] {
  if (handle.sortedKeys !== undefined) return handle.sortedKeys;
  const seen = new Map<string, V | Absent>();
  for (let at: TableHandle<V> | undefined = handle; at !== undefined; at = at.newer) {
    for (const [key, old] of differenceOf(at)) if (!seen.has(key)) seen.set(key, old);
  }
  const live = handle.core.live;
  const changed = new Set<string>();
  for (const [key, old] of seen) if ((old !== absent) !== live.has(key)) changed.add(key);
  handle.sortedKeys = mergeKeys(handle.core.index.keys(), changed, (key) => seen.get(key) !== absent);
  return handle.sortedKeys;
}

function differenceOf<V>(handle: TableHandle<V>): Iterable<readonly [string, V | Absent]> {
  if (handle.many !== undefined) return handle.many;
  return handle.oneKey === undefined ? [] : [[handle.oneKey, handle.oneOld]];
}

function differenceSize<V>(handle: TableHandle<V>): number {
  return handle.many?.size ?? (handle.oneKey === undefined ? 0 : 1);
}

function pathTo<V>(
  start: TableHandle<V>,
  end: TableHandle<V> | undefined,
): readonly TableHandle<V>[] | undefined {
  const path: TableHandle<V>[] = [];
  for (let at: TableHandle<V> | undefined = start; at !== end; at = at.newer) {
    if (at === undefined) return undefined;
    path.push(at);
  }
  return path;
}

function addKeys<V>(handle: TableHandle<V>, keys: Set<string>): void {
  for (const [key] of differenceOf(handle)) keys.add(key);
}
