/** Ids of actions that somebody was told of, the newest ones: whoever was told is not told again. */
import type { ActionId } from "../shared/wire/ids.ts";

export interface ToldIds {
  /** False where it was there already. */
  add(id: ActionId): boolean;
}

/** What may come again is seconds old; the oldest make room. */
const toldMax = 20_000;

export function createToldIds(): ToldIds {
  const told = new Set<ActionId>();
  return {
    add(id) {
      if (told.has(id)) return false;
      told.add(id);
      const [oldest] = told;
      if (told.size > toldMax && oldest !== undefined) told.delete(oldest);
      return true;
    },
  };
}
