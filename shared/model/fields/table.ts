/**
 * The table field: many entities by key, written through a draft, published as immutable handles.
 *
 * An entity that anyone may have seen is never changed: a handle's readers (it is cloned at its first touch after a
 * publish) or the model itself (`get` and iteration give it out, so that a later patch clones). All others are changed in
 * place, which is what makes long folds cheap. Every write notes its undo in the journal.
 */
import { isPlain } from "../../codec/types.ts";
import { StoreError } from "../../errors.ts";
import type { Json } from "../../json.ts";
import type { FieldKind, FieldStore } from "../field.ts";
import { freezeDeep } from "../freeze.ts";
import type { Undoable } from "../journal.ts";
import type { StateContext } from "../model.ts";
import { createSeenKeys } from "../seen-keys.ts";
import { requireStorable } from "../storable.ts";
import {
  type Absent,
  absent,
  createTableCore,
  forgetOld,
  publishTable,
  recordOld,
  reroot,
  type Table,
  type TableCore,
  TableHandle,
  writeLive,
} from "../table.ts";
import { malformedField } from "./malformed.ts";

/** A table inside a model function. Keys are any text but "__proto__". */
export interface TableDraft<V> extends Table<V> {
  /** Writes a whole entity. Prefer `addIfAbsent` and `patch`: they merge with what others did. */
  set(id: string, entity: V): void;
  /** Adds it unless the key is taken; false then. Twice is as good as once. */
  addIfAbsent(id: string, entity: V): boolean;
  /** Changes some members of an entity; false when there is none. The minimal update. */
  patch(id: string, part: Partial<V>): boolean;
  /** Replaces an entity by what `change` returns; false when there is none. `change` must not alter what it is given. */
  update(id: string, change: (entity: Readonly<V>) => V): boolean;
  /** False when there is none. */
  delete(id: string): boolean;
}

/**
 * A field of many entities by key, iterated in key order.
 *
 * @example
 * state: { todos: table<Todo>() }
 * // in an action: state.todos.patch(id, { done: true })
 */
export function table<V>(): FieldKind<Table<V>, TableDraft<V>> {
  return { kind: "table", createStore: (context) => createTableStore<V>(context) };
}

export interface TableStore<V> extends FieldStore<Table<V>> {
  readonly draft: TableDraft<V>;
  publish(): TableHandle<V>;
}

type Entity = Record<string, unknown>;

export function createTableStore<V>(context: StateContext): TableStore<V> {
  const { journal, strict, codec } = context;
  const owner = {};
  let core: TableCore<V> = createTableCore(owner);
  const seen = createSeenKeys();

  const entityUndo: Undoable = {
    undo(key, old, first) {
      writeLive(core, key as string, old as V | Absent);
      if (first === true) forgetOld(core, key as string);
      seen.see(key as string);
    },
  };

  function replace(key: string, old: V | Absent, next: V | Absent): void {
    journal.requireOpen();
    journal.note(entityUndo, key, old, recordOld(core, key, old));
    writeLive(core, key, next);
    seen.renew(key);
  }

  function own(entity: V): V {
    if (entity === undefined) throw refused("An entity is undefined", "Use delete to take it out");
    const copy = isPlain(entity) ? ({ ...entity } as V) : entity;
    if (copy === entity) requireStorable(codec, entity);
    if (!strict) return copy;
    codec.encode(copy);
    return freezeDeep(copy);
  }

  function put(key: string, entity: V): void {
    if (key === "__proto__" || typeof key !== "string") throw badKey(key);
    replace(key, oldOf(core, key), own(entity));
  }

  function patchShared(key: string, entity: V & Entity, part: Entity): void {
    if (!differs(entity, part)) return;
    const clone: Entity = { ...entity };
    assignMembers(clone, part);
    replace(key, entity, strict ? own(clone as V) : (clone as V));
  }

  const draft: TableDraft<V> = {
    get size() {
      return core.live.size;
    },
    get(key) {
      const entity = core.live.get(key);
      if (entity !== undefined) seen.see(key);
      return entity;
    },
    has: (key) => core.live.has(key),
    keys: () => core.index.keys().values(),
    *values() {
      for (const [, entity] of draft.entries()) yield entity;
    },
    *entries() {
      for (const key of core.index.keys()) {
        const entity = draft.get(key);
        if (entity !== undefined) yield [key, entity];
      }
    },
    [Symbol.iterator]: () => draft.entries(),
    set: put,
    addIfAbsent(key, entity) {
      if (core.live.has(key)) return false;
      put(key, entity);
      return true;
    },
    patch(key, part) {
      const entity = core.live.get(key);
      if (entity === undefined) return false;
      if (!isPlain(entity))
        throw refused("patch met an entity that is no plain object", "Use set or update instead");
      if (strict || isShared(core, key) || seen.has(key)) patchShared(key, entity as V & Entity, part);
      else patchInPlace(context, entity, part);
      return true;
    },
    update(key, change) {
      const entity = draft.get(key);
      if (entity === undefined) return false;
      const next = change(entity);
      if (next !== entity) replace(key, entity, own(next));
      return true;
    },
    delete(key) {
      const entity = core.live.get(key);
      if (entity === undefined) return false;
      replace(key, entity, absent);
      return true;
    },
  };

  return {
    draft,
    publish() {
      seen.clear();
      return publishTable(core);
    },
    rewind(handle) {
      if (!(handle instanceof TableHandle) || handle.core.owner !== owner) throw notPublished();
      core = handle.core;
      reroot(handle);
      seen.clear();
    },
    load(decoded) {
      if (!isPlain(decoded)) malformedField("table");
      const live = new Map<string, V>();
      for (const key of Object.keys(decoded)) {
        if (decoded[key] === undefined || key === "__proto__") malformedField("table");
        live.set(key, decoded[key] as V);
      }
      if (strict) live.forEach(freezeDeep);
      core = createTableCore(owner, live);
      seen.clear();
    },
    encode: () => escapeTag(mapInOrder(core, (entity) => codec.encode(entity))),
    info: () => mapInOrder(core, (entity) => codec.info(entity)),
  };
}

function mapInOrder<V>(core: TableCore<V>, change: (entity: V) => Json): Readonly<Record<string, Json>> {
  const object: Record<string, Json> = {};
  for (const key of core.index.keys()) object[key] = change(core.live.get(key) as V);
  return object;
}

/** An entity under the key "$" must not look like a tag. */
function escapeTag(object: Readonly<Record<string, Json>>): Json {
  return Object.hasOwn(object, "$") ? { $: "object", v: object } : object;
}

const memberUndo: Undoable = {
  undo(entity, member, old) {
    if (old === absent) delete (entity as Entity)[member as string];
    else (entity as Entity)[member as string] = old;
  },
};

function patchInPlace(context: StateContext, entity: Entity, part: Entity): void {
  for (const member in part) {
    if (member === "__proto__") throw badKey(member);
    const next = part[member];
    const old = ownMember(entity, member);
    if (isSame(old, next)) continue;
    context.journal.note(memberUndo, entity, member, old);
    entity[member] = next;
  }
}

/** As Object.is but for NaN, which counts as new: the comparison of every patched member, so the quick one comes first. */
function isSame(old: unknown, next: unknown): boolean {
  return old === next && (next !== 0 || Object.is(old, next));
}

/** What Object.prototype would lend is a function, so only then, and for undefined, the slow question is asked. */
function ownMember(entity: Entity, member: string): unknown {
  const old = entity[member];
  if (old !== undefined && typeof old !== "function") return old;
  return Object.hasOwn(entity, member) ? old : absent;
}

function assignMembers(clone: Entity, part: Entity): void {
  for (const member in part) {
    if (member === "__proto__") throw badKey(member);
    clone[member] = part[member];
  }
}

function differs(entity: Entity, part: Entity): boolean {
  for (const member in part) {
    if (!isSame(ownMember(entity, member), part[member])) return true;
  }
  return false;
}

/** True while a published handle may see the live entity under this key. */
function isShared<V>({ root }: TableCore<V>, key: string): boolean {
  return root !== undefined && root.oneKey !== key && root.many?.has(key) !== true;
}

function oldOf<V>(core: TableCore<V>, key: string): V | Absent {
  const old = core.live.get(key);
  return old === undefined ? absent : old;
}

function badKey(key: unknown): StoreError {
  return refused(`${JSON.stringify(key)} cannot be a key`, 'Use a text other than "__proto__"');
}

function notPublished(): StoreError {
  return refused("The state to go back to is not one of this fold", "Keep what fold.state() returned");
}

function refused(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
