/** Local storage in memory: for tests, and for apps that want none. Stores opened again in one process find their rows. */
import { StoreError } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import type { Local } from "./local.ts";

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
      if (open.has(store))
        throw new StoreError({
          kind: "conflict",
          what: `Store "${store}" is open already`,
          fix: "Close it first, or use the one that is open.",
          store,
        });
      open.add(store);
      const rows = stores.get(store) ?? new Map<string, string>();
      stores.set(store, rows);
      return {
        load: async () => new Map([...rows].sort(([a], [b]) => (a < b ? -1 : 1))),
        async commit(changes) {
          for (const key of changes.delete) rows.delete(key);
          for (const [key, value] of changes.put) rows.set(key, value);
        },
        clear: async () => rows.clear(),
        async close() {
          open.delete(store);
        },
      };
    },
  };
}
