/** The meta of an action. Its creation time is read from the id by a table: this runs once for every action of a fold. */
import type { ActionMeta } from "../model/model.ts";
import type { Action } from "../wire/update.ts";
import type { FoldUpdate } from "./fold-update.ts";

const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const digitValues = new Uint8Array(128);
for (let i = 0; i < digits.length; i++) digitValues[digits.charCodeAt(i)] = i;
const halfway = 32 ** 5;

export function newMeta(update: FoldUpdate, { id }: Action): ActionMeta {
  return {
    id,
    app: update.app,
    timestamp: update.timestamp,
    after: update.after,
    createdAt: fiveDigits(id, 0) * halfway + fiveDigits(id, 5),
  };
}

/** Five digits are 25 bits, so this stays in small integers. */
function fiveDigits(id: string, from: number): number {
  let bits = 0;
  for (let i = from; i < from + 5; i++) bits = (bits << 5) | (digitValues[id.charCodeAt(i) & 127] as number);
  return bits;
}
