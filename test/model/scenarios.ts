/** The small worlds that are searched: each bounds what would never end, and together they hold every part of the protocol. */
import type { Scenario } from "./transitions.ts";

const writerA = { role: "writer", times: 1, app: 0 } as const;
const writerB = { role: "writer", times: 1, app: 1 } as const;
const twice = { role: "writer", times: 2, app: 0 } as const;
const rollup = { role: "rollup", times: 1 } as const;
const rollups = { role: "rollup", times: 2 } as const;
const merger = { role: "merger", times: 1 } as const;
const marker = { role: "marker", times: 1 } as const;
const snapshotter = { role: "snapshotter", times: 1 } as const;

export const scenarios: readonly Scenario[] = [
  { name: "seal", about: "two writers and a rollup", actors: [writerA, writerB, rollup], ticks: 1 },
  { name: "late", about: "a writer whose PUT lands late or twice, a rollup", actors: [writerA, rollups], late: 1, ticks: 1 },
  { name: "lost", about: "a writer of two updates, lost answers, a rollup", actors: [twice, rollup], lost: 1, ticks: 1 },
  { name: "crash", about: "a writer and a rollup that crash and begin again", actors: [writerA, rollups], crash: 1, ticks: 1 },
  { name: "clock", about: "a writer whose clock jumps, a rollup", actors: [{ ...twice, jumpyMs: 2 }, rollup], ticks: 2 },
  { name: "copies", about: "two writers, a late or lost PUT, a rollup", actors: [writerA, writerB, rollup], late: 1, ticks: 0 },
  { name: "rollups", about: "two writers, two rollups", actors: [writerA, writerB, rollup, rollup], ticks: 0 },
  { name: "unclear", about: "a writer, two rollups that lose answers", actors: [writerA, rollup, rollup], lost: 1, ticks: 0 },
  { name: "collector", about: "a writer whose PUT lands again after it was collected", actors: [writerA, writerB, rollup, { role: "collector", times: 1 }], late: 1, ticks: 0 },
  { name: "pages", about: "a rollup that looks first, LIST pages of one key", actors: [writerA, writerB, { ...rollup, peek: true }], ticks: 1, pageKeys: 1 },
  { name: "reader", about: "a reader with its tail", actors: [writerA, writerB, rollup, { role: "reader", times: 2, tail: true }], ticks: 1 },
  { name: "inline", about: "a reader that misses a segment between two polls", actors: [twice, rollups, { role: "reader", times: 2 }], ticks: 1 },
  { name: "merge", about: "a merge between publications", actors: [{ ...twice, times: 3 }, { ...rollup, times: 3 }, merger, { role: "reader", times: 1 }], ticks: 0 },
  { name: "merges", about: "two merges of the same inputs", actors: [{ ...twice, times: 3 }, { ...rollup, times: 3 }, merger, merger], ticks: 0 },
  { name: "marks", about: "marks written, then a cold rollup and a late copy", actors: [writerA, writerB, rollups, marker, rollup], late: 1, ticks: 0 },
  { name: "snapshot", about: "a snapshot beside a rollup, a reader that loads it", actors: [writerA, rollups, snapshotter, { role: "reader", times: 1, tail: true, snapshots: true }], late: 1, ticks: 0 },
  { name: "retire", about: "marks and a snapshot, then the oldest segments leave the list", actors: [twice, rollups, marker, snapshotter, { role: "retirer", times: 1 }], ticks: 0 },
  { name: "sweep", about: "sweeps that raise linkFrom and delete beside a merge that is slow", actors: [{ ...twice, times: 3 }, { ...rollup, times: 3 }, merger, { role: "sweeper", times: 3 }], ticks: 0 },
  {
    name: "all",
    about: "two writers, two rollups, a collector, a reader, a merge, a snapshot",
    actors: [writerA, writerB, rollup, rollup, { role: "collector", times: 1 }, { role: "reader", times: 1, tail: true }, merger, snapshotter],
    ticks: 0,
  },
];
