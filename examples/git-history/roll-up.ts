/**
 * The rollup beside the writer: a round at a time on a timer of its own, then further rounds until the last acknowledged update
 * is published. In a deployment it is another process, or several; they meet in the head only.
 */
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import type { DueJob } from "../../shared/log/jobs.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import { rollupDelayMs } from "./limits.ts";
import { model } from "./model.ts";

export interface RolledUp {
  readonly rounds: number;
  readonly published: number;
  /** Copies that a repeated PUT left behind. */
  readonly dropped: number;
  readonly setAside: number;
  readonly jobs: Readonly<Record<DueJob, number>>;
}

const nothing: RolledUp = {
  rounds: 0,
  published: 0,
  dropped: 0,
  setAside: 0,
  jobs: { marks: 0, snapshot: 0, merge: 0, retire: 0 },
};

/** Rolls up until `writing` has ended and everything up to the timestamp it gives is published. */
export async function rollUpBeside(
  host: Host,
  store: StoreId,
  writing: Promise<Timestamp>,
): Promise<RolledUp> {
  const rollup = createRollup(host, { store, model });
  let last: Timestamp | undefined;
  // Who waits for both hears of a failed writer from the writer.
  writing.then((timestamp) => (last = timestamp)).catch(() => undefined);
  let sum = nothing;
  for (;;) {
    const report = await rollup.round();
    if (report.trouble) throw report.trouble;
    sum = add(sum, report);
    if (last !== undefined && report.known.head.publishedThrough >= last) return sum;
    if (report.more) continue;
    const { wait } = host.platform;
    await (last === undefined
      ? Promise.race([wait(rollupDelayMs, host.signal), writing])
      : wait(host.settings.graceMs));
  }
}

type Round = Omit<RolledUp, "rounds" | "jobs"> & { readonly jobs: readonly DueJob[] };

function add(sum: RolledUp, { published, dropped, setAside, jobs }: Round): RolledUp {
  const done = { ...sum.jobs };
  for (const job of jobs) done[job] += 1;
  return {
    rounds: sum.rounds + 1,
    published: sum.published + published,
    dropped: sum.dropped + dropped,
    setAside: sum.setAside + setAside,
    jobs: done,
  };
}
