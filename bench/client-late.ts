/**
 * A late update that belongs 1,000 places before the end, beside folding those 1,000. It comes in two ways: in the tail (`setTail`, as
 * the client shows it), and in the log (`confirm`: it is published before what the tail already showed). States that are kept on the way
 * bound what is redone; how many actions the model ran is counted, and gated.
 */

import { z } from "zod";
import { createFold } from "../shared/fold/fold.ts";
import type { FoldUpdate } from "../shared/fold/fold-update.ts";
import { createLayers } from "../shared/fold/layers.ts";
import { defineModel, type Json, table } from "../shared/index.ts";
import { parseActionId, parseAppId } from "../shared/wire/ids.ts";
import { toTimestamp } from "../shared/wire/time.ts";
import { type Contender, median, ratioOf, timedBy, timeInRounds } from "./client-rounds.ts";
import { newRow, type Row, rowKey } from "./page/rows.ts";

export interface LateMeasure {
  readonly name: string;
  readonly places: number;
  readonly us: number;
  readonly foldUs: number;
  readonly ratio: number;
  /** Actions that the model ran for one late update. */
  readonly runs: number;
  readonly runsMax: number;
}

const places = 1_000;
const tailLength = 5_000;
/** How far apart states are kept (shared/fold/line.ts). */
const spacing = 256;
const rounds = { rounds: 21, warm: 6 };
const start = 1_000;
const names = { tail: "late in the tail", log: "late in the log", fold: "fold" } as const;

let runs = 0;

const model = defineModel({
  name: "bench",
  version: 1,
  state: { rows: table<Row>() },
  actions: (action) => ({
    patchRow: action(z.object({ id: z.string(), n: z.number() }), (state, { id, n }) => {
      runs += 1;
      state.rows.patch(id, { n });
    }),
  }),
});

export async function measureLate(entities: number): Promise<readonly LateMeasure[]> {
  const tail = Array.from({ length: tailLength }, (_, i) => newUpdate(i, start + 2 * (i + 1), entities));
  const at = tailLength - places;
  const late = newUpdate(tailLength, start + 2 * at + 1, entities);
  const withLate = [...tail.slice(0, at), late, ...tail.slice(at)];
  const folded = foldContender(tail.slice(at), entities);
  const inTail = tailContender({ tail, withLate }, entities);
  const inLog = logContender({ tail, withLate }, entities);
  const times = await timeInRounds([inTail, inLog, folded], rounds);
  const fold = timedBy(names.fold, times);
  return [inTail, inLog].map(({ name, counted }) => {
    const ours = timedBy(name, times);
    return {
      name,
      places,
      us: median(ours.us),
      foldUs: median(fold.us),
      ratio: ratioOf(ours, fold),
      runs: counted(),
      runsMax: places + 1 + spacing,
    };
  });
}

interface Logs {
  readonly tail: readonly FoldUpdate[];
  readonly withLate: readonly FoldUpdate[];
}

type Counted = Contender & { readonly counted: () => number };

function tailContender({ tail, withLate }: Logs, entities: number): Counted {
  const layers = createLayers(loadedFold(entities));
  let most = 0;
  layers.setTail(tail);
  layers.states();
  return {
    name: names.tail,
    perRound: 1,
    async run() {
      const before = runs;
      layers.setTail(withLate);
      layers.states();
      most = Math.max(most, runs - before);
    },
    async after() {
      layers.setTail(tail);
      layers.states();
    },
    counted: () => most,
  };
}

/** Each round needs layers of its own, because what is confirmed stays so. */
function logContender({ tail, withLate }: Logs, entities: number): Counted {
  const through = tail[tail.length - 1]?.timestamp ?? toTimestamp(start);
  let layers = fresh();
  let most = 0;
  function fresh() {
    const made = createLayers(loadedFold(entities));
    made.setTail(tail);
    made.states();
    return made;
  }
  return {
    name: names.log,
    perRound: 1,
    async run() {
      const before = runs;
      layers.confirm(withLate, through);
      layers.states();
      most = Math.max(most, runs - before);
    },
    async after() {
      layers = fresh();
    },
    counted: () => most,
  };
}

/** On a state that somebody holds, as the layers' is. */
function foldContender(updates: readonly FoldUpdate[], entities: number): Contender {
  const fold = loadedFold(entities);
  const first = fold.state();
  const through = updates[updates.length - 1]?.timestamp ?? fold.position;
  return {
    name: names.fold,
    perRound: 1,
    async run() {
      fold.apply(updates, through);
      fold.state();
    },
    after: async () => fold.rewind(first, toTimestamp(start)),
  };
}

function loadedFold(entities: number) {
  const rows = Object.fromEntries(Array.from({ length: entities }, (_, i) => [rowKey(i), { ...newRow(i) }]));
  const fold = createFold(model);
  fold.load({ rows } as unknown as Json, 1, toTimestamp(start));
  return fold;
}

function newUpdate(i: number, at: number, entities: number): FoldUpdate {
  const app = parseAppId("01ARZ3NDEKTSV4RRFFQ69G5FAA");
  const id = parseActionId(`01ARZ3NDEK${String(i).padStart(16, "0")}`);
  if (!app || !id) throw new Error("a bench id is no ULID");
  const actions = [{ id, name: "patchRow", data: { id: rowKey((i * 7_919) % entities), n: i } }];
  return { timestamp: toTimestamp(at), app, seq: i + 1, after: toTimestamp(0), modelVersion: 1, actions };
}
