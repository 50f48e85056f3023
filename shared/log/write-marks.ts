/**
 * writeMarks: stores the marks at publishedThrough, so that a cold rollup or reader need not fold the whole log for them.
 *
 * Their content depends on their `through` alone, so whichever writer links them, the newest wins and all are right.
 */
import type { StoreId } from "../wire/ids.ts";
import { builtKey } from "../wire/keys.ts";
import { encodeMarks, type Marks } from "../wire/marks.ts";
import { getHead, withHead } from "./head-read.ts";
import type { KnownHead } from "./known-head.ts";
import { type LinkOutcome, type LinkState, link } from "./link.ts";
import { type MarksReadOutcome, type MarksReadState, readMarks, type WarmMarks } from "./marks-read.ts";
import { ask, done, type Env, nest, type Program, type Step } from "./program.ts";

export interface WriteMarksInput {
  readonly store: StoreId;
  readonly warm: WarmMarks | null;
}

export type WriteMarksState =
  | (WriteMarksInput & { readonly at: "readHead" })
  | (WriteMarksInput & {
      readonly at: "readMarks";
      readonly known: KnownHead;
      readonly inner: MarksReadState;
    })
  | (WriteMarksInput & { readonly at: "link"; readonly inner: LinkState });

export interface WriteMarksOutcome {
  readonly is: "written" | "nothing";
  readonly known: KnownHead;
}

type WriteMarksStep = Step<WriteMarksState, WriteMarksOutcome>;

export const writeMarks: Program<WriteMarksInput, WriteMarksState, WriteMarksOutcome> = {
  name: "writeMarks",
  start: (input) => ask({ ...input, at: "readHead" }, getHead(input.store)),
  resume(state, answer, env) {
    switch (state.at) {
      case "readHead":
        return withHead(state.store, answer, (known) => afterHead(state, known, env));
      case "readMarks":
        return marksStep(state, state.known, readMarks.resume(state.inner, answer, env), env);
      case "link":
        return linkStep(state, link.resume(state.inner, answer, env));
    }
  },
};

function afterHead({ store, warm }: WriteMarksInput, known: KnownHead, env: Env): WriteMarksStep {
  const { head } = known;
  if (head.publishedThrough <= (head.marks?.through ?? 0)) return done({ is: "nothing", known });
  return marksStep({ store, warm }, known, readMarks.start({ store, head, warm }, env), env);
}

function marksStep(
  input: WriteMarksInput,
  known: KnownHead,
  step: Step<MarksReadState, MarksReadOutcome>,
  env: Env,
): WriteMarksStep {
  const { store, warm } = input;
  return nest<MarksReadState, MarksReadOutcome, WriteMarksState, WriteMarksOutcome>(
    step,
    (inner) => ({ store, warm, at: "readMarks", known, inner }),
    (outcome) =>
      outcome.is === "moved" ? done({ is: "nothing", known }) : build(input, known, outcome.marks, env),
  );
}

function build(input: WriteMarksInput, known: KnownHead, marks: Marks, env: Env): WriteMarksStep {
  const { through } = marks;
  const key = builtKey({ kind: "marks", store: input.store, through, rev: known.head.rev, nonce: env.nonce });
  const job = { kind: "marks", pointer: { through, key } } as const;
  return linkStep(input, link.start({ store: input.store, job, body: encodeMarks(marks), known }, env));
}

function linkStep({ store, warm }: WriteMarksInput, step: Step<LinkState, LinkOutcome>): WriteMarksStep {
  return nest<LinkState, LinkOutcome, WriteMarksState, WriteMarksOutcome>(
    step,
    (inner) => ({ store, warm, at: "link", inner }),
    (outcome) => done({ is: outcome.is === "linked" ? "written" : "nothing", known: outcome.known }),
  );
}
