/**
 * The actors of the small world: what each one runs, what it keeps through a crash, and what an outcome means to it.
 *
 * A role's `begin` gives the next program with its input, or null when its work is done; `finish` turns an outcome into new memory.
 */
import type { Json } from "../../shared/json.ts";
import { type AppendOutcome, append } from "../../shared/log/append.ts";
import { collectBuilt } from "../../shared/log/collect-built.ts";
import { collectRaw } from "../../shared/log/collect-raw.ts";
import type { Held } from "../../shared/log/held.ts";
import type { WarmMarks } from "../../shared/log/marks-read.ts";
import { merge } from "../../shared/log/merge.ts";
import type { Program, ReplicaRequest } from "../../shared/log/program.ts";
import { type PublishOutcome, publish } from "../../shared/log/publish.ts";
import { type ReadOutcome, read } from "../../shared/log/read.ts";
import { retire } from "../../shared/log/retire.ts";
import { type TailOutcome, tail } from "../../shared/log/tail.ts";
import { writeMarks } from "../../shared/log/write-marks.ts";
import { writeSnapshot } from "../../shared/log/write-snapshot.ts";
import type { AppId, StoreId, UpdateId } from "../../shared/wire/ids.ts";
import { toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import type { Acknowledged } from "./world.ts";
import { internHash } from "./world.ts";

export type RoleName =
  | "writer"
  | "rollup"
  | "collector"
  | "sweeper"
  | "merger"
  | "marker"
  | "retirer"
  | "snapshotter"
  | "reader";

export interface ActorSpec {
  readonly role: RoleName;
  /** Updates to write, rounds to roll, polls to do … */
  readonly times: number;
  /** Writers: which app, and from which seq on. */
  readonly app?: number;
  readonly firstSeq?: number;
  /** Writers: the local clock may be this much ahead at any moment. Rollups: look before sealing. */
  readonly jumpyMs?: number;
  readonly peek?: boolean;
  /** Readers: show the tail too; load snapshots. */
  readonly tail?: boolean;
  readonly snapshots?: boolean;
  /** What a wrong caller would do; for mutants only. */
  readonly wrong?: "positionIsLargestSeen" | "seqSpentTwice" | "cachedHead";
}

export const store = "s" as StoreId;

type AnyProgram = Program<unknown, Json, unknown>;

const programs = {
  append,
  publish,
  collectRaw,
  collectBuilt,
  merge,
  writeMarks,
  retire,
  writeSnapshot,
  read,
  tail,
};

/** A program by name. Its state is plain JSON to the search, which hands it back unchanged. */
export function programOf(name: string): AnyProgram {
  return programs[name as keyof typeof programs] as unknown as AnyProgram;
}

/** What an actor remembers. One shape for all roles; each uses its part. */
export interface Memory {
  readonly count: number;
  readonly tries: number;
  readonly after: number;
  readonly sent: number;
  readonly phase: "read" | "then";
  readonly held: Held | null;
  /** The replica: ids of confirmed updates in order; for snapshots and readers. */
  readonly log: readonly string[];
  readonly shown: readonly string[];
  readonly base: string | null;
}

export const freshMemory: Memory = {
  count: 0,
  tries: 0,
  after: 0,
  sent: 0,
  phase: "read",
  held: null,
  log: [],
  shown: [],
  base: null,
};

export interface Beginning {
  readonly program: string;
  readonly input: unknown;
}

export function begin(spec: ActorSpec, memory: Memory, volatile: Json): Beginning | null {
  if (memory.count >= spec.times || memory.tries > 1) return null;
  switch (spec.role) {
    case "writer":
      return { program: "append", input: appendInput(spec, memory) };
    case "rollup":
      return {
        program: "publish",
        input: { store, hint: spec.peek !== true, warm: volatile as WarmMarks | null },
      };
    case "collector":
      return { program: "collectRaw", input: { store, through: null } };
    case "sweeper":
      return { program: "collectBuilt", input: { store } };
    case "merger":
      return { program: "merge", input: { store } };
    case "marker":
      return { program: "writeMarks", input: { store, warm: null } };
    case "retirer":
      return { program: "retire", input: { store } };
    case "snapshotter":
      return memory.phase === "read" ? readBeginning(spec, memory) : snapshotBeginning(memory);
    case "reader":
      return memory.phase === "read" || !memory.held
        ? readBeginning(spec, memory)
        : tailBeginning(memory.held);
  }
}

export interface Finished {
  readonly memory: Memory;
  readonly volatile: Json;
  readonly acknowledged: readonly Acknowledged[];
}

export function finish(spec: ActorSpec, memory: Memory, outcome: unknown): Finished {
  const next = { ...memory, count: memory.count + 1 };
  const plain = (changed: Memory): Finished => ({ memory: changed, volatile: null, acknowledged: [] });
  switch (spec.role) {
    case "writer":
      return finishAppend(spec, memory, outcome as AppendOutcome);
    case "rollup": {
      const published = outcome as PublishOutcome;
      return {
        memory: next,
        volatile: published.is === "published" ? (published.warm as unknown as Json) : null,
        acknowledged: [],
      };
    }
    case "snapshotter":
      return plain(
        memory.phase === "read"
          ? afterSnapshotRead(memory, outcome as ReadOutcome)
          : { ...freshMemory, count: next.count },
      );
    case "reader":
      return plain(
        spec.tail
          ? afterReaderStep(spec, memory, outcome)
          : { ...next, held: (outcome as ReadOutcome).held, shown: memory.log },
      );
    default:
      return plain(next);
  }
}

/** A program gave up (too busy): the actor tries once more, then rests. */
export function giveUp(spec: ActorSpec, memory: Memory): Memory {
  const kept = spec.role === "snapshotter" ? { ...freshMemory, count: memory.count } : memory;
  return { ...kept, tries: memory.tries + 1, phase: "read" };
}

/** The replica of readers and snapshotters: a list of ids. */
export function onReplica(memory: Memory, request: ReplicaRequest): Memory {
  if (request.do === "reset") return { ...memory, log: [] };
  if (request.do === "load") return { ...memory, log: request.snapshot.state as readonly string[] };
  return {
    ...memory,
    log: [...memory.log, ...request.updates.map(({ id, timestamp }) => `${id}@${timestamp}`)],
  };
}

function appendInput(spec: ActorSpec, memory: Memory) {
  const app = appId(spec.app ?? 0);
  const seq = (spec.firstSeq ?? 1) + memory.count;
  const spent = spec.wrong === "seqSpentTwice" && memory.sent > 0;
  const id = updateId(spec.app ?? 0, seq, spent ? "X" : "0");
  const update = { id, app, seq, after: toTimestamp(memory.after), modelVersion: 1, actions: [] };
  const clock = spec.wrong === "cachedHead" ? null : { low: 0, high: 1000 };
  return { store, update, clock, sealedSeen: zeroTimestamp };
}

function finishAppend(spec: ActorSpec, memory: Memory, outcome: AppendOutcome): Finished {
  if (outcome.is === "later") return { memory: giveUp(spec, memory), volatile: null, acknowledged: [] };
  const seq = (spec.firstSeq ?? 1) + memory.count;
  const spent = spec.wrong === "seqSpentTwice" && memory.sent > 1;
  const id = updateId(spec.app ?? 0, seq, spent ? "X" : "0");
  const after = Math.max(memory.after, outcome.timestamp);
  const next = { ...memory, count: memory.count + 1, tries: 0, sent: 0, after };
  return { memory: next, volatile: null, acknowledged: [{ id, timestamp: outcome.timestamp }] };
}

function readBeginning(spec: ActorSpec, memory: Memory): Beginning {
  const modelVersion = spec.role === "snapshotter" || spec.snapshots ? 1 : null;
  const held = spec.role === "reader" ? memory.held : null;
  const rest = {
    migrate: false,
    history: true,
    until: toTimestamp(Number.MAX_SAFE_INTEGER),
    from: zeroTimestamp,
    given: null,
    cached: {},
    seen: [],
  };
  return { program: "read", input: { store, held, modelVersion, ...rest } };
}

function afterSnapshotRead(memory: Memory, outcome: ReadOutcome): Memory {
  const base = outcome.held.known.head.snapshots[1]?.key ?? null;
  return { ...memory, phase: "then", held: outcome.held, base };
}

function snapshotBeginning(memory: Memory): Beginning {
  const state = memory.log as Json;
  const stateHash = internHash(JSON.stringify(state));
  const { position: through, hash } = memory.held ?? { position: zeroTimestamp, hash: "" };
  const snapshot = { through, hash: hash ?? "", modelName: "m", modelVersion: 1, stateHash, state };
  const epoch = memory.held?.known.head.epoch ?? "";
  return { program: "writeSnapshot", input: { store, snapshot, base: memory.base, epoch } };
}

function tailBeginning(held: Held): Beginning {
  return { program: "tail", input: { store, known: held.known, marks: held.marks, seen: {} } };
}

function afterReaderStep(spec: ActorSpec, memory: Memory, outcome: unknown): Memory {
  if (memory.phase === "read")
    return { ...memory, phase: "then", held: (outcome as ReadOutcome).held, shown: memory.log };
  const found = outcome as TailOutcome;
  if (found.is === "moved" || !memory.held) return { ...memory, phase: "read", tries: memory.tries + 1 };
  const shown = [...memory.log, ...found.updates.map(({ id, timestamp }) => `${id}@${timestamp}`)];
  const largest = Math.max(memory.held.position, ...found.updates.map((update) => update.timestamp));
  const position = spec.wrong === "positionIsLargestSeen" ? toTimestamp(largest) : memory.held.position;
  const hash = spec.wrong === "positionIsLargestSeen" ? null : memory.held.hash;
  const log = spec.wrong === "positionIsLargestSeen" ? shown : memory.log;
  return {
    ...memory,
    count: memory.count + 1,
    phase: "read",
    held: { ...memory.held, position, hash },
    shown,
    log,
  };
}

export function appId(app: number): AppId {
  return `0000000000000000000000000${"ABCD".charAt(app)}` as AppId;
}

export function updateId(app: number, seq: number, copy: string): UpdateId {
  return `00000000000000000000000${copy}${"ABCD".charAt(app)}${seq}` as UpdateId;
}
