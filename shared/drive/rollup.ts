/**
 * createRollup: one store's rollup, warm between rounds. Any number may run at once, anywhere.
 *
 * A round: publish what is sealed, fold only what is new, then the long jobs that the head is due for, then delete the raw
 * updates that the new segment holds. Publishing never waits for the fold: a broken model delays snapshots alone.
 */
import { assert, type StoreError } from "../errors.ts";
import { type DueJob, nextJob } from "../log/jobs.ts";
import type { KnownHead } from "../log/known-head.ts";
import type { WarmMarks } from "../log/marks-read.ts";
import { merge } from "../log/merge.ts";
import { type PublishOutcome, publish } from "../log/publish.ts";
import { retire } from "../log/retire.ts";
import { writeMarks } from "../log/write-marks.ts";
import type { Model } from "../model/model.ts";
import type { AbortSignalLike } from "../ports/platform.ts";
import type { StoreId } from "../wire/ids.ts";
import { parseUpdateKey } from "../wire/keys.ts";
import type { Timestamp } from "../wire/time.ts";
import type { FoldReplicaOptions } from "./fold-replica.ts";
import { asStoreError, createRollupFold, type FoldFollowed } from "./rollup-fold.ts";
import { warmBytesOf } from "./rollup-weight.ts";
import { type Host, run } from "./run.ts";

export interface RollupOptions extends FoldReplicaOptions {
  readonly store: StoreId;
  /** Without a model there are no snapshots; everything else works. */
  readonly model?: Model<unknown>;
  /**
   * Stops the fold between two segments when it is aborted; publishing goes on. What was folded stays warm, and where the head lists all that
   * comes after it, it is written as a snapshot, so that a fold too long for one process comes to its end in several.
   */
  readonly foldSignal?: AbortSignalLike;
}

export interface RoundReport {
  /** Updates published, copies dropped, objects set aside in this round. */
  readonly published: number;
  readonly dropped: number;
  readonly setAside: number;
  /** The oldest update that waited when the round began, as far as it looked: published by it, or not sealed yet. Null: none. */
  readonly oldestWaiting: Timestamp | null;
  /** Jobs done: "marks", "snapshot", "merge", "retire". */
  readonly jobs: readonly DueJob[];
  /** Call again at once: more is sealed. */
  readonly more: boolean;
  /** Why the fold or a long job could not go on, the first reason. Delivery is not affected. */
  readonly trouble: StoreError | null;
  readonly known: KnownHead;
}

export interface Rollup {
  /**
   * One round. `hint`: something was surely written, skip looking. Throws StoreError; what was done stays. Rounds of one rollup run one after
   * another, because they share what is warm; those of several run at once.
   */
  round(options?: { readonly hint?: boolean }): Promise<RoundReport>;
  /** About what it keeps for the next round, in bytes of JSON: its folded state and its marks. 0 before the first. */
  readonly warmBytes: number;
}

export function createRollup(host: Host, options: RollupOptions): Rollup {
  const { store } = options;
  const fold = options.model && createRollupFold(host, options.model, options);
  let warm: WarmMarks | null = null;
  let warmBytes = 0;
  let turns: Promise<unknown> = Promise.resolve();

  async function doJob(job: DueJob): Promise<{ readonly is: string; readonly known: KnownHead }> {
    if (job === "marks") return run(writeMarks, { store, warm }, host);
    if (job === "merge") return run(merge, { store }, host);
    if (job === "retire") return run(retire, { store }, host);
    assert(fold, "a snapshot is due only with a model");
    return fold.writeSnapshot();
  }

  /** A job that fails leaves the others and the next round alone. */
  async function doJobs(first: KnownHead, followed: FoldFollowed): Promise<JobsDone> {
    let known = first;
    let { trouble } = followed;
    const tried: DueJob[] = [];
    const jobs: DueJob[] = [];
    const modelVersion = options.model && followed.mayWrite ? options.model.version : null;
    for (;;) {
      const job = nextJob(known.head, modelVersion, { settings: host.settings, tried });
      if (!job) return { known, jobs, trouble };
      tried.push(job);
      try {
        const outcome = await doJob(job);
        known = outcome.known;
        if (outcome.is !== "nothing") jobs.push(job);
      } catch (error) {
        trouble ??= asStoreError(error, store);
      }
    }
  }

  async function runRound(hint: boolean): Promise<RoundReport> {
    const outcome = await run(publish, { store, hint, warm }, host);
    if (outcome.is === "published") {
      warm = outcome.warm;
      await deletePublished(outcome, host);
    }
    const followed = fold ? await fold.follow(outcome) : { trouble: null, mayWrite: false };
    const { known, jobs, trouble } = await doJobs(outcome.known, followed);
    const modelVersion = options.model?.version ?? null;
    warmBytes = warmBytesOf(known.head, { modelVersion, marks: warm?.marks ?? null });
    return { ...countsOf(outcome), jobs, trouble, known };
  }

  return {
    get warmBytes() {
      return warmBytes;
    },
    round({ hint = false } = {}) {
      const mine = turns.then(() => runRound(hint));
      turns = mine.catch(() => undefined);
      return mine;
    },
  };
}

interface JobsDone {
  readonly known: KnownHead;
  readonly jobs: readonly DueJob[];
  readonly trouble: StoreError | null;
}

/** Right away and without a LIST: their segment is linked, and publishedThrough of the head at hand covers them. */
async function deletePublished(outcome: PublishOutcome & { is: "published" }, host: Host): Promise<void> {
  const { publishedThrough } = outcome.known.head;
  const covered = (key: string) =>
    (parseUpdateKey(key)?.timestamp ?? publishedThrough + 1) <= publishedThrough;
  assert(outcome.keys.every(covered), "only published updates are deleted");
  await host.bucket.delete(outcome.keys);
}

type Counts = Pick<RoundReport, "published" | "dropped" | "setAside" | "oldestWaiting" | "more">;

function countsOf(outcome: PublishOutcome): Counts {
  if (outcome.is === "idle")
    return { published: 0, dropped: 0, setAside: 0, oldestWaiting: outcome.since, more: false };
  const { segment, dropped, keys, more } = outcome;
  const oldestWaiting = parseUpdateKey(keys[0] ?? "")?.timestamp ?? null;
  return {
    published: segment.updates.length,
    dropped,
    setAside: segment.setAside.length,
    oldestWaiting,
    more,
  };
}
