/** The order of rows: code units of their keys, the same on every machine and in every storage. */
import type { Rows } from "./local.ts";

/** A map of its own, so that what is loaded does not change behind its reader. */
export function inKeyOrder(rows: Iterable<readonly [string, string]>): Rows {
  return new Map([...rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
