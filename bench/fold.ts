/**
 * Measures of the fold, each beside a floor or a peer in the same run: replaying a log, one dispatch, loading a snapshot.
 *
 * Rounds of both sides alternate and medians are taken, because machines are shared. Run some with
 * `npx tsx bench/fold.ts replay|dispatch|load`.
 */
import { createStore } from "tinybase";
import { monotonicFactory } from "ulid";
import { z } from "zod";
import {
  createFold,
  defineModel,
  type Fold,
  type FoldUpdate,
  type Json,
  table,
  validateAction,
} from "../shared/index.ts";
import { type ActionId, type AppId, parseAppId } from "../shared/wire/ids.ts";
import { toTimestamp } from "../shared/wire/time.ts";

/** `ratio` is ours against theirs, above 1 where we are slower; `target` is its upper limit. */
export interface Measure {
  readonly name: string;
  readonly ratio: number;
  readonly target: number;
  readonly oursUs: number;
  readonly theirsUs: number;
}

interface Row {
  readonly title: string;
  readonly n: number;
  readonly done: boolean;
}

const patchSchema = z.object({ id: z.string(), n: z.number() });
const addSchema = z.object({ id: z.string(), title: z.string() });

const model = defineModel({
  name: "bench",
  version: 1,
  state: { rows: table<Row>() },
  actions: (action) => ({
    patchRow: action(patchSchema, (state, { id, n }) => state.rows.patch(id, { n })),
    addRow: action(addSchema, (state, { id, title }) =>
      state.rows.addIfAbsent(id, { title, n: 0, done: false }),
    ),
  }),
});

const app = parseAppId("01ARZ3NDEKTSV4RRFFQ69G5FAA") as AppId;

/** Replay of a log: segments of 1,000 updates as JSON text, 100,000 entities, `perUpdate` actions an update. */
export function measureReplay(perUpdate: number, actions = 1_000_000, entities = 100_000): Measure {
  const random = newRandom(perUpdate);
  const fold = createFold(model);
  fold.load(newState(entities) as Json, 1, toTimestamp(1));
  const map = new Map(Object.entries((newState(entities) as { rows: Record<string, Row> }).rows));
  const ours: number[] = [];
  const theirs: number[] = [];
  const segments = actions / (1_000 * perUpdate);
  for (let i = 0; i < segments; i++) {
    const text = newSegment(i, perUpdate, entities, random);
    const sides = [
      () => ours.push(timed(() => replayFold(fold, text))),
      () => theirs.push(timed(() => replayBare(map, text))),
    ];
    for (const side of i % 2 === 0 ? sides : sides.reverse()) side();
  }
  assertEqual(map.size, fold.state().rows.size);
  const warm = Math.floor(segments / 10);
  return compared(
    `replay, ${perUpdate} per update`,
    1 / 0.8,
    1_000 * perUpdate,
    ours.slice(warm),
    theirs.slice(warm),
  );
}

/** One dispatch in memory at a size, beside TinyBase's setPartialRow with a listener. */
export function measureDispatch(entities: number, dispatches = 4_000, rounds = 15): Measure {
  const fold = createFold(model);
  fold.load(newState(entities) as Json, 1, toTimestamp(1));
  const ourDispatch = newDispatch(fold);
  const peer = createStore();
  peer.setTable("rows", (newState(entities) as { rows: Record<string, never> }).rows);
  let told = 0;
  peer.addRowListener("rows", null, () => {
    told += 1;
  });
  const random = newRandom(entities);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const ids = Array.from({ length: dispatches }, () => keyOf(random(entities)));
    const sides = [
      () =>
        ours.push(
          timed(() =>
            ids.forEach((id, i) => {
              ourDispatch(id, round * dispatches + i);
            }),
          ),
        ),
      () =>
        theirs.push(
          timed(() =>
            ids.forEach((id, i) => void peer.setPartialRow("rows", id, { n: round * dispatches + i + 1 })),
          ),
        ),
    ];
    for (const side of round % 2 === 0 ? sides : sides.reverse()) side();
  }
  assertEqual(told > 0, true);
  return compared(`dispatch at ${entities}`, 1, dispatches, ours.slice(2), theirs.slice(2));
}

/** Loading a snapshot: parse, decode, into a fold; beside JSON.parse and a walk that only visits. */
export function measureLoad(entities = 100_000, rounds = 15): Measure {
  const text = JSON.stringify(newState(entities));
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sides = [
      () => ours.push(timed(() => createFold(model).load(JSON.parse(text) as Json, 1, toTimestamp(1)))),
      () => theirs.push(timed(() => walk(JSON.parse(text)))),
    ];
    for (const side of round % 2 === 0 ? sides : sides.reverse()) side();
  }
  return compared(`load ${entities}`, 2, 1, ours.slice(3), theirs.slice(3));
}

export function measureAllReplays(): readonly Measure[] {
  return [measureReplay(1), measureReplay(10)];
}

/** At three sizes; the growth from the least to the largest is a measure of its own. */
export function measureAllDispatches(): readonly Measure[] {
  const measures = [100, 100_000, 1_000_000].map((entities) => measureDispatch(entities));
  const [least, , largest] = measures as [Measure, Measure, Measure];
  const growth = { oursUs: largest.oursUs, theirsUs: least.oursUs, ratio: largest.oursUs / least.oursUs };
  return [...measures, { name: "dispatch growth, 100 to 1,000,000", target: 3, ...growth }];
}

/** `replay, 10 per update: 1.07 (at most 1.25), 0.61 us against 0.57 us`. */
export function formatMeasure({ name, ratio, target, oursUs, theirsUs }: Measure): string {
  const times = `${oursUs.toFixed(2)} us against ${theirsUs.toFixed(2)} us`;
  return `${name}: ${ratio.toFixed(2)} (at most ${target.toFixed(2)}), ${times}`;
}

function newDispatch(fold: Fold<{ rows: unknown }>): (id: string, n: number) => void {
  const newId = monotonicFactory();
  let seen: unknown;
  const tell = (state: unknown): void => {
    seen = state;
  };
  return (id, n) => {
    const outcome = validateAction(model, "patchRow", { id, n });
    if (!outcome.ok) throw new Error("the bench's action is not valid");
    const actionId = newId() as ActionId;
    const timestamp = toTimestamp(fold.position + 1);
    const actions = [{ id: actionId, name: "patchRow", data: outcome.data }];
    fold.apply([{ timestamp, app, seq: 1, after: toTimestamp(0), modelVersion: 1, actions }], timestamp);
    const before = seen;
    tell(fold.state());
    if (before === seen) throw new Error("a dispatch did not make a new state");
  };
}

function replayFold(fold: Fold, text: string): void {
  const { updates } = JSON.parse(text) as { updates: FoldUpdate[] };
  const report = fold.apply(updates, updates[updates.length - 1]?.timestamp ?? fold.position);
  assertEqual(report.rejected.length, 0);
}

/** The floor: the same text parsed, the same schema, the same change in place, and nothing else. */
function replayBare(map: Map<string, Row>, text: string): void {
  const { updates } = JSON.parse(text) as { updates: FoldUpdate[] };
  for (const update of updates) {
    for (const action of update.actions) {
      if (action.name === "patchRow") {
        const { id, n } = patchSchema.parse(action.data);
        const row = map.get(id) as { n: number } | undefined;
        if (row !== undefined) row.n = n;
      } else {
        const { id, title } = addSchema.parse(action.data);
        if (!map.has(id)) map.set(id, { title, n: 0, done: false });
      }
    }
  }
}

function newSegment(
  index: number,
  perUpdate: number,
  entities: number,
  random: (below: number) => number,
): string {
  const updates = Array.from({ length: 1_000 }, (_, i) => {
    const seq = index * 1_000 + i + 1;
    const actions = Array.from({ length: perUpdate }, (_none, k) =>
      newAction(seq * perUpdate + k, entities, random),
    );
    const id = ulidOf(seq);
    return { timestamp: 1_000 + seq, id, app, seq, after: "20261121T090503.209Z", modelVersion: 1, actions };
  });
  return JSON.stringify({ updates });
}

/** Nine patches to one addition, of which some meet an entity that is there. */
function newAction(n: number, entities: number, random: (below: number) => number): Json {
  const id = ulidOf(n);
  if (n % 10 !== 0) return { id, name: "patchRow", data: { id: keyOf(random(entities)), n } };
  return { id, name: "addRow", data: { id: keyOf(random(entities * 2)), title: `Row number ${n}` } };
}

function newState(entities: number): unknown {
  const rows: Record<string, Row> = {};
  for (let i = 0; i < entities; i++) rows[keyOf(i)] = { title: `Row number ${i}`, n: 0, done: i % 3 === 0 };
  return { rows };
}

/** Not an array index as text: those are kept apart by every engine. */
function keyOf(i: number): string {
  return `row-${String(i).padStart(8, "0")}`;
}

function ulidOf(n: number): string {
  return `01ARZ3NDEK${String(n).padStart(16, "0")}`;
}

function walk(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) for (const item of value) walk(item);
  else for (const key in value) walk((value as Record<string, unknown>)[key]);
}

/** Both sides of a round ran one after the other, so their ratio hardly feels what else the machine does; its median is taken. */
function compared(
  name: string,
  target: number,
  perRound: number,
  ours: readonly number[],
  theirs: readonly number[],
): Measure {
  const ratio = median(ours.map((time, i) => time / (theirs[i] ?? Number.NaN)));
  const each = (times: readonly number[]): number => (median(times) * 1_000) / perRound;
  return { name, ratio, target, oursUs: each(ours), theirsUs: each(theirs) };
}

/** Milliseconds. */
function timed(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function newRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function assertEqual(one: unknown, two: unknown): void {
  if (one !== two) throw new Error(`the bench compares unequal work: ${String(one)} and ${String(two)}`);
}

const measures: Readonly<Record<string, () => readonly Measure[]>> = {
  replay: measureAllReplays,
  dispatch: measureAllDispatches,
  load: () => [measureLoad()],
};

if (process.argv[1]?.endsWith("fold.ts") === true) {
  const asked = process.argv.slice(2).filter((name) => name in measures);
  for (const name of asked.length > 0 ? asked : Object.keys(measures)) {
    for (const measure of measures[name]?.() ?? []) console.log(formatMeasure(measure));
  }
}
