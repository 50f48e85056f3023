/**
 * Whose turn it is: which stores a sweep looks at, and in which order, by the number of its minute alone, so that sweeps need no memory and two
 * at once do the same. All stores are in the rotation, and each comes first now and then: where the time runs out, or a sweep is killed because
 * of others, none is left out for ever. Pure.
 */
import type { StoreId } from "../shared/wire/ids.ts";
import { collectEveryMinutes, storesAtOnce, wholeEveryDays } from "./limits.ts";

export interface SweepTurn {
  /** In the order in which they are looked at: each rotation begins with the next ones. */
  readonly stores: readonly StoreId[];
  /** Those of them that are also rid of what nothing names any more: each once a day, spread over the day. */
  readonly collected: readonly StoreId[];
  /** Those of them whose raw updates are all looked at then, from the very beginning: each once in some days. */
  readonly whole: readonly StoreId[];
}

/** `all` in a fixed order. Minutes since 1970. */
export function sweepTurn(all: readonly StoreId[], minute: number, storesMax: number): SweepTurn {
  const turns = Math.max(1, Math.ceil(all.length / storesMax));
  const turn = minute % turns;
  const slice = all.slice(turn * storesMax, (turn + 1) * storesMax);
  const stores = turned(slice, Math.floor(minute / turns) * storesAtOnce);
  // A store has a turn each `turns` minutes: the first one after its own minute of the day is the one.
  const isDue = (store: StoreId) => sinceItsOwn(store, minute) % collectEveryMinutes < turns;
  const collected = stores.filter(isDue);
  const day = (store: StoreId) => Math.floor(sinceItsOwn(store, minute) / collectEveryMinutes);
  return {
    stores,
    collected,
    whole: collected.filter((store) => (day(store) + hashOf(store)) % wholeEveryDays === 0),
  };
}

/**
 * The minute that the schedule meant: a call may come late, and then two would have one turn and another none. By the clock where the event says
 * no time, or one that is too long ago to be a schedule's.
 */
export function minuteOf(time: unknown, now: number): number {
  const meant = typeof time === "string" ? Date.parse(time) : Number.NaN;
  const isNear = Math.abs(now - meant) <= lateMsMax;
  return Math.floor((isNear ? meant : now) / 60_000);
}

/** A call waits for a minute at most (cdk/settings.ts, sweepAgeSecondsMax); clocks are not the same everywhere. */
const lateMsMax = 5 * 60_000;

function turned<T>(list: readonly T[], by: number): readonly T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

/** Minutes since a minute of the first day that is the same for a store every day. */
function sinceItsOwn(store: StoreId, minute: number): number {
  return minute - (hashOf(store) % collectEveryMinutes) + collectEveryMinutes;
}

function hashOf(store: StoreId): number {
  let hash = 0;
  for (let i = 0; i < store.length; i++) hash = (31 * hash + store.charCodeAt(i)) % 1_000_003;
  return hash;
}
