/** The invariants of docs/protocol.md, "What always holds" that a world can show, apart from the code that is checked. */
import type { Json } from "../../shared/json.ts";
import { type Head, parseHead } from "../../shared/wire/head.ts";
import { parseHistoryIndex } from "../../shared/wire/history.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { parseSegment, type Segment } from "../../shared/wire/segment.ts";
import { parseSnapshot } from "../../shared/wire/snapshot.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { type Memory, store } from "./actors.ts";
import type { Scenario } from "./transitions.ts";
import type { World } from "./world.ts";

const heads = new WeakMap<object, Head | string>();
const segments = new WeakMap<object, Segment | string>();

/** What is broken in this world, given the one before it; undefined when all holds. */
export function violation(before: World, world: World, scenario: Scenario): string | undefined {
  const head = headOf(world);
  if (typeof head === "string") return `4: the head is not well formed: ${head}`;
  const log = logOf(world, head);
  if (typeof log === "string") return log;
  return (
    lostOrDoubled(world, head, log) ??
    moved(before, head, log) ??
    snapshots(world, head, log) ??
    readers(world, scenario, log)
  );
}

function headOf(world: World): Head | string {
  const body = world.objects[headKey(store)]?.body as object | undefined;
  if (!body) return "it is gone";
  let head = heads.get(body);
  if (head === undefined) {
    const parsed = parseHead(body);
    head = parsed.ok ? parsed.value : parsed.reason;
    heads.set(body, head);
  }
  return head;
}

function segmentOf(body: Json): Segment | string {
  let segment = segments.get(body as object);
  if (segment === undefined) {
    const parsed = parseSegment(body);
    segment = parsed.ok ? parsed.value : parsed.reason;
    segments.set(body as object, segment);
  }
  return segment;
}

/** All published updates, through the history's indexes and the listed segments. */
function logOf(world: World, head: Head): readonly StampedUpdate[] | string {
  const entries = [...head.segments];
  let pointer = head.history;
  while (pointer) {
    const body = world.objects[pointer.key]?.body;
    const index = body === undefined ? undefined : parseHistoryIndex(body);
    if (!index?.ok) return `7: the index ${pointer.key} is missing`;
    entries.unshift(...index.value.segments);
    pointer = index.value.before;
  }
  const log: StampedUpdate[] = [];
  for (const entry of entries) {
    const body = world.objects[entry.key]?.body;
    if (body === undefined) return `7: the listed segment ${entry.key} is missing`;
    const segment = segmentOf(body);
    if (typeof segment === "string") return `7: segment ${entry.key}: ${segment}`;
    if (segment.hash !== entry.hash) return `4: segment ${entry.key} is not the one that was linked`;
    log.push(...segment.updates);
  }
  if (head.marks && !world.objects[head.marks.key]) return `7: the marks ${head.marks.key} are missing`;
  return log;
}

function lostOrDoubled(world: World, head: Head, log: readonly StampedUpdate[]): string | undefined {
  const seen = new Map<string, Timestamp>();
  const seqs = new Map<string, number>();
  for (const { id, app, seq, timestamp } of log) {
    if (seen.has(id)) return `1: update ${name(id)} is published twice`;
    seen.set(id, timestamp);
    if (seq <= (seqs.get(app) ?? 0)) return `5: update ${name(id)} comes after a later one of its app`;
    seqs.set(app, seq);
  }
  for (const { id, timestamp } of world.acknowledged) {
    const published = seen.get(id);
    if (published === undefined && head.publishedThrough >= timestamp)
      return `1: update ${name(id)} was acknowledged and is lost`;
    if (published !== undefined && published > timestamp)
      return `1: update ${name(id)} was published later than acknowledged`;
  }
  return undefined;
}

function moved(beforeWorld: World, head: Head, log: readonly StampedUpdate[]): string | undefined {
  const before = headOf(beforeWorld);
  if (typeof before === "string" || before === head) return undefined;
  const old = logOf(beforeWorld, before);
  if (typeof old === "string") return undefined;
  for (const member of ["rev", "sealedThrough", "publishedThrough", "floor", "linkFrom"] as const)
    if (head[member] < before[member]) return `4: ${member} went back`;
  if (old.some((update, i) => log[i]?.id !== update.id))
    return "3: the published log changed behind publishedThrough";
  const late = log.slice(old.length).find((update) => update.timestamp <= before.publishedThrough);
  return late ? `3: update ${name(late.id)} entered at or below publishedThrough` : undefined;
}

function snapshots(world: World, head: Head, log: readonly StampedUpdate[]): string | undefined {
  for (const entry of Object.values(head.snapshots)) {
    const body = world.objects[entry.key]?.body;
    const snapshot = body === undefined ? undefined : parseSnapshot(body);
    if (!snapshot?.ok) return `7: the listed snapshot ${entry.key} is missing`;
    const expected = idsUpTo(log, snapshot.value.through);
    if (JSON.stringify(snapshot.value.state) !== JSON.stringify(expected))
      return "2: a snapshot is not the fold of its updates";
    if (entry.through < head.floor) return "4: a listed snapshot lies below the floor";
  }
  return undefined;
}

function readers(world: World, scenario: Scenario, log: readonly StampedUpdate[]): string | undefined {
  for (const [i, spec] of scenario.actors.entries()) {
    if (spec.role !== "reader") continue;
    const memory = world.actors[i]?.memory as unknown as Memory;
    const confirmed = memory.log;
    if (!memory.held || memory.phase !== "read") continue;
    const all = idsUpTo(log, Number.MAX_SAFE_INTEGER as Timestamp);
    const expected = spec.wrong ? all.slice(0, confirmed.length) : idsUpTo(log, memory.held.position);
    if (JSON.stringify(confirmed) !== JSON.stringify(expected))
      return "6: a reader's confirmed state is not the log up to its position";
    const ids = memory.shown.map((text) => text.split("@")[0]);
    if (new Set(ids).size !== ids.length) return "6: a reader was shown an update twice";
  }
  return undefined;
}

function idsUpTo(log: readonly StampedUpdate[], through: Timestamp): readonly string[] {
  return log.filter((update) => update.timestamp <= through).map(({ id, timestamp }) => `${id}@${timestamp}`);
}

/** `…0A1` as `A1`. */
function name(id: string): string {
  return id.slice(-2) + (id.at(-3) === "X" ? " (copy)" : "");
}
