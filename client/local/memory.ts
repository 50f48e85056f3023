/** Local storage in memory: for tests, and for apps that want none. Stores opened again in one process find their rows. */

import type { StoreId } from "../../shared/wire/ids.ts";
import { closedStore } from "../errors.ts";
import { storeIsOpen } from "./errors.ts";
import type { Local, LocalRows, Rows } from "./local.ts";
import { inKeyOrder } from "./order.ts";

/**
 * Nothing survives the process.
 *
 * @example
 * const store = openStore({ model, storeId: "family", local: memoryLocal(), remote });
 */
export function memoryLocal(): Local {
  const stores = new Map<StoreId, Map<string, string>>();
  const open = new Set<StoreId>();
  return {
    name: "memory",
    async open(store) {
      if (open.has(store)) throw storeIsOpen(store);
      open.add(store);
      const rows = stores.get(store) ?? new Map<string, string>();
      stores.set(store, rows);
      return openRows(store, rows, () => open.delete(store));
    },
  };
}

function openRows(store: StoreId, rows: Map<string, string>, release: () => void): LocalRows {
  let closed = false;
  const requireOpen = (): void => {
    if (closed) throw closedStore(store);
  };
  return {
    async load(): Promise<Rows> {
      requireOpen();
      return inKeyOrder(rows);
    },
    async commit(changes) {
      requireOpen();
      for (const key of changes.delete) rows.delete(key);
      for (const [key, value] of changes.put) rows.set(key, value);
    },
    async clear() {
      requireOpen();
      rows.clear();
    },
    async close() {
      if (!closed) release();
      closed = true;
    },
  };
}
