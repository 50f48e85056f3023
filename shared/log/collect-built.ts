/**
 * collectBuilt: deletes segments, snapshots, marks and indexes that nothing names any more (docs/protocol.md, "Delete").
 *
 * Deleted is only what (a) has a rev below head.linkFrom, so that no job can link it any more, (b) the head, read after the
 * LIST, does not name with its history, and (c) an earlier sweep, at least the retention ago, found unlisted too. linkFrom is
 * raised to a rev that a sweep noted at least a day ago. What sweeps found stands in notes under `sweeps/`.
 */
import type { Head } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { builtKey, builtKinds, builtPrefix, parseBuiltKey } from "../wire/keys.ts";
import { encodeSweepNote, parseSweepNote } from "../wire/sweep.ts";
import { type Timestamp, toTimestamp } from "../wire/time.ts";
import { getHead, swapHead, withHead } from "./head-read.ts";
import { readHistoryIndex } from "./history-read.ts";
import type { KnownHead } from "./known-head.ts";
import { namedKeys, nextHead } from "./link-rules.ts";
import { type Answer, ask, done, type Env, fail, type Program, type Step } from "./program.ts";
import { missingObject } from "./troubles.ts";

export interface CollectBuiltInput {
  readonly store: StoreId;
}

interface Base extends CollectBuiltInput {
  /** Keys of built objects and notes, as listed. */
  readonly found: readonly string[];
}

interface Seen extends Base {
  readonly known: KnownHead;
  readonly date: number;
  /** What head and history name. */
  readonly named: readonly string[];
  /** Where what was read of the history begins. */
  readonly older: Timestamp;
}

interface Noted extends Seen {
  /** What the newest note that is as old as the retention found unlisted. It says all that older ones say. */
  readonly aged: readonly string[];
}

export type CollectBuiltState =
  | (Base & { readonly at: "list"; readonly prefixes: readonly string[] })
  | (Base & { readonly at: "readHead" })
  | (Seen & { readonly at: "readHistory"; readonly key: string })
  | (Seen & { readonly at: "readNote" })
  | (Noted & { readonly at: "raiseLinkFrom"; readonly next: Head })
  | (Noted & { readonly at: "delete"; readonly keys: readonly string[] })
  | (Noted & { readonly at: "writeNote"; readonly deleted: readonly string[] });

export interface CollectBuiltOutcome {
  readonly deleted: readonly string[];
  /** Unlisted, kept for now. */
  readonly kept: number;
  readonly linkFrom: number;
}

type CollectStep = Step<CollectBuiltState, CollectBuiltOutcome>;

export const collectBuilt: Program<CollectBuiltInput, CollectBuiltState, CollectBuiltOutcome> = {
  name: "collectBuilt",
  start: ({ store }) =>
    list(
      { store, found: [] },
      builtKinds.map((kind) => builtPrefix(kind, store)),
    ),
  resume(state, answer, env) {
    switch (state.at) {
      case "list":
        return afterList(state, answer);
      case "readHead":
        return withHead(state.store, answer, (known) => afterHead(state, known, answer.date, env));
      case "readHistory":
        return afterHistory(state, answer, env);
      case "readNote":
        return raiseLinkFrom({ ...state, aged: agedOf(answer) }, env);
      case "raiseLinkFrom":
        return afterRaise(state, answer, env);
      case "delete":
        return writeNote(state, state.keys, env);
      case "writeNote":
        return finish(state);
    }
  },
};

function list(base: Base, prefixes: readonly string[], after?: string): CollectStep {
  const prefix = prefixes[0];
  if (prefix === undefined) return ask({ ...base, at: "readHead" }, getHead(base.store));
  return ask(
    { ...base, at: "list", prefixes },
    after === undefined ? { do: "list", prefix } : { do: "list", prefix, after },
  );
}

function afterList(state: CollectBuiltState & { at: "list" }, answer: Answer): CollectStep {
  const page = answer.is === "listed" ? answer.objects.map((object) => object.key) : [];
  const base = { store: state.store, found: [...state.found, ...page] };
  const more = answer.is === "listed" && answer.more;
  return more ? list(base, state.prefixes, page.at(-1)) : list(base, state.prefixes.slice(1));
}

function afterHead({ store, found }: Base, known: KnownHead, date: number, env: Env): CollectStep {
  return readHistory(
    { store, found, known, date, named: namedKeys(known.head), older: known.head.floor },
    known.head.history?.key,
    env,
  );
}

function readHistory(seen: Seen, key: string | undefined, env: Env): CollectStep {
  if (key !== undefined) return ask({ ...seen, at: "readHistory", key }, { do: "get", key });
  const note = newestNote(seen, env.settings.retentionMs);
  return note === undefined
    ? raiseLinkFrom({ ...seen, aged: [] }, env)
    : ask({ ...seen, at: "readNote" }, { do: "get", key: note });
}

function afterHistory(
  state: CollectBuiltState & { at: "readHistory" },
  answer: Answer,
  env: Env,
): CollectStep {
  if (answer.is === "absent") return fail(missingObject(state.store, state.key));
  const index = readHistoryIndex(state.store, state.key, answer, state.older);
  if (!index.ok) return fail(index.trouble);
  const { segments, before, from: older } = index;
  const { store, found, known, date } = state;
  const named = [...state.named, ...segments.map((entry) => entry.key), ...(before ? [before.key] : [])];
  return readHistory({ store, found, known, date, named, older }, before?.key, env);
}

/** An unreadable note only delays deletion. */
function agedOf(answer: Answer): readonly string[] {
  const note = answer.is === "found" ? parseSweepNote(answer.json) : undefined;
  return note?.ok ? note.value.unlisted : [];
}

/** Up to the highest rev that was noted long enough ago. */
function raiseLinkFrom(base: Noted, env: Env): CollectStep {
  const { head, etag } = base.known;
  const note = parseBuiltKey(newestNote(base, env.settings.linkFromDelayMs) ?? "");
  const linkFrom = Math.min(head.rev, Math.max(head.linkFrom, note?.rev ?? 0));
  if (linkFrom === head.linkFrom) return remove(base, env);
  const next = nextHead(head, { linkFrom }, env.nonce);
  return ask({ ...base, at: "raiseLinkFrom", next }, swapHead(base.store, next, etag));
}

/** Refused or unclear: this sweep goes on with the old linkFrom, the next one tries again. */
function afterRaise(
  state: CollectBuiltState & { at: "raiseLinkFrom" },
  answer: Answer,
  env: Env,
): CollectStep {
  const known = answer.is === "stored" ? { head: state.next, etag: answer.etag } : state.known;
  return remove({ ...state, known }, env);
}

function remove(base: Noted, env: Env): CollectStep {
  const { linkFrom } = base.known.head;
  const earlier = new Set(base.aged);
  const objects = unlistedOf(base).filter(
    (key) => earlier.has(key) && (parseBuiltKey(key)?.rev ?? linkFrom) < linkFrom,
  );
  const keys = [...objects, ...oldNotes(base, env)];
  return keys.length === 0
    ? writeNote(base, [], env)
    : ask({ ...base, at: "delete", keys }, { do: "delete", keys });
}

function writeNote(base: Noted, deleted: readonly string[], env: Env): CollectStep {
  const { epoch, rev } = base.known.head;
  const at = toTimestamp(base.date);
  const gone = new Set(deleted);
  const unlisted = unlistedOf(base).filter((key) => !gone.has(key));
  const key = builtKey({ kind: "sweeps", store: base.store, through: at, rev, nonce: env.nonce });
  const body = encodeSweepNote({ at, epoch, rev, unlisted });
  return ask({ ...base, at: "writeNote", deleted }, { do: "create", key, body });
}

function finish(state: CollectBuiltState & { at: "writeNote" }): CollectStep {
  const deleted = state.deleted.filter((key) => parseBuiltKey(key)?.kind !== "sweeps");
  return done({
    deleted,
    kept: unlistedOf(state).length - deleted.length,
    linkFrom: state.known.head.linkFrom,
  });
}

function unlistedOf({ found, named }: Seen): readonly string[] {
  const names = new Set(named);
  return found.filter((key) => {
    const built = parseBuiltKey(key);
    return built !== undefined && built.kind !== "sweeps" && !names.has(key);
  });
}

/** The newest note that is at least this old; its rev and time stand in its name. */
function newestNote(seen: Seen, ageMs: number): string | undefined {
  return notesOf(seen)
    .filter((key) => (parseBuiltKey(key)?.through ?? seen.date) <= seen.date - ageMs)
    .at(-1);
}

function notesOf({ found }: Base): readonly string[] {
  return found.filter((key) => parseBuiltKey(key)?.kind === "sweeps");
}

/** Notes twice as old as the retention say nothing that a younger one does not. */
function oldNotes(base: Noted, env: Env): readonly string[] {
  const bound = base.date - 2 * Math.max(env.settings.retentionMs, env.settings.linkFromDelayMs);
  return notesOf(base).filter((key) => (parseBuiltKey(key)?.through ?? base.date) < bound);
}
