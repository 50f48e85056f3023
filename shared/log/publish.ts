/**
 * publish: moves the raw updates up to the seal into a segment (docs/protocol.md, "Roll up").
 *
 * Safe because the seal's own swap succeeded, cleanly, before the LIST began: every writer that is ever acknowledged at or
 * below the seal had its object there before. The link holds only where publishedThrough is still `from`, so that two
 * rollups never publish one range twice. Nothing here looks at Last-Modified or folds: a broken model or clock delays
 * nothing that is sealed.
 */

import { logHash } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { builtKey, listAfterPosition, parseUpdateKey, updatesPrefix } from "../wire/keys.ts";
import { advanceMarks, type Marks } from "../wire/marks.ts";
import { encodeSegment, type Segment } from "../wire/segment.ts";
import { type Timestamp, toTimestamp } from "../wire/time.ts";
import { getHead, swapHead, withHead } from "./head-read.ts";
import type { KnownHead } from "./known-head.ts";
import { type LinkOutcome, type LinkState, link } from "./link.ts";
import { nextHead } from "./link-rules.ts";
import { type MarksReadOutcome, type MarksReadState, readMarks, type WarmMarks } from "./marks-read.ts";
import {
  type Answer,
  ask,
  backOffMs,
  done,
  type Env,
  fail,
  nest,
  type Program,
  type Step,
} from "./program.ts";
import { type Built, buildSegment, type RawObject, readRaw } from "./publish-build.ts";
import { clockOff, tooBusy } from "./troubles.ts";

export interface PublishInput {
  readonly store: StoreId;
  /** Something was surely written: skip the one-key LIST that saves an idle round its swaps. */
  readonly hint: boolean;
  readonly warm: WarmMarks | null;
}

interface Base extends PublishInput {
  readonly attempts: number;
}

interface Sealed extends Base {
  readonly known: KnownHead;
}

export type PublishState =
  | (Base & { readonly at: "readHead" })
  | (Sealed & { readonly at: "peek"; readonly sealTo: Timestamp })
  | (Sealed & { readonly at: "seal" })
  | (Sealed & { readonly at: "list"; readonly keys: readonly string[] })
  | (Sealed & Fetching & { readonly at: "getUpdates" })
  | (Sealed & {
      readonly at: "readMarks";
      readonly raws: readonly RawObject[];
      readonly more: boolean;
      readonly inner: MarksReadState;
    })
  | (Sealed & {
      readonly at: "link";
      readonly built: Built;
      readonly key: string;
      readonly marks: Marks;
      readonly more: boolean;
      readonly inner: LinkState;
    })
  | (Base & { readonly at: "wait" });

export type PublishOutcome =
  /** Nothing above publishedThrough that the seal may cover yet. `since` is the oldest that waits. */
  | { readonly is: "idle"; readonly known: KnownHead; readonly since: Timestamp | null }
  | {
      readonly is: "published";
      readonly known: KnownHead;
      readonly segment: Segment;
      readonly key: string;
      readonly dropped: number;
      /** Raw objects that are in it, or are copies: they may be deleted now. */
      readonly keys: readonly string[];
      /** More is sealed and waiting: publish again at once. */
      readonly more: boolean;
      readonly warm: WarmMarks;
    };

type PublishStep = Step<PublishState, PublishOutcome>;

export const publish: Program<PublishInput, PublishState, PublishOutcome> = {
  name: "publish",
  start: (input) => start({ ...input, attempts: 0 }),
  resume(state, answer, env) {
    switch (state.at) {
      case "readHead":
        return withHead(state.store, answer, (known) => afterHead({ ...state, known }, answer.date, env));
      case "peek":
        return afterPeek(state, answer, env);
      case "seal":
        return afterSeal(state, answer, env);
      case "list":
        return afterList(state, answer, env);
      case "getUpdates":
        return afterUpdates(state, answer, env);
      case "readMarks":
        return marksStep(state, readMarks.resume(state.inner, answer, env), env);
      case "link":
        return linkStep(state, link.resume(state.inner, answer, env), env);
      case "wait":
        return start(state);
    }
  },
};

function start(base: Base): PublishStep {
  return ask({ ...base, at: "readHead" }, getHead(base.store));
}

function restart(base: Base, env: Env): PublishStep {
  if (base.attempts >= env.settings.attemptsMax) return fail(tooBusy(base.store, "publish"));
  const { store, hint, warm } = base;
  const next = { store, hint, warm, attempts: base.attempts + 1, at: "wait" } as const;
  return ask(next, { do: "wait", ms: backOffMs(next.attempts, env), why: "publish: met another" });
}

function afterHead(base: Sealed, date: number, env: Env): PublishStep {
  const offMs = Math.abs(date - env.now);
  if (offMs > env.settings.maxSkewMs) return fail(clockOff(base.store, offMs));
  const sealTo = toTimestamp(Math.max(base.known.head.sealedThrough, date - env.settings.graceMs));
  return base.hint
    ? seal(base, sealTo, env)
    : peek(base, sealTo, listAfterPosition(base.store, base.known.head.publishedThrough));
}

function peek(base: Sealed, sealTo: Timestamp, after: string): PublishStep {
  return ask(
    { ...base, at: "peek", sealTo },
    { do: "list", prefix: updatesPrefix(base.store), after, limit: 1 },
  );
}

/** What is no update's key is passed over, a page at a time. */
function afterPeek(state: PublishState & { at: "peek" }, answer: Answer, env: Env): PublishStep {
  const { store, known, sealTo } = state;
  const keys = answer.is === "listed" ? answer.objects.map((object) => object.key) : [];
  const first = keys.map(parseUpdateKey).find((found) => found !== undefined);
  if (first && first.timestamp <= sealTo) return seal(state, sealTo, env);
  const last = keys.at(-1);
  const passed = last === undefined || last > listAfterPosition(store, sealTo);
  if (first || passed || answer.is !== "listed" || !answer.more)
    return done({ is: "idle", known, since: first?.timestamp ?? null });
  return ask(state, { do: "list", prefix: updatesPrefix(store), after: last });
}

/** Always a swap of its own with a clear success; whether an unclear one happened is not asked, it is done again. */
function seal(base: Sealed, sealTo: Timestamp, env: Env): PublishStep {
  const { head, etag } = base.known;
  const sealed = nextHead(head, { sealedThrough: sealTo }, env.nonce);
  const next = { ...base, at: "seal", known: { head: sealed, etag } } as const;
  return ask(next, swapHead(base.store, sealed, etag));
}

function afterSeal(state: PublishState & { at: "seal" }, answer: Answer, env: Env): PublishStep {
  if (answer.is !== "stored") return restart(state, env);
  const sealed = { ...state, known: { head: state.known.head, etag: answer.etag } };
  return list(sealed, [], listAfterPosition(state.store, sealed.known.head.publishedThrough));
}

function list(base: Sealed, keys: readonly string[], after: string): PublishStep {
  return ask({ ...base, at: "list", keys }, { do: "list", prefix: updatesPrefix(base.store), after });
}

function afterList(state: PublishState & { at: "list" }, answer: Answer, env: Env): PublishStep {
  if (answer.is !== "listed") return restart(state, env);
  const { publishedThrough, sealedThrough } = state.known.head;
  const page = answer.objects.map((object) => object.key);
  const stamps = page.map((key) => parseUpdateKey(key)?.timestamp);
  const keys = [...state.keys, ...page.filter((_, i) => inRange(stamps[i], publishedThrough, sealedThrough))];
  const last = page.at(-1);
  const passed = stamps.some((timestamp) => timestamp !== undefined && timestamp > sealedThrough);
  if (!answer.more || passed || last === undefined) return getUpdates(state, keys, false, env);
  const whole = keys.length >= env.settings.roundUpdatesMax ? wholeMilliseconds(keys) : [];
  return whole.length > 0 ? getUpdates(state, whole, true, env) : list(state, keys, last);
}

function inRange(timestamp: Timestamp | undefined, above: Timestamp, through: Timestamp): boolean {
  return timestamp !== undefined && above < timestamp && timestamp <= through;
}

/** Without the last timestamp, which the next page may go on with. */
function wholeMilliseconds(keys: readonly string[]): readonly string[] {
  const last = parseUpdateKey(keys.at(-1) ?? "")?.timestamp;
  return keys.filter((key) => parseUpdateKey(key)?.timestamp !== last);
}

function getUpdates(base: Sealed, keys: readonly string[], more: boolean, env: Env): PublishStep {
  if (keys.length === 0) return done({ is: "idle", known: base.known, since: null });
  return getGroup(base, { keys, more, raws: [] }, env);
}

interface Fetching {
  readonly keys: readonly string[];
  readonly raws: readonly RawObject[];
  readonly more: boolean;
}

/** A few at a time, so that a round holds one segment's worth and not all that hostile writers sent. */
function getGroup({ store, hint, warm, attempts, known }: Sealed, fetching: Fetching, env: Env): PublishStep {
  const { keys, raws, more } = fetching;
  const group = keys.slice(raws.length, raws.length + groupKeys);
  const state = { store, hint, warm, attempts, known, at: "getUpdates", keys, raws, more } as const;
  return ask(state, { do: "getAll", keys: group, bytesMax: env.settings.storedActionsBytesMax });
}

const groupKeys = 64;

function afterUpdates(state: PublishState & { at: "getUpdates" }, answer: Answer, env: Env): PublishStep {
  const { store, hint, warm, attempts, known, keys } = state;
  const raws = [...state.raws];
  for (const body of answer.is === "all" ? answer.bodies : []) {
    if (body.is === "absent") return restart(state, env);
    raws.push(readRaw(keys[raws.length] ?? "", body, env.settings));
  }
  if (raws.length === state.raws.length) return restart(state, env);
  const bytes = raws.reduce((sum, raw) => sum + raw.bytes, 0);
  const next = parseUpdateKey(keys[raws.length] ?? "")?.timestamp;
  const whole = next === undefined ? raws : raws.filter((raw) => raw.timestamp < next);
  if (next !== undefined && (bytes <= env.settings.segmentBytesMax || whole.length === 0))
    return getGroup(state, { keys, raws, more: state.more }, env);
  const base = { store, hint, warm, attempts, known, raws: whole, more: state.more || next !== undefined };
  return marksStep(base, readMarks.start({ store, head: known.head, warm }, env), env);
}

type Read = Sealed & { readonly raws: readonly RawObject[]; readonly more: boolean };

function marksStep(base: Read, step: Step<MarksReadState, MarksReadOutcome>, env: Env): PublishStep {
  return nest<MarksReadState, MarksReadOutcome, PublishState, PublishOutcome>(
    step,
    (inner) => ({ ...base, at: "readMarks", inner }),
    (outcome) => (outcome.is === "moved" ? restart(base, env) : build(base, outcome.marks, env)),
  );
}

function build({ raws, ...base }: Read, marks: Marks, env: Env): PublishStep {
  const { head } = base.known;
  const built = buildSegment(raws, { from: head.publishedThrough, fromHash: logHash(head), marks }, env);
  const { segment, bytes } = built;
  const { from, through, hash } = segment;
  const key = builtKey({ kind: "segments", store: base.store, through, rev: head.rev, nonce: env.nonce });
  const entry = { from, through, key, count: segment.updates.length, bytes, hash };
  const body = encodeSegment(segment);
  const inline = bytes <= env.settings.inlineBytesMax ? { inline: body } : {};
  const job = { kind: "segment", entry, ...inline } as const;
  const next = { ...base, built, key, marks, more: base.more || built.cut };
  return linkStep(next, link.start({ store: base.store, job, body, known: base.known }, env), env);
}

type Linking = Sealed & {
  readonly built: Built;
  readonly key: string;
  readonly marks: Marks;
  readonly more: boolean;
};

function linkStep(base: Linking, step: Step<LinkState, LinkOutcome>, env: Env): PublishStep {
  return nest<LinkState, LinkOutcome, PublishState, PublishOutcome>(
    step,
    (inner) => ({ ...base, at: "link", inner }),
    (outcome) => (outcome.is === "linked" ? published(base, outcome.known, env) : restart(base, env)),
  );
}

/** The marks advance only here, where a head is known to list the segment. */
function published(base: Linking, known: KnownHead, env: Env): PublishStep {
  const { segment, dropped, keys } = base.built;
  const marks = advanceMarks(base.marks, segment.updates, segment.through, env.sha256);
  const warm = { epoch: known.head.epoch, marks };
  return done({ is: "published", known, segment, key: base.key, dropped, keys, more: base.more, warm });
}
