/**
 * createStoreRounds: a store's rounds as rollup and sweep both run them, with what came of them counted for the log and the metrics.
 *
 * A broken fold or job is told and delays snapshots alone; a round that fails is told and thrown to nobody: the other stores go on.
 */
import { createWarmRollups } from "../server/warm-rollups.ts";
import type { RoundReport } from "../shared/drive/rollup.ts";
import type { Host } from "../shared/drive/run.ts";
import { StoreError } from "../shared/errors.ts";
import type { Model } from "../shared/model/model.ts";
import type { AbortSignalLike } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { Given } from "./app-modules.ts";
import { rollupsWarmMax } from "./limits.ts";
import type { LambdaLog } from "./log.ts";

export interface RoundsDone {
  /** The last round's report; null where none was begun, or one failed. */
  readonly report: RoundReport | null;
  /** All that was sealed is published. */
  readonly complete: boolean;
  readonly failed: boolean;
  readonly published: number;
  readonly setAside: number;
  readonly deadLetters: number;
  /** Rounds that failed, those whose fold or jobs did, and one more where there is no model to fold with. */
  readonly troubles: number;
  /** The oldest update that waited when it was looked at, or null. */
  readonly oldestWaiting: Timestamp | null;
}

export interface StoreRounds {
  /** Rounds while `goOn` says so. Never throws. Not twice at once for one store. */
  run(store: StoreId, options: { readonly hint: boolean; readonly goOn: () => boolean }): Promise<RoundsDone>;
}

export interface StoreRoundsParts {
  readonly host: Host;
  readonly model: Given<Model<unknown>>;
  readonly log: LambdaLog;
  /** Stops folds in time (lambdas/deadline.ts); left out: never. */
  readonly foldSignal?: AbortSignalLike;
  /** Of all states that stay warm, as JSON; left out: whatever it is. */
  readonly warmBytesMax?: number;
}

export function createStoreRounds({
  host,
  model,
  log,
  foldSignal,
  warmBytesMax = Number.POSITIVE_INFINITY,
}: StoreRoundsParts): StoreRounds {
  if (!model.ok) log.error("The model cannot be used: updates are published without snapshots", model.error);
  /** Timestamps of what the model rejected, in any store that is folded at the moment. */
  const rejected = new Map<StoreId, Timestamp[]>();
  const rollups = createWarmRollups(host, {
    models: () => (model.ok ? model.value : null),
    warmMax: rollupsWarmMax,
    warmBytesMax,
    ...(foldSignal === undefined ? {} : { foldSignal }),
    onRejection: (store, { timestamp }) => void rejected.get(store)?.push(timestamp),
  });

  function tell(store: StoreId, report: RoundReport): void {
    const { published, dropped, setAside, jobs, trouble, known } = report;
    if (wasStopped(trouble))
      log.info("A fold or another job was stopped in time; the next round goes on with it", { store });
    else if (trouble !== null)
      log.error("Snapshots or other jobs cannot go on; updates are published", trouble);
    if (published + dropped + setAside + jobs.length === 0) return;
    log.info("round", { store, published, dropped, setAside, jobs: [...jobs], rev: known.head.rev });
  }

  return {
    async run(store, { hint, goOn }) {
      let done: RoundsDone = { ...nothingDone, troubles: model.ok ? 0 : 1 };
      rejected.set(store, []);
      try {
        await rollups.rounds(store, {
          hint,
          goOn,
          onRound(report) {
            const letters = rejected.get(store)?.splice(0) ?? [];
            tell(store, report);
            done = addRound(done, report, letters);
          },
        });
        return done;
      } catch (error) {
        const ended = { ...done, report: null, complete: false, failed: true };
        if (wasStopped(error)) {
          log.warn("A round was stopped in time; nothing is lost, it is tried again", { store });
          return ended;
        }
        log.error("A round failed; nothing is lost, it is tried again", error, { store });
        return { ...ended, troubles: done.troubles + 1 };
      } finally {
        rejected.delete(store);
      }
    },
  };
}

/** By the end of its time, which is no trouble. */
function wasStopped(error: unknown): boolean {
  return error instanceof StoreError && error.kind === "closed";
}

const nothingDone: RoundsDone = {
  report: null,
  complete: false,
  failed: false,
  published: 0,
  setAside: 0,
  deadLetters: 0,
  troubles: 0,
  oldestWaiting: null,
};

function addRound(done: RoundsDone, report: RoundReport, letters: readonly Timestamp[]): RoundsDone {
  const { published, setAside, trouble, more, oldestWaiting } = report;
  // A cold fold meets old ones again: they were counted by the round that published them.
  const isNew = (at: Timestamp) => oldestWaiting !== null && published > 0 && at >= oldestWaiting;
  return {
    report,
    complete: !more,
    failed: false,
    published: done.published + published,
    setAside: done.setAside + setAside,
    deadLetters: done.deadLetters + letters.filter(isNew).length,
    troubles: done.troubles + (trouble === null || wasStopped(trouble) ? 0 : 1),
    oldestWaiting: done.oldestWaiting ?? oldestWaiting,
  };
}
