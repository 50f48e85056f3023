/** Errors that all local storages share. */
import { StoreError } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";

export function storeIsOpen(store: StoreId, where = "already"): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `Store "${store}" is open ${where}`,
    fix: "Close it first, or use the one that is open.",
    store,
  });
}

export function ledElsewhere(store?: StoreId): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `Another tab leads ${store === undefined ? "this store" : `store "${store}"`} now`,
    fix: "Nothing was changed and nothing is lost: this tab follows the other one.",
    ...(store === undefined ? {} : { store }),
  });
}
