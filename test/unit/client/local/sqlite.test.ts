import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SqliteDriver, sqliteLocal } from "../../../../client/local/sqlite.ts";
import { loaded, puts, reopened, storeId, withRows } from "../../../../test-kit/local-contract-parts.ts";
import { type OpenedDriver, openSqlite } from "../../../fixtures/sqlite-driver.ts";

let folder: string;
let opened: OpenedDriver[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "icecore-sqlite-"));
  opened = [];
});
afterEach(async () => {
  for (const { database } of opened) if (database.isOpen) database.close();
  await rm(folder, { recursive: true, force: true });
});

function open(name = "rows.db"): OpenedDriver {
  const one = openSqlite(join(folder, name));
  opened.push(one);
  return one;
}

/** Fails where `when` says so, as a disk or another connection would make it. */
function failing(
  driver: SqliteDriver,
  when: (sql: string, params: readonly string[]) => Error | null,
): SqliteDriver {
  const guard = (sql: string, params: string[] = []): void => {
    const error = when(sql, params);
    if (error) throw error;
  };
  return {
    name: "failing",
    exec(sql) {
      guard(sql);
      return driver.exec(sql);
    },
    all: (sql, params) => driver.all(sql, params),
    run(sql, params) {
      guard(sql, params);
      return driver.run(sql, params);
    },
  };
}

const store = storeId("family");

describe("SQLite storage", () => {
  it("takes back all of a commit that fails in its middle, and goes on with the next", async () => {
    const { driver } = open();
    let fails = true;
    const local = sqliteLocal(
      failing(driver, (_, params) => (fails && params[1] === "c" ? new Error("disk I/O error") : null)),
    );
    const rows = await local.open(store);
    await rows.commit(puts({ a: "1" }));
    await expect(
      rows.commit({
        put: new Map([
          ["b", "2"],
          ["c", "2"],
        ]),
        delete: ["a"],
      }),
    ).rejects.toMatchObject({
      name: "StoreError",
      kind: "unavailable",
      store: "family",
      message: expect.stringContaining("Could not save in failing: disk I/O error"),
    });
    expect(await loaded(rows)).toEqual([["a", "1"]]);
    fails = false;
    await rows.commit(puts({ c: "3" }));
    await rows.close();
    expect(await reopened(local, "family")).toEqual([
      ["a", "1"],
      ["c", "3"],
    ]);
  });

  it("says in plain words when the disk is full or the file may not be written", async () => {
    const { driver } = open();
    let says: string | null = null;
    const local = sqliteLocal(failing(driver, (sql) => (says && sql === "COMMIT" ? new Error(says) : null)));
    await withRows(local, "family", async (rows) => {
      says = "database or disk is full";
      await expect(rows.commit(puts({ a: "1" }))).rejects.toMatchObject({
        kind: "limit",
        message: expect.stringContaining("the disk is full. Free some space"),
      });
      says = "attempt to write a readonly database";
      await expect(rows.commit(puts({ a: "1" }))).rejects.toMatchObject({ kind: "unauthorized" });
      says = null;
      expect(await loaded(rows)).toEqual([]);
    });
  });

  it("says that a file which is no database is damaged, and leaves it alone", async () => {
    writeFileSync(join(folder, "odd.db"), "no database ".repeat(1_000));
    const local = sqliteLocal(open("odd.db").driver);
    await expect(local.open(store)).rejects.toMatchObject({ kind: "corrupt", store: "family" });
  });

  it("is refused to another connection while any of its stores is open, and free afterwards", async () => {
    const [one, other] = [sqliteLocal(open().driver), sqliteLocal(open().driver)];
    const [family, work] = [await one.open(store), await one.open(storeId("work"))];
    await family.commit(puts({ a: "1" }));
    await expect(other.open(storeId("third"))).rejects.toMatchObject({ kind: "conflict" });
    await family.close();
    await expect(other.open(store)).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining("somebody else has the database open"),
    });
    await work.close();
    expect(await reopened(other, "family")).toEqual([["a", "1"]]);
  });

  it("works with a driver that answers later, and keeps the transactions of several stores apart", async () => {
    const { driver } = open();
    const late: SqliteDriver = {
      exec: async (sql) => wait(0).then(() => driver.exec(sql)),
      all: async (sql, params) => wait(0).then(() => driver.all(sql, params)),
      run: async (sql, params) => wait(0).then(() => driver.run(sql, params)),
    };
    const local = sqliteLocal(late);
    const [a, b] = [await local.open(storeId("a")), await local.open(storeId("b"))];
    const commits = Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? a : b).commit(puts({ last: String(i), [`row ${i}`]: "x" })),
    );
    await Promise.all(commits);
    expect((await a.load()).get("last")).toBe("18");
    expect((await b.load()).get("last")).toBe("19");
    expect((await b.load()).size).toBe(11);
    await Promise.all([a.close(), b.close()]);
  });

  it("refuses a text that some drivers would cut short without a word", async () => {
    const local = sqliteLocal(open().driver);
    await withRows(local, "family", async (rows) => {
      await expect(rows.commit(puts({ a: "1\u00002" }))).rejects.toThrow(/a row's key and value have no NUL/);
      expect(await loaded(rows)).toEqual([]);
    });
  });

  it("says so when a driver gives rows in another shape", async () => {
    const { driver } = open();
    const local = sqliteLocal({ ...driver, all: () => [["key", "value"]] });
    await withRows(local, "family", async (rows) => {
      await expect(rows.load()).rejects.toMatchObject({
        kind: "rejected",
        message: expect.stringContaining("rows as objects by column"),
      });
    });
  });
});
