/**
 * writeSnapshot: stores a folded state and links it as its model version's snapshot (docs/protocol.md, "Roll up").
 *
 * Linked only in the epoch whose log was folded, where this version's snapshot is still the one that the fold began from (or still
 * none), so that two folds with different bases never follow each other, and only at or above the floor.
 */

import { canonicalText, utf8Length } from "../json.ts";
import type { StoreId } from "../wire/ids.ts";
import { builtKey } from "../wire/keys.ts";
import { encodeSnapshot, type Snapshot } from "../wire/snapshot.ts";
import { getHead, withHead } from "./head-read.ts";
import type { KnownHead } from "./known-head.ts";
import { type LinkOutcome, type LinkState, link } from "./link.ts";
import { ask, done, type Env, nest, type Program, type Step } from "./program.ts";

export interface WriteSnapshotInput {
  readonly store: StoreId;
  readonly snapshot: Snapshot;
  /** Key of the snapshot that the fold began from; null where there was none of this version. */
  readonly base: string | null;
  /** Of the head whose log was folded: that of another epoch may be another log. */
  readonly epoch: string;
}

export type WriteSnapshotState =
  | (WriteSnapshotInput & { readonly at: "readHead" })
  | (WriteSnapshotInput & { readonly at: "link"; readonly inner: LinkState; readonly key: string });

export type WriteSnapshotOutcome =
  | { readonly is: "written"; readonly known: KnownHead; readonly key: string }
  | { readonly is: "nothing"; readonly known: KnownHead };

type WriteSnapshotStep = Step<WriteSnapshotState, WriteSnapshotOutcome>;

export const writeSnapshot: Program<WriteSnapshotInput, WriteSnapshotState, WriteSnapshotOutcome> = {
  name: "writeSnapshot",
  start: (input) => ask({ ...input, at: "readHead" }, getHead(input.store)),
  resume(state, answer, env) {
    if (state.at === "readHead")
      return withHead(state.store, answer, (known) => afterHead(state, known, env));
    return linkStep(state, state.key, link.resume(state.inner, answer, env));
  },
};

function afterHead(input: WriteSnapshotInput, known: KnownHead, env: Env): WriteSnapshotStep {
  const { store, snapshot, base, epoch } = input;
  if (known.head.epoch !== epoch) return done({ is: "nothing", known });
  const { through, modelVersion, stateHash } = snapshot;
  const key = builtKey({
    kind: "snapshots",
    store,
    through,
    modelVersion,
    rev: known.head.rev,
    nonce: env.nonce,
  });
  const bytes = utf8Length(canonicalText(snapshot.state));
  const job = { kind: "snapshot", modelVersion, entry: { through, key, bytes, stateHash }, base } as const;
  return linkStep(input, key, link.start({ store, job, body: encodeSnapshot(snapshot), known }, env));
}

function linkStep(
  input: WriteSnapshotInput,
  key: string,
  step: Step<LinkState, LinkOutcome>,
): WriteSnapshotStep {
  const { store, snapshot, base, epoch } = input;
  return nest<LinkState, LinkOutcome, WriteSnapshotState, WriteSnapshotOutcome>(
    step,
    (inner) => ({ store, snapshot, base, epoch, at: "link", inner, key }),
    (outcome) =>
      done(
        outcome.is === "linked"
          ? { is: "written", known: outcome.known, key }
          : { is: "nothing", known: outcome.known },
      ),
  );
}
