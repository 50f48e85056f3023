/** The small worlds that are searched: each bounds what would never end, and together they hold every part of the protocol. */
import type { PreludeStep, Scenario } from "./transitions.ts";

const writerA = { role: "writer", times: 1, app: 0 } as const;
const writerB = { role: "writer", times: 1, app: 1 } as const;
const twice = { role: "writer", times: 2, app: 0 } as const;
const rollup = { role: "rollup", times: 1 } as const;
const rollups = { role: "rollup", times: 2 } as const;
const merger = { role: "merger", times: 1 } as const;
const marker = { role: "marker", times: 1 } as const;
const snapshotter = { role: "snapshotter", times: 1 } as const;

const thrice = { role: "writer", times: 3, app: 0 } as const;

/** A writer (actor 0) and a rollup (actor 1) in turn: three segments, of which a merge may take two. */
const threeSegments = [
  { run: 0 },
  { run: 1 },
  "tick",
  { run: 0 },
  { run: 1 },
  "tick",
  { run: 0 },
  { run: 1 },
] as const satisfies readonly PreludeStep[];

export const scenarios: readonly Scenario[] = [
  { name: "seal", about: "two writers and a rollup", actors: [writerA, writerB, rollup], ticks: 1 },
  {
    name: "late",
    about: "a writer whose PUT lands late or twice, a rollup",
    actors: [writerA, rollups],
    late: 1,
    ticks: 1,
  },
  {
    name: "lost",
    about: "a writer of two updates, lost answers, a rollup",
    actors: [twice, rollup],
    lost: 1,
    ticks: 1,
  },
  {
    name: "crash",
    about: "a writer and a rollup that crash and begin again",
    actors: [writerA, rollups],
    crash: 1,
    ticks: 1,
  },
  {
    name: "clock",
    about: "a writer whose clock jumps, a rollup",
    actors: [{ ...twice, jumpyMs: 2 }, rollup],
    ticks: 2,
  },
  {
    name: "copies",
    about: "two writers, a late or lost PUT, a rollup",
    actors: [writerA, writerB, rollup],
    late: 1,
    ticks: 0,
  },
  {
    name: "rollups",
    about: "two writers, two rollups",
    actors: [writerA, writerB, rollup, rollup],
    ticks: 0,
  },
  {
    name: "unclear",
    about: "a writer, two rollups that lose answers",
    actors: [writerA, rollup, rollup],
    lost: 1,
    ticks: 0,
  },
  {
    name: "collector",
    about: "a writer whose PUT lands again after it was collected",
    actors: [writerA, writerB, rollup, { role: "collector", times: 1 }],
    late: 1,
    ticks: 0,
  },
  {
    name: "pages",
    about: "a rollup that looks first, LIST pages of one key",
    actors: [writerA, writerB, { ...rollup, peek: true }],
    ticks: 1,
    pageKeys: 1,
  },
  {
    name: "reader",
    about: "a reader with its tail",
    actors: [writerA, writerB, rollup, { role: "reader", times: 1, tail: true }],
    ticks: 1,
  },
  {
    name: "inline",
    about: "a reader that misses a segment between two polls",
    actors: [twice, rollups, { role: "reader", times: 2 }],
    ticks: 1,
  },
  {
    name: "marks",
    about: "marks that are behind, a writer that tries again at a later time, a cold rollup",
    actors: [writerA, writerB, { ...rollup, times: 2 }, marker, rollup],
    prelude: [{ run: 1 }, { run: 2 }, { run: 3 }, "tick"],
    ticks: 1,
  },
  {
    name: "merge",
    about: "a merge beside a publication and a reader",
    actors: [thrice, { ...rollup, times: 4 }, merger, { role: "reader", times: 1 }],
    prelude: threeSegments,
    lost: 1,
    ticks: 0,
  },
  {
    name: "merges",
    about: "two merges of the same inputs",
    actors: [thrice, { ...rollup, times: 4 }, merger, merger],
    prelude: threeSegments,
    crash: 1,
    lost: 1,
    ticks: 0,
  },
  {
    name: "snapshot",
    about: "a snapshot beside a rollup, readers that load it",
    actors: [
      thrice,
      { ...rollup, times: 4 },
      snapshotter,
      { role: "reader", times: 1, tail: true, snapshots: true },
    ],
    prelude: threeSegments.slice(0, 5),
    ticks: 1,
  },
  {
    name: "snapshots",
    about: "two snapshots of different moments",
    actors: [thrice, { ...rollup, times: 4 }, snapshotter, snapshotter],
    prelude: threeSegments.slice(0, 5),
    ticks: 0,
  },
  {
    name: "retire",
    about: "the oldest segments leave the list while a snapshot and marks are behind",
    actors: [
      thrice,
      { ...rollup, times: 4 },
      marker,
      snapshotter,
      { role: "retirer", times: 2 },
      { role: "reader", times: 1, snapshots: true },
    ],
    prelude: [...threeSegments.slice(0, 2), { run: 3 }, ...threeSegments.slice(2), { run: 2 }],
    ticks: 0,
  },
  {
    name: "retireMarks",
    about: "retiring while the marks are behind, a writer that tries again, a cold rollup",
    actors: [
      twice,
      { ...rollup, times: 3 },
      { ...marker, times: 2 },
      writerB,
      { role: "retirer", times: 1 },
      rollup,
    ],
    prelude: [
      { run: 0 },
      { run: 1 },
      { run: 2 },
      "tick",
      { pick: 3, label: "begins" },
      { pick: 3, label: "answer lost" },
      { run: 1 },
      "tick",
      { run: 0 },
      { run: 1 },
    ],
    lost: 1,
    ticks: 1,
  },
  {
    name: "sweep",
    about: "sweeps that raise linkFrom and delete beside a merge that is slow",
    actors: [
      thrice,
      { ...rollup, times: 4 },
      merger,
      { role: "sweeper", times: 3 },
      { role: "reader", times: 1 },
    ],
    prelude: threeSegments,
    ticks: 0,
  },
  {
    name: "sweepRollup",
    about: "sweeps beside two rollups, of which one loses its link",
    actors: [writerA, rollup, rollup, { role: "sweeper", times: 3 }],
    prelude: [{ run: 0 }],
    ticks: 0,
  },
  {
    name: "all",
    about: "two writers, two rollups, a collector, a reader, a merge, a snapshot",
    actors: [
      thrice,
      writerB,
      { ...rollup, times: 4 },
      rollup,
      { role: "collector", times: 1 },
      { role: "reader", times: 1, tail: true },
      merger,
      snapshotter,
    ],
    prelude: threeSegments.map((step) => (step !== "tick" && step.run === 1 ? { run: 2 } : step)),
    ticks: 0,
  },
];
