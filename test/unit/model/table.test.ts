import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCodec } from "../../../shared/codec/codec.ts";
import { createTableStore, type TableStore } from "../../../shared/model/fields/table.ts";
import { createJournal, type Journal } from "../../../shared/model/journal.ts";
import { changedKeys, type TableHandle } from "../../../shared/model/table.ts";

interface Row {
  readonly a: number;
  readonly b?: number;
  readonly nested?: { readonly x: number };
}
type Copy = Readonly<Record<string, Row>>;

function newStore(strict = false): { store: TableStore<Row>; journal: Journal } {
  const journal = createJournal();
  const meta = (): never => {
    throw new Error("not used");
  };
  return { store: createTableStore<Row>({ codec: createCodec(), journal, strict, meta }), journal };
}

const keys = ["b", "a", "$", "10", "9", "é", "Z", "constructor"];
const key = fc.constantFrom(...keys);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("set"), key, n: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("add"), key, n: fc.nat(9) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("patch"), key, n: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("update"), key, n: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete"), key, n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("read"), key, n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("iterate"), key, n: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("accept"), key, n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("throw"), key, n: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("publish"), key, n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rewind"), key, n: fc.nat() }) },
);
type Step = { do: string; key: string; n: number };

/** The same change on a plain object, whole copies each time. */
function changeCopy(copy: Copy, { do: what, key: k, n }: Step): Copy {
  const row = copy[k];
  const has = Object.hasOwn(copy, k);
  if (what === "set" || (what === "add" && !has)) return { ...copy, [k]: { a: n } };
  if (what === "patch" && has) return { ...copy, [k]: { ...(row as Row), b: n, nested: { x: n } } };
  if (what === "update" && has) return { ...copy, [k]: { a: (row as Row).a + n } };
  if (what !== "delete") return copy;
  return Object.fromEntries(Object.entries(copy).filter(([other]) => other !== k));
}

function changeTable({ draft }: TableStore<Row>, { do: what, key: k, n }: Step): void {
  if (what === "set") draft.set(k, { a: n });
  if (what === "add") draft.addIfAbsent(k, { a: n });
  if (what === "patch") draft.patch(k, { b: n, nested: { x: n } });
  if (what === "update") draft.update(k, (row) => ({ a: row.a + n }));
  if (what === "delete") draft.delete(k);
}

const byCodeUnit = (copy: Copy): string[] => Object.keys(copy).sort();

function expectReads(table: Iterable<readonly [string, Row]> & { size: number }, copy: Copy): void {
  const order = byCodeUnit(copy);
  expect([...table]).toEqual(order.map((k) => [k, copy[k]]));
  expect(table.size).toBe(order.length);
}

function runAgainstCopies(steps: readonly Step[], strict: boolean): void {
  const { store, journal } = newStore(strict);
  let now: Copy = {};
  let actionStart: Copy = {};
  const published: { handle: TableHandle<Row>; copy: Copy }[] = [];
  const seen: { row: Row; text: string }[] = [];
  const note = (row: Row | undefined): void => {
    if (row !== undefined) seen.push({ row, text: JSON.stringify(row) });
  };
  for (const each of steps) {
    if (each.do === "read") note(store.draft.get(each.key));
    else if (each.do === "iterate") for (const row of store.draft.values()) note(row);
    else if (each.do === "accept") {
      journal.clear();
      actionStart = now;
    } else if (each.do === "throw") {
      journal.undo();
      now = actionStart;
    } else if (each.do === "publish") {
      journal.clear();
      actionStart = now;
      published.push({ handle: store.publish(), copy: now });
    } else if (each.do === "rewind" && published.length > 0) {
      const target = published[each.n % published.length] as (typeof published)[number];
      journal.clear();
      store.rewind(target.handle);
      now = target.copy;
      actionStart = now;
    } else {
      changeTable(store, each);
      now = changeCopy(now, each);
    }
    expectReads(store.draft, now);
    for (const { handle, copy } of published)
      for (const k of keys) expect(handle.get(k)).toEqual(Object.hasOwn(copy, k) ? copy[k] : undefined);
  }
  for (const { handle, copy } of published) expectReads(handle, copy);
  for (const { row, text } of seen) expect(JSON.stringify(row)).toBe(text);
  expect(Object.keys(store.encode() as object).length).toBe(
    store.draft.has("$") ? 2 : Object.keys(now).length,
  );
}

describe("a table against full copies", () => {
  it("reads right at every published handle after any writes, throws, publishes and rewinds", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => runAgainstCopies(steps, false)),
      { numRuns: 300 },
    );
  });

  it("does so in strict mode too", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => runAgainstCopies(steps, true)),
      { numRuns: 60 },
    );
  });

  it("names every key that differs between two handles", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { store, journal } = newStore();
        const handles: TableHandle<Row>[] = [];
        for (const each of steps) {
          if (each.do === "publish") handles.push(store.publish());
          else if (each.do === "rewind" && handles.length > 0)
            store.rewind(handles[each.n % handles.length] as TableHandle<Row>);
          else changeTable(store, each);
          journal.clear();
        }
        for (const before of handles) {
          for (const after of handles) {
            const changed = changedKeys(before, after) as ReadonlySet<string>;
            for (const k of keys) if (before.get(k) !== after.get(k)) expect(changed.has(k)).toBe(true);
          }
        }
      }),
    );
  });
});

describe("a published handle", () => {
  it("stays the same object while nothing changes, also when an action was undone", () => {
    const { store, journal } = newStore();
    store.draft.set("a", { a: 1 });
    const handle = store.publish();
    journal.clear();
    store.draft.patch("a", { a: 2 });
    store.draft.set("b", { a: 3 });
    journal.undo();
    store.draft.patch("a", { a: 1 });
    expect(store.publish()).toBe(handle);
  });

  it("keeps the identity of entities that were not touched", () => {
    const { store } = newStore();
    store.draft.set("a", { a: 1 });
    store.draft.set("b", { a: 1 });
    const before = store.publish();
    store.draft.patch("a", { a: 2 });
    const after = store.publish();
    expect(after.get("b")).toBe(before.get("b"));
    expect(after.get("a")).not.toBe(before.get("a"));
    expect([...(changedKeys(before, after) as ReadonlySet<string>)]).toEqual(["a"]);
  });

  it("reads right thousands of publishes back, and on the way back to it", () => {
    const { store } = newStore();
    const old: TableHandle<Row>[] = [];
    for (let i = 0; i < 3_000; i++) {
      store.draft.set(`k${i % 50}`, { a: i });
      const handle = store.publish();
      if (i % 300 === 0) old.push(handle);
    }
    old.forEach((handle, i) => {
      expect(handle.get(`k${(i * 300) % 50}`)).toEqual({ a: i * 300 });
    });
    store.rewind(old[3] as TableHandle<Row>);
    expect(store.draft.get("k0")).toEqual({ a: 900 });
    old.forEach((handle, i) => {
      expect(handle.get(`k${(i * 300) % 50}`)).toEqual({ a: i * 300 });
    });
  });

  it("of another store is refused by rewind", () => {
    const { store } = newStore();
    const other = newStore().store;
    expect(() => store.rewind(other.publish())).toThrow(/not one of this fold/);
  });
});

describe("a table draft", () => {
  it("never changes the object that was given to set or addIfAbsent", () => {
    const { store } = newStore();
    const given = { a: 1 };
    store.draft.set("a", given);
    store.draft.patch("a", { a: 2 });
    expect(given).toEqual({ a: 1 });
  });

  it("never changes an entity that the model has read, so that copies of it elsewhere stay as they were", () => {
    const { store } = newStore();
    store.draft.set("a", { a: 1 });
    const read = store.draft.get("a");
    store.draft.patch("a", { a: 2 });
    expect(read).toEqual({ a: 1 });
  });

  it("says false for what is not there and for what is there already", () => {
    const { draft } = newStore().store;
    expect(draft.patch("x", { a: 1 })).toBe(false);
    expect(draft.update("x", (row) => row)).toBe(false);
    expect(draft.delete("x")).toBe(false);
    expect(draft.addIfAbsent("x", { a: 1 })).toBe(true);
    expect(draft.addIfAbsent("x", { a: 2 })).toBe(false);
    expect(draft.get("x")).toEqual({ a: 1 });
  });

  it("refuses __proto__ as key and as member, and undefined as entity", () => {
    const { draft } = newStore().store;
    draft.set("a", { a: 1 });
    expect(() => draft.set("__proto__", { a: 1 })).toThrow(/cannot be a key/);
    expect(() => draft.patch("a", JSON.parse('{"__proto__":{"x":1}}'))).toThrow(/cannot be a key/);
    expect(() => draft.set("u", undefined as unknown as Row)).toThrow(/undefined/);
  });

  it("undoes a member that only shares its name with Object.prototype", () => {
    const { store, journal } = newStore();
    store.draft.set("a", { a: 1 });
    journal.clear();
    store.draft.patch("a", { constructor: 5 } as unknown as Row);
    journal.undo();
    expect(Object.keys(store.draft.get("a") as Row)).toEqual(["a"]);
  });
});
