/**
 * tail: the raw updates above publishedThrough, tentative until they are published (docs/protocol.md, "Read").
 *
 * They pass through publish's own rule (order, then drop by the marks at the position), so that a copy is never shown twice. A
 * second head, read after them, bounds what is shown: only what lies above its seal may still be acknowledged. If the log
 * moved meanwhile the answer is "moved": read on and ask again.
 */

import type { Listed } from "../ports/bucket.ts";
import type { StoreId } from "../wire/ids.ts";
import { listAfterPosition, parseUpdateKey, updatesPrefix } from "../wire/keys.ts";
import type { Marks } from "../wire/marks.ts";
import { toTimestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { getHead, withHead } from "./head-read.ts";
import type { KnownHead } from "./known-head.ts";
import { type MarksReadOutcome, type MarksReadState, readMarks } from "./marks-read.ts";
import { type Answer, ask, done, type Env, nest, type Program, type Step } from "./program.ts";
import { orderAndDrop, readRaw } from "./publish-build.ts";

export interface TailInput {
  readonly store: StoreId;
  /** The head whose segments the reader has applied, just read. */
  readonly known: KnownHead;
  /** Marks at its publishedThrough; null when they must be read first. */
  readonly marks: Marks | null;
  /** Raw updates of an earlier tail, by key: they are not read again. */
  readonly seen: Readonly<Record<string, StampedUpdate>>;
}

interface Base extends TailInput {
  readonly keys: readonly string[];
}

export type TailState =
  | (Base & { readonly at: "list" })
  | (Base & { readonly at: "getUnseen"; readonly unseen: readonly string[] })
  | (Base & { readonly at: "readMarks"; readonly inner: MarksReadState })
  | (Base & { readonly at: "readHead" });

export type TailOutcome =
  | {
      readonly is: "tail";
      /** In log order, without copies. */
      readonly updates: readonly StampedUpdate[];
      readonly seen: Readonly<Record<string, StampedUpdate>>;
      readonly marks: Marks | null;
      readonly known: KnownHead;
    }
  | { readonly is: "moved" };

type TailStep = Step<TailState, TailOutcome>;

export const tail: Program<TailInput, TailState, TailOutcome> = {
  name: "tail",
  start: (input) =>
    list({ ...input, keys: [] }, listAfterPosition(input.store, input.known.head.publishedThrough)),
  resume(state, answer, env) {
    switch (state.at) {
      case "list":
        return afterList(state, answer, env);
      case "getUnseen":
        return afterUnseen(state, answer, env);
      case "readMarks":
        return marksStep(state, readMarks.resume(state.inner, answer, env));
      case "readHead":
        return afterHead(state, answer, env);
    }
  },
};

function list(base: Base, after: string): TailStep {
  return ask({ ...base, at: "list" }, { do: "list", prefix: updatesPrefix(base.store), after });
}

function afterList(state: Base, answer: Answer, env: Env): TailStep {
  const objects = answer.is === "listed" ? answer.objects : [];
  const keys = [
    ...state.keys,
    ...objects.filter((object) => isShown(object, env)).map((object) => object.key),
  ];
  const last = objects.at(-1);
  const bound = listAfterPosition(state.store, toTimestamp(answer.date + env.settings.maxSkewMs));
  if (answer.is === "listed" && answer.more && last && last.key < bound)
    return list({ ...state, keys }, last.key);
  const unseen = keys.filter((key) => state.seen[key] === undefined);
  if (unseen.length === 0) return withMarks({ ...state, keys }, env);
  return ask(
    { ...state, at: "getUnseen", keys, unseen },
    { do: "getAll", keys: unseen, bytesMax: env.settings.storedActionsBytesMax },
  );
}

/** Hidden from the tail, and only from the tail: what claims to be later than it was stored. */
function isShown(object: Listed, env: Env): boolean {
  const found = parseUpdateKey(object.key);
  return found !== undefined && found.timestamp <= object.lastModified + env.settings.maxSkewMs;
}

/** What is gone by now was published, or was no update: the second head tells. */
function afterUnseen(state: TailState & { at: "getUnseen" }, answer: Answer, env: Env): TailStep {
  const seen: Record<string, StampedUpdate> = { ...state.seen };
  for (const [i, body] of (answer.is === "all" ? answer.bodies : []).entries()) {
    const key = state.unseen[i];
    const raw = body.is === "absent" || key === undefined ? undefined : readRaw(key, body, env.settings);
    if (raw?.is === "update" && key !== undefined) seen[key] = raw.update;
  }
  return withMarks({ ...state, seen }, env);
}

function withMarks(base: Base, env: Env): TailStep {
  const { store, known, marks, keys } = base;
  if (marks !== null || keys.length === 0) return readHead(base);
  return marksStep(base, readMarks.start({ store, head: known.head, warm: null }, env));
}

function marksStep(base: Base, step: Step<MarksReadState, MarksReadOutcome>): TailStep {
  return nest<MarksReadState, MarksReadOutcome, TailState, TailOutcome>(
    step,
    (inner) => ({ ...base, at: "readMarks", inner }),
    (outcome) =>
      outcome.is === "moved" ? done({ is: "moved" }) : readHead({ ...base, marks: outcome.marks }),
  );
}

function readHead(base: Base): TailStep {
  return ask({ ...base, at: "readHead" }, getHead(base.store, base.known.etag));
}

function afterHead(state: Base, answer: Answer, env: Env): TailStep {
  if (answer.is === "unchanged") return show(state, state.known, env);
  return withHead(state.store, answer, (known) => {
    const moved =
      known.head.publishedThrough !== state.known.head.publishedThrough ||
      known.head.epoch !== state.known.head.epoch;
    return moved ? done({ is: "moved" }) : show(state, known, env);
  });
}

function show(state: Base, known: KnownHead, env: Env): TailStep {
  const { marks, keys } = state;
  const seen = Object.fromEntries(
    keys.flatMap((key) => (state.seen[key] ? [[key, state.seen[key]] as const] : [])),
  );
  const kept = marks === null ? [] : orderAndDrop(Object.values(seen), marks, env.sha256).kept;
  const updates = kept.filter((update) => update.timestamp > known.head.sealedThrough);
  return done({ is: "tail", updates, seen, marks, known });
}
