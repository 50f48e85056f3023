/** icecore verify: every invariant that objects can show; what is wrong, where, and the way out. */
import type { Command } from "@commander-js/extra-typings";
import { type AuditReport, auditStore } from "../../shared/drive/audit.ts";
import { isClosed, isLoss } from "../../shared/drive/recover-replace.ts";
import type { Finding } from "../../shared/log/audit.ts";
import { encodeHead } from "../../shared/wire/head.ts";
import type { CommandIo } from "../io.ts";
import { loadModel } from "../model-file.ts";
import { countText } from "../numbers.ts";
import { createProgress } from "../progress.ts";
import { type Screen, safeText, table } from "../screen.ts";
import { openSession, storeCommand } from "../session.ts";
import { jsonTime, timeText } from "../time.ts";

const examples = `
It only reads, and never stops at the first finding. Exit code 1 when there is an error; warnings alone are 0.

Examples:
  $ icecore verify --bucket folder:./data
  $ icecore verify --bucket folder:./data --model model.ts --json`;

export function addVerify(program: Command, io: CommandIo): void {
  storeCommand(
    program,
    "verify",
    "check the whole store: hashes, order, marks, snapshots, lost or foreign objects",
  )
    .option(
      "-m, --model <file>",
      "a script that exports the model: its snapshot is compared with a fold of the log",
    )
    .addHelpText("after", examples)
    .action(async (options) => {
      const { host, store } = await openSession(io, options);
      const model = options.model === undefined ? {} : { model: await loadModel(options.model) };
      const progress = createProgress(io, "verify");
      const report = await auditStore(host, { store, ...model, onProgress: progress.show }).finally(
        progress.stop,
      );
      const errors = report.findings.filter((finding) => finding.severity === "error").length;
      if (errors > 0) io.finish(1);
      if (io.json) return io.screen.json({ store, ok: errors === 0, ...toJson(report) });
      for (const finding of report.findings) printFinding(io.screen, finding);
      for (const line of table(countRows(report, "model" in model), [io.screen.paint.bold]))
        io.screen.line(line);
      io.screen.line(verdict(io.screen, errors, report.findings.length - errors));
      if (report.head && report.findings.some(isLoss) && !report.findings.some(isClosed))
        io.screen.line(
          `What cannot be restored may still lie in older objects: "icecore recover --store ${store} --replace-head ${store} --dry-run" tells.`,
        );
    });
}

function printFinding({ line, paint }: Screen, { severity, key, what, fix }: Finding): void {
  const colour = severity === "error" ? paint.red : paint.yellow;
  line(`${colour(severity)}  ${safeText(key, 300)}`);
  line(`  ${safeText(what, 1_000)}`);
  line(paint.dim(`  ${safeText(fix, 1_000)}`));
  line();
}

function countRows(report: AuditReport, withModel: boolean): readonly (readonly string[])[] {
  const { head, segments, log, raw, snapshots, statesCompared, unlisted } = report;
  if (!head) return [["unlisted", `${countText(unlisted, "built object")} that a restored head may name`]];
  const since = raw.waitingSince === null ? "" : ` since ${timeText(raw.waitingSince)}`;
  const compared = withModel
    ? `, ${statesCompared} compared with a fold of the log`
    : "; give --model to compare states";
  const unread =
    log.unread === undefined ? "" : `; ${log.unread} more may lie in segments that cannot be read`;
  return [
    [
      "log",
      `${countText(log.updates, "update")} with ${countText(log.actions, "action")} of ${countText(log.apps, "app")} in ${countText(segments, "segment")}, through ${timeText(head.publishedThrough)}`,
    ],
    ["snapshots", `${snapshots} listed${compared}`],
    ["never came", `${countText(log.missing, "seq")} that the log has passed${unread}`],
    [
      "raw updates",
      `${raw.total} there: ${raw.waiting} to be published${since}, ${raw.covered} in the log already`,
    ],
    ["stored in time", `${raw.near} of ${raw.total} raw updates within 5 s of the time stored`],
    ["unlisted", `${countText(unlisted, "built object")} that gc will delete`],
  ];
}

function verdict({ paint }: Screen, errors: number, warnings: number): string {
  const text = `${countText(errors, "error")}, ${countText(warnings, "warning")}`;
  return errors > 0 ? paint.red(text) : warnings > 0 ? paint.yellow(text) : paint.green(text);
}

function toJson({ head, raw, ...report }: AuditReport): object {
  const waitingSince = raw.waitingSince === null ? null : jsonTime(raw.waitingSince);
  const { rev, epoch, sealedThrough, publishedThrough } = head
    ? encodeHead(head)
    : { rev: null, epoch: null, sealedThrough: null, publishedThrough: null };
  return { rev, epoch, sealedThrough, publishedThrough, ...report, raw: { ...raw, waitingSince } };
}
