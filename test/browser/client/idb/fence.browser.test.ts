import { afterEach, beforeEach, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../../client/idb/database.ts";
import { idbLocal } from "../../../../client/idb/idb.ts";
import {
  beginTerm,
  clearShared,
  readShared,
  renewRows,
  writeShared,
} from "../../../../client/idb/shared-database.ts";
import { puts, storeId } from "../../../../test-kit/local-contract-parts.ts";
import { answerOf, describeBrowser, newLocal, openRaw } from "../../browser-tests.ts";

const store = storeId("family");
const rowsOf = (...keys: readonly string[]) => new Map(keys.map((key) => [key, "1"]));
let name: string;
let place: { readonly database: string; readonly store: typeof store };
let opened: Database[];

beforeEach(() => {
  name = newLocal().databaseOf("family");
  place = { database: name, store };
  opened = [];
});
afterEach(() => {
  for (const { connection } of opened) connection.close();
});

/** As another tab has it open. */
async function open(life: string | null = null): Promise<Database> {
  const database = await openDatabase(place, { life });
  opened.push(database);
  return database;
}

const write = (database: Database, key: string, term: number | null) =>
  writeShared(database, place, { changes: puts({ [key]: "1" }), term });

/** All that is there, as no code of ours reads it. */
async function raw(): Promise<{ readonly rows: readonly IDBValidKey[]; readonly about: object }> {
  const database = await openRaw(name, undefined);
  const transaction = database.transaction(["rows", "about"]);
  const about = transaction.objectStore("about");
  const [rows, names, values] = await Promise.all([
    answerOf(transaction.objectStore("rows").getAllKeys()),
    answerOf(about.getAllKeys()),
    answerOf(about.getAll()),
  ]);
  database.close();
  return { rows, about: Object.fromEntries(names.map((key, i) => [key, values[i]])) };
}

describeBrowser("The fence between leaders, on the database itself", () => {
  it("lets nothing of a commit through whose term is over, and all of the next leader's", async () => {
    const [old, next] = [await open(), await open()];
    const oldTerm = await beginTerm(old);
    await write(old, "a", oldTerm);
    const nextTerm = await beginTerm(next);
    const before = await raw();
    const late = writeShared(old, place, {
      changes: { put: rowsOf("a", "app", "update/1"), delete: ["a"] },
      term: oldTerm,
    });
    await expect(late).rejects.toMatchObject({ kind: "conflict", store: "family" });
    expect(await raw()).toEqual(before);
    await write(next, "b", nextTerm);
    expect(await raw()).toMatchObject({ rows: ["a", "b"], about: { term: nextTerm, rev: 2 } });
    expect(nextTerm).toBe(oldTerm + 1);
  });

  it("orders a commit and the beginning of a term: the one that comes first is all there for the other", async () => {
    const [old, next] = [await open(), await open()];
    const oldTerm = await beginTerm(old);
    const [written, begun] = await Promise.allSettled([write(old, "a", oldTerm), beginTerm(next)]);
    expect(begun.status).toBe("fulfilled");
    const { rows } = await readShared(next, place);
    expect([...rows.keys()]).toEqual(written.status === "fulfilled" ? ["a"] : []);
    await expect(write(old, "b", oldTerm)).rejects.toMatchObject({ kind: "conflict" });
  });

  it("lets every tab add its own rows, whoever leads, until the rows are cleared", async () => {
    const [one, other] = [await open(), await open()];
    await beginTerm(one);
    await write(other, "action/1", null);
    await clearShared(one, null);
    await expect(write(other, "action/2", null)).rejects.toMatchObject({ kind: "closed" });
    expect((await raw()).rows).toEqual([]);
  });

  it("holds in an open store: a term that began elsewhere stops its commit, and it follows", async () => {
    const prefix = name.slice(0, -"icecore/family".length);
    const rows = await idbLocal({ prefix, persist: false }).open(store);
    await rows.commit(puts({ a: "1" }));
    expect(rows.shared?.isLeader()).toBe(true);
    await beginTerm(await open());
    const before = await raw();
    await expect(rows.commit(puts({ a: "2", b: "1" }))).rejects.toMatchObject({ kind: "conflict" });
    // Nothing else changed; it may lead again by now, in a term of its own.
    expect(await raw()).toEqual({ ...before, about: { ...before.about, term: expect.any(Number) } });
    await rows.shared?.add(rowsOf("action/1"));
    expect((await raw()).rows).toEqual(["a", "action/1"]);
    await rows.close();
  });
});

describeBrowser("A database that is made anew by who still holds all of its rows", () => {
  /** Deleted under whoever has it open. */
  const remove = () => answerOf(indexedDB.deleteDatabase(name));

  it("holds them, the term, and the lives that it goes on from: whoever knew one of these goes on, others do not", async () => {
    const old = await open();
    await remove();
    const next = await open();
    await renewRows(next, { rows: rowsOf("app", "place"), term: 7, lives: ["before", old.life] });
    expect(await raw()).toEqual({
      rows: ["app", "place"],
      about: { life: next.life, term: 7, rev: 1, after: ["before", old.life] },
    });
    expect((await open(old.life)).life).toBe(next.life);
    await expect(open("another")).rejects.toMatchObject({ kind: "closed" });
  });

  it("is taken as it is where a tab that leads nothing was there first", async () => {
    const tab = await open();
    await write(tab, "action/1", null);
    expect(await renewRows(await open(), { rows: rowsOf("app"), term: 1, lives: [] })).toBe(2);
    expect((await raw()).rows).toEqual(["action/1", "app"]);
  });

  it("is left alone where somebody has led there, has cleared it, or has rows of the same names", async () => {
    const ways: readonly ((tab: Database) => Promise<unknown>)[] = [
      (tab) => writeShared(tab, place, { changes: puts({ app: "theirs" }), term: null }),
      beginTerm,
      (tab) => clearShared(tab, null),
    ];
    for (const way of ways) {
      await way(await open());
      const before = await raw();
      expect(await renewRows(await open(), { rows: rowsOf("app", "b"), term: 1, lives: [] })).toBe(null);
      expect(await raw()).toEqual(before);
      await remove();
    }
  });

  it("is nobody's to go on in after it was cleared on purpose, however it came about", async () => {
    const old = await open();
    await remove();
    const next = await open();
    await renewRows(next, { rows: rowsOf("app"), term: 1, lives: [old.life] });
    await clearShared(next, null);
    await expect(open(old.life)).rejects.toMatchObject({ kind: "closed" });
    expect((await raw()).about).not.toHaveProperty("after");
    await remove();
    await clearShared(await open(), null);
    expect(await renewRows(await open(), { rows: rowsOf("app"), term: 1, lives: [] })).toBe(null);
  });
});
