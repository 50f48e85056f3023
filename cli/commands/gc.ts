/** icecore gc: deletes what docs/protocol.md, "Delete" allows, and nothing else. */
import type { Command } from "@commander-js/extra-typings";
import { collectGarbage } from "../../shared/drive/store.ts";
import type { CommandIo } from "../io.ts";
import { countText, toNumber } from "../numbers.ts";
import { openSession, storeCommand } from "../session.ts";

const dayMs = 24 * 60 * 60_000;
const hourMs = 60 * 60_000;

const examples = `
What no head names any more goes only when an earlier gc, at least the retention ago, found it unlisted too: run it now and then.
A folder bucket's leftovers of killed processes go whenever the bucket is opened.

Examples:
  $ icecore gc --bucket folder:./data
  $ icecore gc --bucket folder:./data --retention-days 1`;

export function addGc(program: Command, io: CommandIo): void {
  storeCommand(program, "gc", "delete published raw updates, and built objects that no head names any more")
    .option("--retention-days <n>", "keep what is unlisted for so long, for slow readers", "7")
    .option("--link-delay-hours <n>", "no job that takes longer is linked", "24")
    .addHelpText("after", examples)
    .action(async (options) => {
      const retentionMs =
        dayMs * toNumber(options.retentionDays, { name: "--retention-days", min: 0, fraction: true });
      const linkFromDelayMs =
        hourMs * toNumber(options.linkDelayHours, { name: "--link-delay-hours", min: 0, fraction: true });
      const { host, store } = await openSession(io, options, { settings: { retentionMs, linkFromDelayMs } });
      const { raw, deleted, kept, linkFrom, probes } = await collectGarbage(host, store);
      if (io.json) return io.screen.json({ raw, built: deleted, kept, linkFrom, probes });
      io.screen.line(
        `deleted ${countText(raw, "raw update")} and ${countText(deleted.length, "built object")}`,
      );
      for (const key of deleted) io.screen.line(io.screen.paint.dim(`  ${key}`));
      if (probes > 0)
        io.screen.line(`deleted ${countText(probes, "object")} of self-tests that did not come to their end`);
      io.screen.line(
        `${countText(kept, "unlisted object")} kept for slow readers; link from rev ${linkFrom}`,
      );
    });
}
