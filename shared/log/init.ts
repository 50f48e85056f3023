/**
 * init: makes a store's head, once.
 *
 * Refused when anything exists under the store: a head made over old updates would seal nothing of them and forget what
 * was published. If-None-Match lets one of several inits win; an unknown answer is settled by reading the head back.
 */

import type { IfMatchSpelling } from "../ports/bucket.ts";
import { encodeHead, type Head, newHead } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { builtKinds, builtPrefix, headKey, updatesPrefix } from "../wire/keys.ts";
import { getHead, withHead } from "./head-read.ts";
import type { KnownHead } from "./known-head.ts";
import { type Answer, ask, backOffMs, done, type Env, fail, type Program, type Step } from "./program.ts";
import { tooBusy } from "./troubles.ts";

export interface InitInput {
  readonly store: StoreId;
  readonly ifMatch: IfMatchSpelling;
}

export type InitState = InitInput & { readonly head: Head; readonly attempts: number } & (
    | { readonly at: "listOld"; readonly left: readonly string[] }
    | { readonly at: "create" }
    | { readonly at: "wait" }
    | { readonly at: "readBack" }
  );

export type InitOutcome =
  | { readonly is: "made"; readonly known: KnownHead }
  | { readonly is: "exists"; readonly known: KnownHead };

export const init: Program<InitInput, InitState, InitOutcome> = {
  name: "init",
  start(input, env) {
    const head = newHead(env.nonce, env.nonce, input.ifMatch);
    const prefixes = [
      updatesPrefix(input.store),
      ...builtKinds.map((kind) => builtPrefix(kind, input.store)),
    ];
    return listOld({ ...input, head, attempts: 0 }, prefixes);
  },
  resume(state, answer, env) {
    switch (state.at) {
      case "listOld":
        return afterList(state, answer);
      case "create":
        return afterCreate(state, answer, env);
      case "wait":
      case "readBack":
        return state.at === "wait" ? readBack(state) : afterReadBack(state, answer);
    }
  },
};

type Base = InitInput & { readonly head: Head; readonly attempts: number };

function listOld(base: Base, left: readonly string[]): Step<InitState, InitOutcome> {
  const prefix = left[0];
  if (prefix === undefined) return create(base);
  return ask({ ...base, at: "listOld", left }, { do: "list", prefix, limit: 1 });
}

function afterList(state: InitState & { at: "listOld" }, answer: Answer): Step<InitState, InitOutcome> {
  if (answer.is === "listed" && answer.objects.length === 0) return listOld(state, state.left.slice(1));
  return readBack(state);
}

function create(base: Base): Step<InitState, InitOutcome> {
  const request = { do: "create", key: headKey(base.store), body: encodeHead(base.head) } as const;
  return ask({ ...base, at: "create", attempts: base.attempts + 1 }, request);
}

function afterCreate(state: Base, answer: Answer, env: Env): Step<InitState, InitOutcome> {
  if (answer.is === "stored") return done({ is: "made", known: { head: state.head, etag: answer.etag } });
  if (answer.is === "refused") return readBack(state);
  if (state.attempts >= env.settings.attemptsMax) return fail(tooBusy(state.store, "init"));
  return ask(
    { ...state, at: "wait" },
    { do: "wait", ms: backOffMs(state.attempts, env), why: "init: no clear answer" },
  );
}

function readBack(base: Base): Step<InitState, InitOutcome> {
  return ask({ ...base, at: "readBack" }, getHead(base.store));
}

function afterReadBack(state: Base, answer: Answer): Step<InitState, InitOutcome> {
  if (answer.is === "absent" && state.attempts > 0) return create(state);
  return withHead(state.store, answer, (known) => {
    const mine = state.attempts > 0 && known.head.epoch === state.head.epoch;
    return done({ is: mine ? "made" : "exists", known });
  });
}
