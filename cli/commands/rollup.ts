/** icecore rollup: publishes what is sealed and does the long jobs; once, or on and on with --watch. */
import type { Command } from "@commander-js/extra-typings";
import { createRollup, type Rollup, type RoundReport } from "../../shared/drive/rollup.ts";
import { requireFitBucket } from "../../shared/drive/self-test.ts";
import { StoreError } from "../../shared/errors.ts";
import { troubleLine, whatOf } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { loadModel } from "../model-file.ts";
import { countText, toNumber } from "../numbers.ts";
import { openSession, storeCommand } from "../session.ts";
import { jsonTime, timeText } from "../time.ts";

const examples = `
Any number of rollups may run at once, anywhere. Without --model there are no snapshots; everything else is done.

Examples:
  $ icecore rollup --bucket folder:./data
  $ icecore rollup --bucket folder:./data --model model.ts --watch --every 10`;

export function addRollup(program: Command, io: CommandIo): void {
  storeCommand(
    program,
    "rollup",
    "publish what is stored into segments, and keep snapshots, marks and the head tidy",
  )
    .option("-m, --model <file>", "a script that exports the model, for snapshots")
    .option("-w, --watch", "go on until Ctrl-C")
    .option("--every <seconds>", "with --watch: between two rounds", "60")
    .addHelpText("after", examples)
    .action(async (options) => {
      const everyMs = 1_000 * toNumber(options.every, { name: "--every", min: 0.1, fraction: true });
      const { host, store } = await openSession(io, options);
      const model = options.model === undefined ? {} : { model: await loadModel(options.model) };
      const rejected = { count: 0 };
      const rollup = createRollup(host, { store, ...model, onRejection: () => void rejected.count++ });
      const work: Work = { io, rollup, rejected };
      if (!options.watch) return tell(work, () => rounds(work));
      if (!io.json)
        io.screen.remark(
          `Watching store "${store}" in ${host.bucket.name}: a round every ${everyMs / 1_000} s, until Ctrl-C.`,
        );
      // It will run for long: better to refuse now than to lose something later.
      let fit = false;
      for (;;) {
        await tell({ ...work, watching: true }, async () => {
          if (!fit) await requireFitBucket(host);
          fit = true;
          await rounds({ ...work, watching: true });
        });
        await host.platform.wait(everyMs, host.signal);
        if (host.signal?.aborted) return;
      }
    });
}

interface Work {
  readonly io: CommandIo;
  readonly rollup: Rollup;
  /** Actions that the model rejected since the last report. */
  readonly rejected: { count: number };
  readonly watching?: boolean;
}

/** All rounds that are due now. Each is reported when it is done, so that what was stopped is never reported. */
async function rounds(work: Work): Promise<void> {
  for (let more = true; more; ) {
    const report = await work.rollup.round();
    more = report.more;
    print(work, report);
  }
}

/** While it watches, what will pass is told and waited for. */
async function tell({ io, watching = false }: Work, doing: () => Promise<void>): Promise<void> {
  try {
    await doing();
  } catch (error) {
    const passes = error instanceof StoreError && ["unavailable", "conflict"].includes(error.kind);
    if (!watching || !passes) throw error;
    const { screen } = io;
    screen.remark(`${screen.paintRemark.yellow("waiting:")} ${troubleLine(error)}`);
  }
}

function print({ io, rejected, watching = false }: Work, report: RoundReport): void {
  const { screen } = io;
  const { published, dropped, setAside, jobs, more, trouble, known } = report;
  const { rev, publishedThrough } = known.head;
  const idle = published + dropped + setAside + jobs.length === 0;
  const rejections = rejected.count;
  rejected.count = 0;
  if (trouble) {
    screen.remark(`${screen.paintRemark.yellow("not done:")} ${troubleLine(trouble)}`);
    if (!watching) io.finish(1);
  }
  if (io.json) {
    const shown = trouble && {
      kind: trouble.kind,
      what: whatOf(trouble),
      fix: trouble.fix,
    };
    screen.json({
      published,
      dropped,
      setAside,
      jobs,
      rejected: rejections,
      more,
      trouble: shown,
      rev,
      publishedThrough: jsonTime(publishedThrough),
    });
  } else if (!idle) {
    const aside = setAside === 0 ? "" : screen.paint.yellow(`, ${setAside} set aside`);
    const refused =
      rejections === 0
        ? ""
        : screen.paint.yellow(`, ${countText(rejections, "action")} rejected by the model`);
    const done = jobs.length === 0 ? "" : `; ${jobs.join(", ")}`;
    screen.line(
      `published ${countText(published, "update")} through ${timeText(publishedThrough)}, ${dropped} dropped as copies${aside}${refused}${done}`,
    );
  } else if (!watching) {
    screen.line("nothing to publish (what was stored in the last seconds waits for the next round)");
  }
}
