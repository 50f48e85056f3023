/**
 * What is played out and counted. Writing is counted apart from reading: the first is what a million updates cost, whoever reads them; the
 * second is what one more client costs in a month, its own updates' writing left out.
 */
import { everydayTitle } from "./model.ts";
import { type CostStore, type CostWorld, type Counted, createCostWorld } from "./world.ts";

export interface WriteScenario {
  readonly name: string;
  readonly writers: number;
  /** Of each writer, from one action to its next. */
  readonly everyMs: number;
  readonly minutes: number;
}

export const writeScenarios: readonly WriteScenario[] = [
  { name: "a quiet store: an update a minute", writers: 1, everyMs: 60_000, minutes: 120 },
  { name: "a family: four write at once, now and then", writers: 4, everyMs: 20_000, minutes: 30 },
  { name: "a busy store: twenty write all the time", writers: 20, everyMs: 5_000, minutes: 5 },
];

export interface ReadScenario {
  readonly name: string;
  /** Of each day; the app is closed for the rest of it. */
  readonly openHours: number;
  /** Own actions, spread over that time. */
  readonly actionsPerDay: number;
  /** Hints come another way: the tail is read after them alone. */
  readonly hints: boolean;
}

export const readScenarios: readonly ReadScenario[] = [
  { name: "an hour a day, 20 actions", openHours: 1, actionsPerDay: 20, hints: false },
  { name: "… with hints", openHours: 1, actionsPerDay: 20, hints: true },
  { name: "eight hours a day, 50 actions", openHours: 8, actionsPerDay: 50, hints: false },
  { name: "… with hints", openHours: 8, actionsPerDay: 50, hints: true },
  { name: "always open, never used", openHours: 24, actionsPerDay: 0, hints: false },
];

export const daysOfMonth = 30;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export async function countWrites({ writers, everyMs, minutes }: WriteScenario): Promise<Counted> {
  const world = await createCostWorld();
  const stores = Array.from({ length: writers }, () => world.open({ hints: false }));
  await world.clock.advance(minuteMs);
  world.reset();
  const turns = Math.floor((minutes * minuteMs) / everyMs);
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, store] of stores.entries()) {
      addTodo(store, `${turn}-${i}`);
      await world.clock.advance(Math.floor(everyMs / writers));
    }
  }
  // The last ones are published, too.
  await world.clock.advance(minuteMs);
  const counted = world.counted();
  await closeAll(stores);
  return counted;
}

/** One day of one client in a store with another one that writes as much, in the same hours. */
export async function countDay({ openHours, actionsPerDay, hints }: ReadScenario): Promise<Counted> {
  const world = await createCostWorld();
  const other = world.open({ hints, counted: false });
  await world.clock.advance(minuteMs);
  world.reset();
  const store = world.open({ hints });
  const turns = Math.max(1, actionsPerDay);
  for (let turn = 0; turn < turns; turn++) {
    if (turn < actionsPerDay) {
      addTodo(store, `mine-${turn}`);
      addTodo(other, `theirs-${turn}`);
    }
    await passTime(world, [store, other], {
      ms: (openHours * hourMs) / turns,
      hinted: hints && turn < actionsPerDay,
    });
  }
  const counted = world.counted();
  await closeAll([store, other]);
  return counted;
}

/** A rollup of an idle store, as the sweep looks at it. */
export async function countIdleSweep(): Promise<Counted> {
  const world = await createCostWorld();
  await world.sweep();
  world.reset();
  await world.sweep();
  return world.counted();
}

/** With hints, each client is woken a moment after the other one's update. */
async function passTime(
  world: CostWorld,
  stores: readonly CostStore[],
  { ms, hinted }: { readonly ms: number; readonly hinted: boolean },
): Promise<void> {
  const soonMs = 1_000;
  await world.clock.advance(soonMs);
  if (hinted) for (const store of stores) store.sync.wake("hint");
  await world.clock.advance(Math.max(0, ms - soonMs));
}

function addTodo(store: CostStore, id: string): void {
  store.do.addTodo({ id, title: everydayTitle });
}

async function closeAll(stores: readonly CostStore[]): Promise<void> {
  for (const store of stores) await store.close();
}
