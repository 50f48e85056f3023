/**
 * An S3 adapter's own tries of reads, lists and deletes: again after what passes, with full jitter, until they are used up or the time is.
 *
 * Writes never come here: whether an unclear one happened is the caller's to decide.
 */
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { s3FirstTriesMax, s3ReadMsMax, s3ReadTriesMax } from "../limits.ts";
import { type Fault, isPassing, isSilent } from "./fault.ts";

export interface Tries {
  /** Runs `call` until it succeeds. `fail` makes the error of the last try. */
  run<T>(call: () => Promise<T>, fail: (fault: Fault, error: unknown) => unknown): Promise<T>;
  /** The endpoint has answered something. */
  answered(): void;
}

export interface TriesOptions {
  readonly platform: Platform;
  /** Reads the fault out of what a call threw. */
  readonly faultOf: (error: unknown) => Fault;
  /** Ends waiting between tries. */
  readonly signal?: AbortSignalLike | undefined;
}

export function createTries({ platform, faultOf, signal }: TriesOptions): Tries {
  let everAnswered = false;

  /** A wrong address is silent from the first request on; one that answered once deserves patience. */
  function isLast(tried: number, fault: Fault): boolean {
    return tried >= (everAnswered || !isSilent(fault) ? s3ReadTriesMax : s3FirstTriesMax);
  }

  return {
    answered: () => {
      everAnswered = true;
    },
    async run(call, fail) {
      const begun = platform.now();
      for (let tried = 1; ; tried++) {
        try {
          const result = await call();
          everAnswered = true;
          return result;
        } catch (error) {
          const fault = faultOf(error);
          if (fault.status !== null) everAnswered = true;
          const late = platform.now() - begun > s3ReadMsMax;
          if (!isPassing(fault) || isLast(tried, fault) || late) throw fail(fault, error);
          await platform.wait(pauseMs(tried, platform), signal);
          if (signal?.aborted) throw fail(fault, error);
        }
      }
    },
  };
}

function pauseMs(tried: number, platform: Platform): number {
  const { backOffMinMs, backOffMaxMs } = defaultSettings;
  return platform.random() * Math.min(backOffMaxMs, backOffMinMs * 2 ** tried);
}
