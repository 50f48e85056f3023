/**
 * One IndexedDB database with the rows of one store: what is in it, opening it, and what is read and written in single transactions.
 *
 * Each database has a *life*, a random name made with it. Who had it open and comes back asks for that life, so that a database that
 * was deleted in between is never made anew by accident, nor taken for the old one: rows would be written to it without the rest. Only
 * who still has all of the rest makes it anew (renewRows), and says in it which lives it goes on from.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { RowChanges, Rows } from "../local/local.ts";
import { createWebPlatform } from "../platform.ts";
import { isBlocked, isForeign, isGone, isNoText, type Place } from "./idb-errors.ts";

/** Key and value are texts, but that is for who reads them to find out: anything of this origin can write here. */
export interface Shape extends DBSchema {
  readonly rows: { readonly key: string; readonly value: unknown };
  /**
   * `rev` and `term` only where several tabs may have it open (shared-database.ts); `after` where it was made anew with all that was left
   * of earlier lives: those.
   */
  readonly about: { readonly key: "life" | "rev" | "term" | "after"; readonly value: unknown };
}

export interface Database {
  readonly connection: IDBPDatabase<Shape>;
  readonly life: string;
  /** Closed by the browser, or given up for another tab that wants to change or delete it. */
  readonly isLost: () => boolean;
}

export interface DatabaseOptions {
  /** The life that it must have, or go on from; null takes any, and makes the database where there is none. */
  readonly life: string | null;
  /** The browser has closed it, or another tab wants to change or delete it. */
  readonly onLost?: () => void;
  /** @default the form of this release */
  readonly version?: number;
}

/** The form of what is stored. */
export const databaseVersion = 1;

const ignore = (): void => undefined;

/** Throws StoreError for what is there and cannot be used, and the browser's own errors as they are. */
export async function openDatabase(place: Place, options: DatabaseOptions): Promise<Database> {
  let lost = false;
  const connection = await connect(place, options, () => {
    lost = true;
    options.onLost?.();
  });
  try {
    const life = await lifeOf(connection, place);
    if (options.life !== null && options.life !== life && !(await goesOnFrom(connection, options.life)))
      throw isGone(place);
    return { connection, life, isLost: () => lost };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function connect(
  place: Place,
  { life, version = databaseVersion }: DatabaseOptions,
  onLost: () => void,
): Promise<IDBPDatabase<Shape>> {
  let refusal: unknown;
  let refuse: (error: unknown) => void = ignore;
  const refused = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  const opening = openDB<Shape>(place.database, version, {
    upgrade(made, from, _, transaction) {
      if (from > 0) return;
      if (life === null) return makeStores(made);
      refusal = isGone(place);
      transaction.done.catch(ignore);
      // Of a new database nothing is left then.
      transaction.abort();
    },
    blocked: () => refuse(isBlocked(place)),
    blocking(_from, _to, versionchange) {
      onLost();
      // Whoever wants to upgrade or delete it waits for this.
      (versionchange.target as IDBDatabase).close();
    },
    terminated: onLost,
  });
  try {
    return await Promise.race([opening, refused]);
  } catch (error) {
    opening.then((late) => late.close()).catch(ignore);
    throw refusal ?? error;
  }
}

function makeStores(made: IDBPDatabase<Shape>): void {
  made.createObjectStore("rows");
  void made.createObjectStore("about").put(createWebPlatform().newNonce(), "life");
}

async function lifeOf(connection: IDBPDatabase<Shape>, place: Place): Promise<string> {
  const names = connection.objectStoreNames;
  if (!names.contains("rows") || !names.contains("about")) throw isForeign(place);
  const life = await connection.get("about", "life");
  if (typeof life !== "string") throw isForeign(place);
  return life;
}

async function goesOnFrom(connection: IDBPDatabase<Shape>, life: string): Promise<boolean> {
  const after = await connection.get("about", "after");
  return Array.isArray(after) && after.includes(life);
}

/** All rows; IndexedDB keeps them in order of their keys' code units, as the Local port wants them. */
export async function readRows({ connection }: Database, place: Place): Promise<Rows> {
  const { store } = connection.transaction("rows");
  const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()]);
  return rowsFrom(keys, values, place);
}

export function rowsFrom(keys: readonly string[], values: readonly unknown[], place: Place): Rows {
  return new Map(
    keys.map((key, i) => {
      const value = values[i];
      if (typeof key !== "string" || typeof value !== "string") throw isNoText(place, key);
      return [key, value];
    }),
  );
}

/** All of them or none; on the disk when it resolves. */
export async function writeRows(database: Database, { put, delete: gone }: RowChanges): Promise<void> {
  await write(database, (rows) => {
    for (const key of gone) rows.delete(key).catch(ignore);
    for (const [key, value] of put) rows.put(value, key).catch(ignore);
  });
}

export async function removeRows(database: Database): Promise<void> {
  await write(database, (rows) => rows.clear().catch(ignore));
}

interface WritableRows {
  put(value: string, key: string): Promise<unknown>;
  delete(key: string): Promise<void>;
  clear(): Promise<void>;
}

/** A request that fails aborts the transaction, whose own error says why. */
async function write({ connection }: Database, change: (rows: WritableRows) => void): Promise<void> {
  const transaction = connection.transaction("rows", "readwrite", { durability: "strict" });
  const { done } = transaction;
  try {
    change(transaction.store);
  } catch (error) {
    done.catch(ignore);
    transaction.abort();
    throw error;
  }
  await done;
}
