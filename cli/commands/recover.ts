/** icecore recover: a new head for a store whose head is lost, from what is left of it. */
import type { Command } from "@commander-js/extra-typings";
import { recoverStore } from "../../shared/drive/recover.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { countText } from "../numbers.ts";
import { createProgress } from "../progress.ts";
import { quoted, safeText, table } from "../screen.ts";
import { openSession, storeCommand } from "../session.ts";
import { jsonTime, timeText } from "../time.ts";

const examples = `
Where the bucket keeps versions, restoring the newest head is better: readers then go on where they are. After a recovery the
store has a new epoch, and readers load it afresh; what apps have not yet sent stays with them. Writers and rollups may go on
meanwhile. Nothing is overwritten. Run "icecore verify" afterwards.

A good head that names what is gone or damaged ("icecore verify" says so) is better kept, and the object restored. Where that cannot be,
--replace-head looks whether what is left, say the smaller segments that a lost one was merged from, which are kept for a week, holds the
whole log all the same; only then it takes the head away and makes another one in its place, as for a lost head.

Examples:
  $ icecore recover --bucket 's3://notes?region=eu-central-1' --dry-run
  $ icecore recover --bucket folder:./data --store family
  $ icecore recover --bucket folder:./data --store family --replace-head family --dry-run`;

export function addRecover(program: Command, io: CommandIo): void {
  storeCommand(program, "recover", "make a new head for a store whose head is lost or damaged")
    .option("--dry-run", "say what would be done and write nothing")
    .option("--accept-loss", "go on although a part of the log is lost: what lies behind the gap stays out")
    .option(
      "--replace-head <store>",
      "also where there is a good head, if what it names is gone or damaged; type the store's id once more",
    )
    .addHelpText("after", examples)
    .action(async (options) => {
      const { replaceHead } = options;
      if (replaceHead !== undefined && replaceHead !== options.store)
        throw new UsageError(
          `--replace-head names ${quoted(replaceHead, 60)}, and the store is ${quoted(options.store, 60)}`,
          "Type the id of the store whose head is to be replaced.",
        );
      if (replaceHead !== undefined && options.acceptLoss)
        throw new UsageError(
          "A good head is replaced only where nothing of its log is lost",
          "Leave out --accept-loss.",
        );
      const { host, store } = await openSession(io, options);
      const { dryRun = false, acceptLoss = false } = options;
      const progress = createProgress(io, "recover");
      const report = await recoverStore(host, {
        store,
        dryRun,
        acceptLoss,
        replaceHead: replaceHead !== undefined,
        onProgress: progress.show,
      }).finally(progress.stop);
      const { head, made, segments, updates, apps, joined, raw, lost } = report;
      if (io.json)
        return io.screen.json({
          store,
          made,
          epoch: head.epoch,
          rev: head.rev,
          sealedThrough: jsonTime(head.sealedThrough),
          publishedThrough: jsonTime(head.publishedThrough),
          segments,
          updates,
          apps,
          joined,
          raw,
          snapshots: Object.keys(head.snapshots).map(Number),
          lost,
        });
      const { line, paint } = io.screen;
      const versions = Object.entries(head.snapshots).map(
        ([version, { through }]) => `version ${version} at ${timeText(through)}`,
      );
      const rows = [
        [
          "log",
          `${countText(updates, "update")} of ${countText(apps, "app")} in ${countText(segments, "segment")}, through ${timeText(head.publishedThrough)}`,
        ],
        [
          "joined",
          joined === 0
            ? "nothing: there was one end"
            : `${countText(joined, "update")} of ends that a head could not tell apart any more`,
        ],
        [
          "snapshots",
          versions.length === 0 ? "none that fits: a rollup writes the next" : versions.join(", "),
        ],
        ["raw updates", `${raw} there: the next rollup publishes what the log does not hold yet`],
        ["head", `epoch ${head.epoch}, rev ${head.rev}, sealed through ${timeText(head.sealedThrough)}`],
      ];
      for (const one of lost) line(`${paint.red("left out")}  ${safeText(one, 1_000)}`);
      for (const row of table(rows, [paint.bold])) line(row);
      line(
        made
          ? paint.green(`Recovered store "${store}". Now run: icecore verify --store ${store}`)
          : `Nothing was written. Without --dry-run store "${store}" gets this head.`,
      );
    });
}
