/** A store id that somebody gave in code or on a command line: a wrong one is told at once. */
import { StoreError } from "../errors.ts";
import { parseStoreId, type StoreId, storeIdRule } from "./ids.ts";

/** Throws StoreError "rejected" for a text that is no store id. */
export function requireStoreId(text: string): StoreId {
  const store = parseStoreId(text);
  if (store !== undefined) return store;
  throw new StoreError({
    kind: "rejected",
    what: `${JSON.stringify(text.slice(0, 80))} is no store id`,
    fix: `Give another one: ${storeIdRule}.`,
  });
}
