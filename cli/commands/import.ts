/** icecore import: appends the updates of an export to a store, new or not; safe to stop, to resume and to repeat. */
import { createReadStream, statSync } from "node:fs";
import type { Command } from "@commander-js/extra-typings";
import { type ImportReport, importLog } from "../../shared/drive/import.ts";
import { checkExport } from "../../shared/drive/import-lines.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo, Source } from "../io.ts";
import { readLines } from "../lines.ts";
import { countText } from "../numbers.ts";
import { createProgress } from "../progress.ts";
import { quoted } from "../screen.ts";
import { openSession, type Session, storeCommand } from "../session.ts";
import { jsonTime, timeText } from "../time.ts";

const examples = `
Updates get the timestamps of the import, in the order of the export; what the store has already is skipped, so an import may be
stopped, run again and repeated. Where another update has an update's app and seq, it and those after it come in under a new app id.
A file is checked to its end before anything is appended; what comes through a pipe is appended line by line.
While an import runs, the apps of the export must not write to the store themselves.

Examples:
  $ icecore import backup.jsonl --bucket folder:./data --store restored
  $ icecore export --bucket folder:./data --to 2026-11-20 | icecore import --bucket folder:./data --store fork
  $ gunzip < backup.jsonl.gz | icecore import - --bucket folder:./other`;

export function addImport(program: Command, io: CommandIo): void {
  storeCommand(program, "import", "append the updates of an export; makes the store when it is not there")
    .argument("[file]", 'what "icecore export" wrote; default, and for "-": stdin')
    .addHelpText("after", examples)
    .action(async (file, options) => {
      const input = openInput(io, file ?? "-");
      const session = await openSession(io, options, { maybeNew: true });
      const report = await importFrom(io, session, input);
      if (io.json) io.screen.json({ store: session.store, ...report, through: jsonTime(report.through) });
      else {
        io.screen.line(reportText(report));
        if (report.imported > 0)
          io.screen.remark(
            `Stored, not yet published: run "icecore rollup --store ${session.store}" (or serve the store) to publish them.`,
          );
      }
    });
}

interface Input {
  readonly name: string;
  /** It can be read twice. */
  readonly isFile: boolean;
  open(): Source;
}

function openInput(io: CommandIo, file: string): Input {
  if (file === "-") {
    const stdin = io.stdin();
    if (stdin.isTTY)
      throw new UsageError("No export was given", 'Name its file, or pipe "icecore export" into this.');
    return { name: "stdin", isFile: false, open: () => stdin };
  }
  const facts = statSync(file, { throwIfNoEntry: false });
  if (!facts || facts.isDirectory())
    throw new UsageError(
      `There is no file ${quoted(file, 300)}`,
      'Give the path of what "icecore export" wrote.',
    );
  return { name: file, isFile: facts.isFile(), open: () => createReadStream(file) };
}

async function importFrom(io: CommandIo, { host, store }: Session, input: Input): Promise<ImportReport> {
  const { platform, signal, screen, json } = io;
  const lineBytesMax = host.settings.storedActionsBytesMax;
  const lines = () => readLines(input.open(), { platform, signal, lineBytesMax, name: input.name });
  const total = input.isFile ? (await checkExport(host, { store, lines: lines() })).updates : null;
  const progress = total === null ? createCounting(io) : createProgress(io, "import");
  const report = importLog(host, {
    store,
    lines: lines(),
    onMade: () => json || screen.remark(`Made store "${store}" in ${host.bucket.name}.`),
    onProgress: ({ imported, alreadyThere }) => progress.show(imported + alreadyThere, total ?? 0),
  });
  return report.finally(progress.stop);
}

/** Often enough to see that it goes on. */
const countingMs = 10_000;

/** Where nobody knows how much will come: how much came, now and then, for people only. */
function createCounting({ screen, json, platform }: CommandIo): ReturnType<typeof createProgress> {
  let last = platform.now();
  return {
    show(done) {
      if (!screen.live || json || platform.now() - last < countingMs) return;
      last = platform.now();
      screen.remark(`import: ${countText(done, "update")} so far`);
    },
    stop: () => undefined,
  };
}

function reportText(report: ImportReport): string {
  const { imported, alreadyThere, underNewIds, appsUnderNewIds, actionsLeftOut, through } = report;
  const renamed =
    underNewIds === 0 ? "" : `, ${underNewIds} of them under new ids (${countText(appsUnderNewIds, "app")})`;
  const leftOut =
    actionsLeftOut === 0 ? "" : `, ${countText(actionsLeftOut, "action")} left out that the store had`;
  return `imported ${countText(imported, "update")}${renamed}, ${alreadyThere} already there${leftOut}, through ${timeText(through)}`;
}
