/**
 * Breadth-first search over the small world: every interleaving, shortest trace first.
 *
 * Worlds are told apart by interned numbers of their parts (exact, no hashing); immutable parts are shared between worlds, so
 * that each is written out once.
 */
import { encodeHead, newHead } from "../../shared/wire/head.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { freshMemory, store } from "./actors.ts";
import { violation } from "./invariants.ts";
import { playPrelude, type Scenario, settleAll, transitions } from "./transitions.ts";
import { type Actor, internHash, type World, worldStart } from "./world.ts";

export interface Found {
  readonly scenario: string;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** False when the bound on states or time ended the search. */
  readonly complete: boolean;
  readonly seconds: number;
  readonly violation?: string;
  readonly trace?: readonly string[];
}

export interface Bounds {
  readonly statesMax: number;
  readonly secondsMax: number;
}

export function search(scenario: Scenario, bounds: Bounds): Found {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const { world: first, labels: prelude } = playPrelude(settleAll(firstWorld(scenario), scenario), scenario);
  const seen = new Set<string>([keyOf(first)]);
  const parents: number[] = [-1];
  const labels: string[] = [["the store is made", ...prelude].join("\n")];
  let level: { readonly id: number; readonly world: World }[] = [{ id: 0, world: first }];
  let depth = 0;
  let edges = 0;
  const result = (complete: boolean) => ({
    scenario: scenario.name,
    states: seen.size,
    transitions: edges,
    depth,
    complete,
    seconds: seconds(),
  });
  const traceTo = (id: number, last: string) => {
    const trace = [last];
    for (let at = id; at >= 0; at = parents[at] ?? -1) trace.unshift(labels[at] ?? "");
    return trace.flatMap((line) => line.split("\n"));
  };
  while (level.length > 0) {
    const next: typeof level = [];
    depth += 1;
    for (const { id, world } of level) {
      for (const { label, world: after, broken } of transitions(world, scenario)) {
        edges += 1;
        const key = keyOf(after);
        if (broken === undefined && seen.has(key)) continue;
        const wrong = broken ?? violation(world, after, scenario);
        if (wrong !== undefined) return { ...result(true), violation: wrong, trace: traceTo(id, label) };
        seen.add(key);
        parents.push(id);
        labels.push(intern(label));
        next.push({ id: parents.length - 1, world: after });
      }
      if (seen.size > bounds.statesMax || ((edges & 255) === 0 && seconds() > bounds.secondsMax))
        return result(false);
    }
    level = next;
  }
  return result(true);
}

function firstWorld(scenario: Scenario): World {
  const body = encodeHead(newHead("e", "e"));
  const actor: Actor = { memory: freshMemory as never, volatile: null, pending: null, writes: 0 };
  return {
    now: worldStart,
    objects: { [headKey(store)]: { body, etag: internHash(JSON.stringify(body)), modified: worldStart } },
    flying: [],
    budget: {
      late: scenario.late ?? 0,
      lost: scenario.lost ?? 0,
      crash: scenario.crash ?? 0,
      ticks: scenario.ticks,
    },
    actors: scenario.actors.map(() => actor),
    acknowledged: [],
  };
}

const texts = new Map<string, number>();
const parts = new WeakMap<object, number>();
const labelTexts = new Map<string, string>();

/** One text per label, however often it stands in a trace. */
function intern(label: string): string {
  const known = labelTexts.get(label);
  if (known === undefined) labelTexts.set(label, label);
  return known ?? label;
}

function keyOf(world: World): string {
  const { now, budget, actors, flying } = world;
  const flights = flying
    .map((one) => part(one.request))
    .sort()
    .join(",");
  const acknowledged = world.acknowledged
    .map(({ id, timestamp }) => id + timestamp)
    .sort()
    .join(",");
  const rest = [number(acknowledged), flights, budget.late, budget.lost, budget.crash, budget.ticks].join(
    ";",
  );
  return `${now - worldStart}|${actors.map(part).join(",")}|${objectsPart(world.objects)}|${rest}`;
}

function part(value: object): number {
  const known = parts.get(value);
  if (known !== undefined) return known;
  const found = number(JSON.stringify(value));
  parts.set(value, found);
  return found;
}

function objectsPart(objects: World["objects"]): number {
  const known = parts.get(objects);
  if (known !== undefined) return known;
  const text = Object.keys(objects)
    .sort()
    .map((key) => `${key}=${objects[key]?.etag}@${objects[key]?.modified}`)
    .join("|");
  const found = number(text);
  parts.set(objects, found);
  return found;
}

function number(text: string): number {
  const known = texts.get(text);
  if (known !== undefined) return known;
  texts.set(text, texts.size);
  return texts.size - 1;
}
