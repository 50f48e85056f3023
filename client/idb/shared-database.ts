/**
 * Transactions on a database that several tabs have open. Beside the rows stand two numbers: `rev` counts the commits of all tabs, so
 * that each notices what it has missed; `term` counts the leaders, and a commit of a leader whose term is over changes nothing. The life
 * is looked at each time, too: who cleared the rows gave them another one, and nobody adds to them what needs the old ones. Where the
 * database itself is gone, its leader makes it anew with all that it still holds: once, and only where no other tab has led meanwhile.
 */
import type { IDBPTransaction } from "idb";
import { ledElsewhere } from "../local/errors.ts";
import type { RowChanges, Rows } from "../local/local.ts";
import { createWebPlatform } from "../platform.ts";
import { type Database, rowsFrom, type Shape } from "./database.ts";
import { isGone, type Place } from "./idb-errors.ts";

type Writing = IDBPTransaction<Shape, ("rows" | "about")[], "readwrite">;

const ignore = (): void => undefined;

/** All rows, and the rev that they are of. */
export async function readShared(
  database: Database,
  place: Place,
): Promise<{ readonly rows: Rows; readonly rev: number }> {
  const transaction = database.connection.transaction(["rows", "about"]);
  const [rows, about] = [transaction.objectStore("rows"), transaction.objectStore("about")];
  const [keys, values, life, rev] = await Promise.all([
    rows.getAllKeys(),
    rows.getAll(),
    about.get("life"),
    about.get("rev"),
  ]);
  if (life !== database.life) throw isGone(place);
  return { rows: rowsFrom(keys, values, place), rev: countOf(rev) };
}

export async function readRev({ connection }: Database): Promise<number> {
  return countOf(await connection.get("about", "rev"));
}

/** Answers with the rev of the commit. `term`: whose it must be; null for rows that any tab may add. */
export function writeShared(
  database: Database,
  place: Place,
  { changes, term }: { readonly changes: RowChanges; readonly term: number | null },
): Promise<number> {
  return write(database, async (transaction) => {
    const about = transaction.objectStore("about");
    const [life, now] = await Promise.all([about.get("life"), about.get("term")]);
    if (life !== database.life) throw isGone(place);
    if (term !== null && now !== term) throw ledElsewhere(place.store);
    const rows = transaction.objectStore("rows");
    for (const key of changes.delete) rows.delete(key).catch(ignore);
    for (const [key, value] of changes.put) rows.put(value, key).catch(ignore);
    return raise(transaction, "rev");
  });
}

/** From here on no commit of another term goes through. */
export function beginTerm(database: Database): Promise<number> {
  return write(database, (transaction) => raise(transaction, "term"));
}

/**
 * Removes all rows; the database has another life afterwards, and goes on in the `term` of a leader. It has one in any case: what was
 * cleared on purpose is nobody's to write anew. Answers with the rev.
 */
export function clearShared(database: Database, term: number | null): Promise<number> {
  return write(database, async (transaction) => {
    const about = transaction.objectStore("about");
    const led = countOf(await about.get("term"));
    transaction.objectStore("rows").clear().catch(ignore);
    about.put(createWebPlatform().newNonce(), "life").catch(ignore);
    about.delete("after").catch(ignore);
    about.put(term ?? led, "term").catch(ignore);
    return raise(transaction, "rev");
  });
}

/**
 * Writes all rows into a database that nobody has led yet, and which lives it goes on from. Null where somebody has, or has cleared it, or
 * rows of the same names are there: then nothing is changed. Else the rev.
 */
export function renewRows(
  database: Database,
  {
    rows,
    term,
    lives,
  }: { readonly rows: Rows; readonly term: number | null; readonly lives: readonly string[] },
): Promise<number | null> {
  return write(database, async (transaction) => {
    const [about, stored] = [transaction.objectStore("about"), transaction.objectStore("rows")];
    const [led, keys] = await Promise.all([about.get("term"), stored.getAllKeys()]);
    if (led !== undefined || keys.some((key) => rows.has(key))) return null;
    for (const [key, value] of rows) stored.put(value, key).catch(ignore);
    if (term !== null) about.put(term, "term").catch(ignore);
    about.put([...lives], "after").catch(ignore);
    return raise(transaction, "rev");
  });
}

async function raise(transaction: Writing, name: "rev" | "term"): Promise<number> {
  const about = transaction.objectStore("about");
  const next = countOf(await about.get(name)) + 1;
  about.put(next, name).catch(ignore);
  return next;
}

/** A request that fails aborts the transaction, whose own error says why; what `work` throws takes all of it back. */
async function write<T>({ connection }: Database, work: (transaction: Writing) => Promise<T>): Promise<T> {
  const transaction = connection.transaction(["rows", "about"], "readwrite", { durability: "strict" });
  const { done } = transaction;
  done.catch(ignore);
  let result: T;
  try {
    result = await work(transaction);
  } catch (error) {
    abort(transaction);
    throw error;
  }
  await done;
  return result;
}

/** It may have ended by itself. */
function abort(transaction: Writing): void {
  try {
    transaction.abort();
  } catch {
    // Nothing was left to take back.
  }
}

function countOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
