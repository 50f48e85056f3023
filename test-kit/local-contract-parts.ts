/** What the parts of the local contract share: rows of a store that no other test has, changes, and reading them back. */
import type { Local, LocalRows, RowChanges } from "../client/local/local.ts";
import { parseStoreId, type StoreId } from "../shared/wire/ids.ts";

export function storeId(text: string): StoreId {
  const id = parseStoreId(text);
  if (id === undefined) throw new Error(`not a store id: ${text}`);
  return id;
}

export function puts(
  rows: Readonly<Record<string, string>> | readonly (readonly [string, string])[],
): RowChanges {
  return { put: new Map(Array.isArray(rows) ? rows : Object.entries(rows)), delete: [] };
}

export function deletes(...keys: readonly string[]): RowChanges {
  return { put: new Map(), delete: keys };
}

/** Opens the rows of a store, runs `use`, and closes them also when it fails. */
export async function withRows<T>(
  local: Local,
  store: string,
  use: (rows: LocalRows) => Promise<T>,
): Promise<T> {
  const rows = await local.open(storeId(store));
  try {
    return await use(rows);
  } finally {
    await rows.close();
  }
}

/** What is there, as pairs in the order in which they came. */
export async function loaded(rows: LocalRows): Promise<readonly (readonly [string, string])[]> {
  return [...(await rows.load())];
}

/** What is there after closing and opening anew. */
export async function reopened(local: Local, store: string): Promise<readonly (readonly [string, string])[]> {
  return withRows(local, store, loaded);
}
