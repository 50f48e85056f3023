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
