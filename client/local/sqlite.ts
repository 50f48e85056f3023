/**
 * sqliteLocal: local storage in a SQLite database, through whichever driver the app has. One table of rows for all stores; each commit
 * is one transaction, synced before it resolves.
 *
 * While a store is open the database's lock is kept (locking mode EXCLUSIVE), so no other connection has the same rows open, and the
 * system frees it when a process dies. So the database is icecore's own: other parts of an app use another file, and in WAL mode not
 * even an idle second connection may have it open.
 */
import { assert, StoreError } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { closedStore } from "../errors.ts";
import { storeIsOpen } from "./errors.ts";
import type { Local, LocalRows, RowChanges } from "./local.ts";
import { inKeyOrder } from "./order.ts";
import { createQueue, type Queue } from "./queue.ts";
import { sqliteError } from "./sqlite-errors.ts";

/** What icecore needs of a SQLite driver; each call may answer at once or later. One connection, used by nobody else. */
export interface SqliteDriver {
  /** For people and errors, e.g. the file's path. @default "sqlite" */
  readonly name?: string;
  /** Runs one statement that gives no rows. */
  exec(sql: string): unknown;
  /** Runs a statement with `?` parameters and gives its rows as objects by column. */
  all(sql: string, params: string[]): readonly unknown[] | Promise<readonly unknown[]>;
  /** Runs a statement with `?` parameters. */
  run(sql: string, params: string[]): unknown;
}

/** What all storages over one connection share: a connection has one transaction at a time. */
interface Connection {
  readonly driver: SqliteDriver;
  readonly name: string;
  readonly queue: Queue;
  readonly open: Set<StoreId>;
}

/** The number is that of the form of its rows. */
const table = "icecore_rows_1";

const connections = new WeakMap<SqliteDriver, Connection>();

/**
 * Local storage in a SQLite database.
 *
 * @example node:sqlite, and better-sqlite3 with `new Database("notes.db")`
 * const db = new DatabaseSync("notes.db");
 * const local = sqliteLocal({
 *   exec: (sql) => db.exec(sql),
 *   all: (sql, params) => db.prepare(sql).all(...params),
 *   run: (sql, params) => db.prepare(sql).run(...params),
 * });
 * @example expo-sqlite
 * const db = await openDatabaseAsync("notes.db");
 * const local = sqliteLocal({
 *   exec: (sql) => db.execAsync(sql),
 *   all: (sql, params) => db.getAllAsync(sql, params),
 *   run: (sql, params) => db.runAsync(sql, params),
 * });
 */
export function sqliteLocal(driver: SqliteDriver): Local {
  const connection = connectionOf(driver);
  return {
    name: connection.name,
    open: (store) =>
      connection.queue.run(async () => {
        if (connection.open.has(store)) throw storeIsOpen(store);
        if (connection.open.size === 0) await takeDatabase(connection, store);
        connection.open.add(store);
        return rowsOf(connection, store);
      }),
  };
}

function connectionOf(driver: SqliteDriver): Connection {
  const known = connections.get(driver);
  if (known) return known;
  const made = { driver, name: driver.name ?? "sqlite", queue: createQueue(), open: new Set<StoreId>() };
  connections.set(driver, made);
  return made;
}

function rowsOf(connection: Connection, store: StoreId): LocalRows {
  const { driver, queue, open } = connection;
  let closed = false;

  async function answer<T>(doing: string, call: () => Promise<T>): Promise<T> {
    if (closed) throw closedStore(store);
    return queue.run(async () => {
      try {
        return await call();
      } catch (error) {
        throw sqliteError(error, { doing, name: connection.name, store });
      }
    });
  }

  return {
    load: () =>
      answer("read", async () => {
        const rows = await driver.all(`SELECT key, value FROM ${table} WHERE store = ?`, [store]);
        return inKeyOrder(rows.map(pairOf));
      }),
    commit: (changes) =>
      answer("save", () => transaction(driver, () => writeChanges(driver, store, changes))),
    clear: () =>
      answer("remove the rows", () =>
        transaction(driver, async () => {
          await driver.run(`DELETE FROM ${table} WHERE store = ?`, [store]);
        }),
      ),
    async close() {
      if (closed) return;
      closed = true;
      await queue.run(async () => {
        open.delete(store);
        if (open.size === 0) await giveDatabase(driver);
      });
    },
  };
}

async function writeChanges(driver: SqliteDriver, store: StoreId, changes: RowChanges): Promise<void> {
  for (const key of changes.delete)
    await driver.run(`DELETE FROM ${table} WHERE store = ? AND key = ?`, [store, key]);
  for (const [key, value] of changes.put) {
    // Some drivers end a text at its first NUL without a word. JSON spells it otherwise, so no row of ours has one.
    assert(!key.includes("\0") && !value.includes("\0"), "a row's key and value have no NUL");
    await driver.run(`INSERT OR REPLACE INTO ${table} (store, key, value) VALUES (?, ?, ?)`, [
      store,
      key,
      value,
    ]);
  }
}

/** All of it or nothing. What failed is taken back; where that fails, too, SQLite has taken it back by itself. */
async function transaction(driver: SqliteDriver, work: () => Promise<void>): Promise<void> {
  await driver.exec("BEGIN IMMEDIATE");
  try {
    await work();
    await driver.exec("COMMIT");
  } catch (error) {
    try {
      await driver.exec("ROLLBACK");
    } catch {
      // A full disk ends a transaction, so there is none left.
    }
    throw error;
  }
}

/** Takes the database's lock, keeps it, and makes the table. A commit is on the disk when it returns, whatever the driver's default. */
async function takeDatabase({ driver, name }: Connection, store: StoreId): Promise<void> {
  try {
    // In WAL mode the lock can be given back only where the first read came before the mode.
    await driver.all("SELECT name FROM sqlite_master LIMIT 1", []);
    await driver.exec("PRAGMA locking_mode = EXCLUSIVE");
    await driver.exec("PRAGMA synchronous = FULL");
    await driver.exec("PRAGMA fullfsync = ON");
    await transaction(driver, async () => {
      await driver.exec(
        `CREATE TABLE IF NOT EXISTS ${table} (store TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (store, key))`,
      );
    });
  } catch (error) {
    await giveDatabase(driver);
    throw sqliteError(error, { doing: "open the local storage", name, store });
  }
}

/** SQLite frees the lock at the first read in the other mode. */
async function giveDatabase(driver: SqliteDriver): Promise<void> {
  try {
    await driver.exec("PRAGMA locking_mode = NORMAL");
    await driver.all(`SELECT key FROM ${table} LIMIT 1`, []);
  } catch {
    // Somebody else has it, or the connection is closed: then there is no lock to free.
  }
}

function pairOf(row: unknown): readonly [string, string] {
  const { key, value } = row as { readonly key?: unknown; readonly value?: unknown };
  if (typeof key === "string" && typeof value === "string") return [key, value];
  throw new StoreError({
    kind: "rejected",
    what: "The SQLite driver gave a row without the columns key and value",
    fix: "Let its `all` give rows as objects by column.",
  });
}
