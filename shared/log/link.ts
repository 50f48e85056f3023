/**
 * link: stores a built object under a name of its own, then links it into the head by compare-and-swap.
 *
 * An unknown swap is settled by reading the head: the key is named there, or the rule is asked again on the head as it is
 * now. A refused job is forgotten, never deleted: a 412 may be one's own success.
 */
import { type Json, utf8Length } from "../json.ts";
import { encodeHead, type Head } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { getHead, swapHead, withHead } from "./head-read.ts";
import type { KnownHead } from "./known-head.ts";
import { isLinked, jobKey, type LinkJob, linkInto, nextHead } from "./link-rules.ts";
import { type Answer, ask, backOffMs, done, type Env, fail, type Program, type Step } from "./program.ts";
import { tooBusy } from "./troubles.ts";

export interface LinkInput {
  readonly store: StoreId;
  readonly job: LinkJob;
  readonly body: Json;
  readonly known: KnownHead;
}

interface Base extends LinkInput {
  /** Of the head that the job was built against: another epoch is another log. */
  readonly epoch: string;
  readonly attempts: number;
}

export type LinkState =
  | (Base & { readonly at: "putObject" })
  | (Base & { readonly at: "swap"; readonly next: Head })
  | (Base & { readonly at: "readHead" })
  | (Base & { readonly at: "wait"; readonly then: "putObject" | "readHead" });

export type LinkOutcome =
  | { readonly is: "linked"; readonly known: KnownHead }
  | { readonly is: "refused"; readonly known: KnownHead };

export const link: Program<LinkInput, LinkState, LinkOutcome> = {
  name: "link",
  start(input) {
    return putObject({ ...input, epoch: input.known.head.epoch, attempts: 0 });
  },
  resume(state, answer, env) {
    switch (state.at) {
      case "putObject":
        return afterPut(state, answer, env);
      case "swap":
        return afterSwap(state, answer, env);
      case "readHead":
        return withHead(state.store, answer, (known) => decide({ ...state, known }, env));
      case "wait":
        return state.then === "putObject" ? putObject(state) : readHead(state);
    }
  },
};

function putObject(base: Base): Step<LinkState, LinkOutcome> {
  const next = { ...base, at: "putObject", attempts: base.attempts + 1 } as const;
  return ask(next, { do: "create", key: jobKey(base.job), body: base.body });
}

/** The name is random and used once, so "refused" can only be an earlier try of this very job. */
function afterPut(base: Base, answer: Answer, env: Env): Step<LinkState, LinkOutcome> {
  if (answer.is === "stored" || answer.is === "refused") return decide(base, env);
  return again(base, "putObject", env);
}

function decide(base: Base, env: Env): Step<LinkState, LinkOutcome> {
  const { known, job, store } = base;
  if (isLinked(known.head, job)) return done({ is: "linked", known });
  const changes = known.head.epoch === base.epoch ? linkInto(known.head, job, env.settings) : undefined;
  if (!changes) return done({ is: "refused", known });
  const next = fitting(nextHead(known.head, changes, env.nonce), env);
  return ask({ ...base, at: "swap", next, attempts: base.attempts + 1 }, swapHead(store, next, known.etag));
}

function afterSwap(
  state: LinkState & { at: "swap" },
  answer: Answer,
  env: Env,
): Step<LinkState, LinkOutcome> {
  if (answer.is === "stored") return done({ is: "linked", known: { head: state.next, etag: answer.etag } });
  return answer.is === "refused" ? readHead(state) : again(state, "readHead", env);
}

/** The inline copy is a convenience: where it would make the head too large it is left out. */
function fitting(head: Head, env: Env): Head {
  if (head.inline === undefined || utf8Length(JSON.stringify(encodeHead(head))) <= env.settings.headBytesMax)
    return head;
  const { inline: _, ...rest } = head;
  return rest;
}

function readHead(base: Base): Step<LinkState, LinkOutcome> {
  return ask({ ...base, at: "readHead" }, getHead(base.store));
}

function again(base: Base, then: "putObject" | "readHead", env: Env): Step<LinkState, LinkOutcome> {
  if (base.attempts >= env.settings.attemptsMax) return fail(tooBusy(base.store, `link ${base.job.kind}`));
  return ask(
    { ...base, at: "wait", then },
    { do: "wait", ms: backOffMs(base.attempts, env), why: "link: no clear answer" },
  );
}
