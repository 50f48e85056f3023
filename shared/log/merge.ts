/**
 * merge: joins neighbouring segments of one level into one, so that the head's list stays short (docs/protocol.md, "Roll up").
 *
 * Nothing is dropped or reordered and the log's hash at the end stays the same, so a reader cannot tell. Linked only where
 * all inputs are still listed side by side; the inputs stay in the bucket until the sweep's retention ends.
 */

import type { SegmentEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { builtKey } from "../wire/keys.ts";
import { encodeSegment, type Segment } from "../wire/segment.ts";
import { getHead, withHead } from "./head-read.ts";
import { chooseMerge } from "./jobs.ts";
import type { KnownHead } from "./known-head.ts";
import { type LinkOutcome, type LinkState, link } from "./link.ts";
import { type Answer, ask, done, type Env, fail, nest, type Program, type Step } from "./program.ts";
import { readSegment } from "./segment-read.ts";

export interface MergeInput {
  readonly store: StoreId;
}

export type MergeState =
  | (MergeInput & { readonly at: "readHead" })
  | (MergeInput & {
      readonly at: "getInputs";
      readonly known: KnownHead;
      readonly inputs: readonly SegmentEntry[];
    })
  | (MergeInput & { readonly at: "link"; readonly inner: LinkState });

export type MergeOutcome =
  | { readonly is: "merged"; readonly known: KnownHead }
  | { readonly is: "nothing"; readonly known: KnownHead };

type MergeStep = Step<MergeState, MergeOutcome>;

export const merge: Program<MergeInput, MergeState, MergeOutcome> = {
  name: "merge",
  start: (input) => ask({ ...input, at: "readHead" }, getHead(input.store)),
  resume(state, answer, env) {
    switch (state.at) {
      case "readHead":
        return withHead(state.store, answer, (known) => afterHead(state, known, env));
      case "getInputs":
        return afterInputs(state, answer, env);
      case "link":
        return linkStep(state, link.resume(state.inner, answer, env));
    }
  },
};

function afterHead({ store }: MergeInput, known: KnownHead, env: Env): MergeStep {
  const inputs = chooseMerge(known.head, env.settings);
  if (inputs.length === 0) return done({ is: "nothing", known });
  const keys = inputs.map((entry) => entry.key);
  return ask({ store, at: "getInputs", known, inputs }, { do: "getAll", keys });
}

function afterInputs(state: MergeState & { at: "getInputs" }, answer: Answer, env: Env): MergeStep {
  const bodies = answer.is === "all" ? answer.bodies : [];
  const segments: Segment[] = [];
  for (const [i, entry] of state.inputs.entries()) {
    const read = readSegment(state.store, entry, bodies[i] ?? { is: "absent" }, env.sha256);
    if (read.is === "absent") return done({ is: "nothing", known: state.known });
    if (read.is === "bad") return fail(read.trouble);
    segments.push(read.segment);
  }
  return build(state, segments, env);
}

function build(state: MergeState & { at: "getInputs" }, segments: readonly Segment[], env: Env): MergeStep {
  const { store, known, inputs } = state;
  const [first, last] = [segments[0], segments.at(-1)];
  if (!first || !last) return done({ is: "nothing", known });
  const merged: Segment = {
    from: first.from,
    through: last.through,
    fromHash: first.fromHash,
    hash: last.hash,
    updates: segments.flatMap((segment) => segment.updates),
    setAside: segments.flatMap((segment) => segment.setAside),
  };
  const key = builtKey({
    kind: "segments",
    store,
    through: last.through,
    rev: known.head.rev,
    nonce: env.nonce,
  });
  const bytes = inputs.reduce((sum, entry) => sum + entry.bytes, 0);
  const entry = {
    from: first.from,
    through: last.through,
    key,
    count: merged.updates.length,
    bytes,
    hash: last.hash,
  };
  const job = { kind: "merge", inputs: inputs.map((input) => input.key), entry } as const;
  return linkStep(state, link.start({ store, job, body: encodeSegment(merged), known }, env));
}

function linkStep({ store }: MergeInput, step: Step<LinkState, LinkOutcome>): MergeStep {
  return nest<LinkState, LinkOutcome, MergeState, MergeOutcome>(
    step,
    (inner) => ({ store, at: "link", inner }),
    (outcome) => done({ is: outcome.is === "linked" ? "merged" : "nothing", known: outcome.known }),
  );
}
