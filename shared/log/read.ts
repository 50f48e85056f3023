/**
 * read: brings a replica from its position to a head (docs/protocol.md, "Read").
 *
 * Safe because only segments and snapshots that a head lists are applied, in order, each checked against the log's hash; the
 * position is the `through` of what was applied and is saved with it. A lower rev of the same epoch is never used; another
 * epoch starts afresh. What a head lists and the bucket no longer has is read again through a newer head, never "empty".
 */

import { canonicalText } from "../json.ts";
import type { Head, Pointer, SegmentEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { parseBuiltKey } from "../wire/keys.ts";
import { advanceMarks, emptyMarks } from "../wire/marks.ts";
import { emptyLogHash, hashLog, type Segment, updatesAbove } from "../wire/segment.ts";
import { parseSnapshot } from "../wire/snapshot.ts";
import { type Timestamp, zeroTimestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { getHead, withHead } from "./head-read.ts";
import type { Held } from "./held.ts";
import { readHistoryIndex } from "./history-read.ts";
import type { KnownHead } from "./known-head.ts";
import { namedKeys } from "./link-rules.ts";
import { type Answer, ask, done, type Env, fail, type Program, type Request, type Step } from "./program.ts";
import { planRead, type ReadPlan } from "./read-plan.ts";
import { segmentOfSeen } from "./seen-segment.ts";
import { readSegment } from "./segment-read.ts";
import { badObject, divergedLog, gapInLog, missingObject, tooBusy } from "./troubles.ts";

export interface ReadInput {
  readonly store: StoreId;
  readonly held: Held | null;
  /** Null: the raw log, no snapshots. */
  readonly modelVersion: number | null;
  /** May begin from the snapshot of an older version: only the rollup that makes the first one of its own. */
  readonly migrate: boolean;
  /** May follow the index chain to segments that left the head's list. */
  readonly history: boolean;
  /** Segments that begin at or after it are left out. */
  readonly until: Timestamp;
  /** Where to begin when nothing is held; what lies at or below it is not applied. */
  readonly from: Timestamp;
  /** A head that this process has just read or swapped itself; null: read it now. */
  readonly given: KnownHead | null;
  /** Segments in memory, by key: they are not read again. */
  readonly cached: Readonly<Record<string, Segment>>;
  /** Updates above the position that the reader holds already: a segment of nothing else is not read, its hash proves it. */
  readonly seen: readonly StampedUpdate[];
}

interface Base extends ReadInput {
  readonly attempts: number;
  readonly missing: string | null;
}

interface Reading extends Base {
  readonly held: Held;
  /** Where the indexes read so far begin. */
  readonly older?: Timestamp;
  readonly queue: readonly SegmentEntry[];
  readonly applied: number;
}

export type ReadState =
  | (Base & { readonly at: "readHead" })
  | (Reading & { readonly at: "reset" })
  | (Reading & { readonly at: "getSnapshot"; readonly plan: ReadPlan })
  | (Reading & { readonly at: "load"; readonly next: Held })
  | (Reading & { readonly at: "getIndex"; readonly pointer: Pointer })
  | (Reading & { readonly at: "getSegments"; readonly group: readonly SegmentEntry[] })
  | (Reading & { readonly at: "apply"; readonly group: readonly Segment[]; readonly next: Held });

export type ReadOutcome =
  /** `stale`: the head was older than the one held, which stays. */
  | { readonly is: "read"; readonly held: Held; readonly updates: number; readonly stale: boolean }
  /** No snapshot of this model version and no way past the floor: upgrade, or let a rollup of this version run. */
  | { readonly is: "stuck"; readonly held: Held };

type ReadStep = Step<ReadState, ReadOutcome>;

export const read: Program<ReadInput, ReadState, ReadOutcome> = {
  name: "read",
  start(input, env) {
    const base = { ...input, attempts: 0, missing: null };
    if (input.given) return useHead(base, input.given, env);
    return ask({ ...base, at: "readHead" }, getHead(input.store, input.held?.known.etag));
  },
  resume(state, answer, env) {
    switch (state.at) {
      case "readHead":
        return afterHead(state, answer, env);
      case "reset":
        return answer.is === "stuck" ? fail(answer.trouble) : plan(state, env);
      case "getSnapshot":
        return afterSnapshot(state, answer, env);
      case "load":
        return afterLoad(state, answer, env);
      case "getIndex":
        return afterIndex(state, answer, env);
      case "getSegments":
        return afterSegments(state, answer, env);
      case "apply":
        return afterApply(state, answer, env);
    }
  },
};

function afterHead(base: Base, answer: Answer, env: Env): ReadStep {
  const { held } = base;
  if (answer.is === "unchanged" && held) return plan({ ...base, held, queue: [], applied: 0 }, env);
  return withHead(base.store, answer, (known) => useHead(base, known, env));
}

function useHead(base: Base, known: KnownHead, env: Env): ReadStep {
  const { held, missing, store, from } = base;
  const { epoch, rev } = known.head;
  if (missing !== null && namedKeys(known.head).includes(missing)) return fail(missingObject(store, missing));
  if (held === null) return plan({ ...base, held: fresh(known, from), queue: [], applied: 0 }, env);
  if (held.known.head.epoch !== epoch) {
    const afresh = fresh(known, zeroTimestamp);
    return ask(
      { ...base, at: "reset", held: afresh, queue: [], applied: 0 },
      { do: "reset", epoch, held: afresh },
    );
  }
  if (rev < held.known.head.rev) return done({ is: "read", held, updates: 0, stale: true });
  return plan({ ...base, held: { ...held, known }, queue: [], applied: 0 }, env);
}

function fresh(known: KnownHead, from: Timestamp): Held {
  const whole = from === zeroTimestamp;
  return { known, position: from, hash: whole ? emptyLogHash : null, marks: whole ? emptyMarks : null };
}

function plan(state: Reading, env: Env): ReadStep {
  const { held, modelVersion, migrate, history, until } = state;
  const { head } = held.known;
  const next = planRead(head, { position: held.position, modelVersion, migrate, history, until });
  if (next.stuck) return done({ is: "stuck", held });
  if (next.snapshot)
    return ask({ ...state, at: "getSnapshot", plan: next }, { do: "get", key: next.snapshot.key });
  const queue = next.segments;
  return next.history
    ? getIndex({ ...state, queue }, head.history, env)
    : getSegments({ ...state, queue }, env);
}

/** Something listed was gone: the head has moved on, or the object is lost. */
function reread(state: Base, missing: string, env: Env): ReadStep {
  const { store, held, modelVersion, migrate, history, until, from, cached, seen } = state;
  const attempts = state.attempts + 1;
  if (attempts > env.settings.attemptsMax) return fail(tooBusy(store, "read"));
  const input = { store, held, modelVersion, migrate, history, until, from, given: null, cached, seen };
  return ask({ ...input, attempts, missing, at: "readHead" }, getHead(store));
}

function afterSnapshot(state: ReadState & { at: "getSnapshot" }, answer: Answer, env: Env): ReadStep {
  const entry = state.plan.snapshot;
  if (!entry || answer.is === "absent") return reread(state, entry?.key ?? "", env);
  const bad = (reason: string) => fail(badObject(state.store, entry.key, reason));
  if (answer.is !== "found")
    return bad(answer.is === "unreadable" ? answer.reason : `answer was "${answer.is}"`);
  const parsed = parseSnapshot(answer.json);
  if (!parsed.ok) return bad(parsed.reason);
  const snapshot = parsed.value;
  const version = parseBuiltKey(entry.key)?.modelVersion;
  if (snapshot.through !== entry.through || snapshot.modelVersion !== version)
    return bad("it is not the one listed in the head");
  if (env.sha256(canonicalText(snapshot.state)) !== entry.stateHash)
    return bad("its state does not match its hash");
  const { through: position, hash } = snapshot;
  const held: Held = { known: state.held.known, position, hash, marks: null };
  return ask(
    { ...state, at: "load", next: held, queue: state.plan.segments },
    { do: "load", snapshot, held },
  );
}

function afterLoad(state: ReadState & { at: "load" }, answer: Answer, env: Env): ReadStep {
  if (answer.is === "stuck") return fail(answer.trouble);
  return getSegments({ ...state, held: state.next }, env);
}

/** Follows the index chain back to the position, each index ending where what is known begins. */
function getIndex(state: Reading, pointer: Pointer | null, env: Env): ReadStep {
  if (olderFrom(state) <= state.held.position) return getSegments(state, env);
  if (pointer === null) return done({ is: "stuck", held: state.held });
  return ask({ ...state, at: "getIndex", pointer }, { do: "get", key: pointer.key });
}

/** Where what is known of the log begins; nothing listed is wanted when `until` lies below the floor. */
function olderFrom(state: Reading): Timestamp {
  return state.older ?? state.held.known.head.floor;
}

function afterIndex(state: ReadState & { at: "getIndex" }, answer: Answer, env: Env): ReadStep {
  const { key } = state.pointer;
  if (answer.is === "absent") return reread(state, key, env);
  const index = readHistoryIndex(state.store, key, answer, olderFrom(state));
  if (!index.ok) return fail(index.trouble);
  const { segments, before, from } = index;
  const { position } = state.held;
  const wanted = segments.filter((entry) => entry.through > position && entry.from < state.until);
  return getIndex({ ...state, older: from, queue: [...wanted, ...state.queue] }, before, env);
}

/** Fetches the next few segments, as many as fit one full segment's bytes: memory holds state and a group, not history. */
function getSegments(state: Reading, env: Env): ReadStep {
  const first = state.queue[0];
  if (!first) return done({ is: "read", held: state.held, updates: state.applied, stale: false });
  const cached = Object.hasOwn(state.cached, first.key) ? state.cached[first.key] : undefined;
  const near =
    cached ??
    inlineSegment(state.store, state.held.known.head, first, env) ??
    segmentOfSeen(first, state.held, state.seen, env.sha256);
  if (near) return apply({ ...state, queue: state.queue.slice(1) }, [near], env);
  const group = state.queue.slice(0, groupLength(state.queue, env));
  const keys = group.map((entry) => entry.key);
  return ask(
    { ...state, at: "getSegments", group, queue: state.queue.slice(group.length) },
    { do: "getAll", keys },
  );
}

function groupLength(queue: readonly SegmentEntry[], env: Env): number {
  const { segmentBytesMax, parallelGets } = env.settings;
  let bytes = 0;
  const over = queue.findIndex((entry) => {
    bytes += entry.bytes;
    return bytes > segmentBytesMax;
  });
  return Math.min(over < 0 ? queue.length : Math.max(1, over), parallelGets);
}

/** The head's copy of its newest segment, where that is the one wanted and nothing else is missing before it. */
function inlineSegment(store: StoreId, head: Head, entry: SegmentEntry, env: Env): Segment | undefined {
  if (head.inline === undefined || head.segments.at(-1)?.key !== entry.key) return undefined;
  const body = { is: "found", json: head.inline, etag: "", bytes: entry.bytes } as const;
  const inline = readSegment(store, entry, body, env.sha256);
  return inline.is === "segment" ? inline.segment : undefined;
}

function afterSegments(state: ReadState & { at: "getSegments" }, answer: Answer, env: Env): ReadStep {
  const bodies = answer.is === "all" ? answer.bodies : [];
  const segments: Segment[] = [];
  for (const [i, entry] of state.group.entries()) {
    const segment = readSegment(state.store, entry, bodies[i] ?? { is: "absent" }, env.sha256);
    if (segment.is === "absent") return reread(state, entry.key, env);
    if (segment.is === "bad") return fail(segment.trouble);
    segments.push(segment.segment);
  }
  return apply(state, segments, env);
}

function apply(state: Reading, group: readonly Segment[], env: Env): ReadStep {
  const [segment, ...rest] = group;
  if (!segment) return getSegments(state, env);
  const { position, hash, marks, known } = state.held;
  const updates = updatesAbove(segment, position);
  const held = segment.updates.slice(0, segment.updates.length - updates.length);
  if (position < segment.from) return fail(gapInLog(state.store, position));
  if (hash !== null && hashLog(segment.fromHash, held, env.sha256) !== hash)
    return fail(divergedLog(state.store, position));
  const raised = marks && advanceMarks(marks, updates, segment.through, env.sha256);
  const next: Held = { known, position: segment.through, hash: segment.hash, marks: raised };
  const request: Request = { do: "apply", updates, through: segment.through, hash: segment.hash, held: next };
  return ask({ ...state, at: "apply", group: rest, next, applied: state.applied + updates.length }, request);
}

function afterApply(state: ReadState & { at: "apply" }, answer: Answer, env: Env): ReadStep {
  if (answer.is === "stuck") return fail(answer.trouble);
  return apply({ ...state, held: state.next }, state.group, env);
}
