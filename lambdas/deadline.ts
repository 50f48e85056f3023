/**
 * createDeadline: what is left of an invocation's time, for those who work in it. A Lambda that is killed loses all that it has in memory and
 * begins the same work anew; one that stops in time goes on where it was.
 *
 * Its signals never call: they are looked at between two requests of a program (shared/drive/run.ts), and a wait in between is short.
 */
import type { Context } from "aws-lambda";
import type { AbortSignalLike } from "../shared/ports/platform.ts";
import { foldMsMin, roundMsMin, stepMsMin } from "./limits.ts";

export interface Deadline {
  /** What follows belongs to this invocation. Before the first there is no end. */
  begin(context: Pick<Context, "getRemainingTimeInMillis">): void;
  /** Enough is left to begin something. */
  hasTime(): boolean;
  /** Aborted when too little is left for one more request. */
  readonly rounds: AbortSignalLike;
  /** Aborted when what is left is just enough to write down what was folded. */
  readonly folds: AbortSignalLike;
}

export function createDeadline(): Deadline {
  let leftMs = () => Number.POSITIVE_INFINITY;
  let inAllMs = Number.POSITIVE_INFINITY;

  /** Of a short invocation no part takes more than a quarter. */
  function signalBelow(ms: number): AbortSignalLike {
    return {
      get aborted() {
        return leftMs() < Math.min(ms, inAllMs / 4);
      },
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    };
  }

  return {
    begin(context) {
      leftMs = () => context.getRemainingTimeInMillis();
      inAllMs = leftMs();
    },
    hasTime: () => leftMs() > roundMsMin,
    rounds: signalBelow(stepMsMin),
    folds: signalBelow(foldMsMin),
  };
}
