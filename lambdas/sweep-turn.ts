/**
 * Whose turn it is: which stores a sweep looks at, by the number of its minute alone, so that sweeps need no memory and two at once do the same.
 * All stores are in the rotation. Pure.
 */
import type { StoreId } from "../shared/wire/ids.ts";
import { collectEveryMinutes } from "./limits.ts";

export interface SweepTurn {
  readonly stores: readonly StoreId[];
  /** Those of them that are also rid of what nothing names any more: each once a day, spread over the day. */
  readonly collected: readonly StoreId[];
}

/** `all` in a fixed order. Minutes since 1970. */
export function sweepTurn(all: readonly StoreId[], minute: number, storesMax: number): SweepTurn {
  const turns = Math.max(1, Math.ceil(all.length / storesMax));
  const turn = minute % turns;
  const stores = all.slice(turn * storesMax, (turn + 1) * storesMax);
  // A store has a turn each `turns` minutes: the first one after its own minute of the day is the one.
  const isDue = (store: StoreId) =>
    (minute - minuteOf(store) + collectEveryMinutes) % collectEveryMinutes < turns;
  return { stores, collected: stores.filter(isDue) };
}

/** A minute of the day that is the same for a store every day. */
function minuteOf(store: StoreId): number {
  let hash = 0;
  for (let i = 0; i < store.length; i++) hash = (31 * hash + store.charCodeAt(i)) % 1_000_003;
  return hash % collectEveryMinutes;
}
