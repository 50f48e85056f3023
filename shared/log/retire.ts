/**
 * retire: moves the oldest entries out of the head's list into an immutable index, so that the head stays small.
 *
 * The segments stay; `head.history` names the index and each index names the one before it. A segment leaves only when
 * the marks and some listed snapshot, where any is listed, cover it: what a cold reader or rollup needs is always listed. A
 * snapshot that does not is of a model version that nobody rolls up any more: its entry leaves in the same swap.
 */

import { encodeHistoryIndex } from "../wire/history.ts";
import type { StoreId } from "../wire/ids.ts";
import { builtKey } from "../wire/keys.ts";
import { getHead, withHead } from "./head-read.ts";
import { chooseRetired } from "./jobs.ts";
import type { KnownHead } from "./known-head.ts";
import { type LinkOutcome, type LinkState, link } from "./link.ts";
import { ask, done, type Env, nest, type Program, type Step } from "./program.ts";

export interface RetireInput {
  readonly store: StoreId;
}

export type RetireState =
  | (RetireInput & { readonly at: "readHead" })
  | (RetireInput & { readonly at: "link"; readonly inner: LinkState });

export interface RetireOutcome {
  readonly is: "retired" | "nothing";
  readonly known: KnownHead;
}

type RetireStep = Step<RetireState, RetireOutcome>;

export const retire: Program<RetireInput, RetireState, RetireOutcome> = {
  name: "retire",
  start: (input) => ask({ ...input, at: "readHead" }, getHead(input.store)),
  resume(state, answer, env) {
    if (state.at === "readHead")
      return withHead(state.store, answer, (known) => afterHead(state.store, known, env));
    return linkStep(state.store, link.resume(state.inner, answer, env));
  },
};

function afterHead(store: StoreId, known: KnownHead, env: Env): RetireStep {
  const { head } = known;
  const leaving = chooseRetired(head, env.settings);
  const through = leaving.at(-1)?.through;
  if (through === undefined) return done({ is: "nothing", known });
  const key = builtKey({ kind: "indexes", store, through, rev: head.rev, nonce: env.nonce });
  const retired = leaving.map((entry) => entry.key);
  const job = {
    kind: "retire",
    retired,
    pointer: { through, key },
    before: head.history?.key ?? null,
  } as const;
  const body = encodeHistoryIndex({ segments: leaving, before: head.history });
  return linkStep(store, link.start({ store, job, body, known }, env));
}

function linkStep(store: StoreId, step: Step<LinkState, LinkOutcome>): RetireStep {
  return nest<LinkState, LinkOutcome, RetireState, RetireOutcome>(
    step,
    (inner) => ({ store, at: "link", inner }),
    (outcome) => done({ is: outcome.is === "linked" ? "retired" : "nothing", known: outcome.known }),
  );
}
