/** icecore export: the log as lines of JSON with a hash at their end, for a copy, a fork or another program. */
import type { Command } from "@commander-js/extra-typings";
import { type ExportOptions, exportLog, type LineSink } from "../../shared/drive/export.ts";
import { readStoreHead } from "../../shared/drive/store.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { countText } from "../numbers.ts";
import { writeFileWhole } from "../out-file.ts";
import { openSession, type Session, storeCommand } from "../session.ts";
import { jsonTime, timeHelp, timeText, toTime } from "../time.ts";
import { createTimeProgress, watchGets } from "../watch-gets.ts";

const examples = `
Times: ${timeHelp}. A bare date means the whole day.

A header, the published updates in log order as "icecore log --json" prints them, a trailer with the lines' hash. What is
stored and not yet published is not in it: "icecore rollup" publishes it.

Examples:
  $ icecore export --bucket folder:./bucket --out backup.jsonl
  $ icecore export --bucket folder:./bucket | gzip > backup.jsonl.gz
  $ icecore export --bucket folder:./bucket --to 2026-11-20 | icecore import --bucket folder:./bucket --store fork`;

export function addExport(program: Command, io: CommandIo): void {
  storeCommand(program, "export", "write the log as JSON lines, for a backup, a fork or another program")
    .option("--from <time>", "updates at or after this time")
    .option("--to <time>", "updates at or before this time")
    .option("-o, --out <file>", "into this file, which appears when it is whole; default: stdout")
    .addHelpText("after", examples)
    .action(async (options) => {
      const now = io.platform.now();
      const from = options.from === undefined ? null : toTime(options.from, { now });
      const to = options.to === undefined ? null : toTime(options.to, { now, edge: "end" });
      if (from !== null && to !== null && to < from)
        throw new UsageError("--to lies before --from", "Give the earlier time first.");
      const session = await openSession(io, options);
      const file = options.out === undefined || options.out === "-" ? null : options.out;
      await exportTo(io, session, { from, to, file });
    });
}

interface Wanted extends Pick<ExportOptions, "from" | "to"> {
  /** Null: stdout. */
  readonly file: string | null;
}

async function exportTo(io: CommandIo, session: Session, { from, to, file }: Wanted): Promise<void> {
  const { store } = session;
  const { head } = await readStoreHead(session.host, store);
  const end = Math.min(to ?? head.publishedThrough, head.publishedThrough) as Timestamp;
  const progress = createTimeProgress(io, "export", end);
  const host = { ...session.host, bucket: watchGets(session.host.bucket, progress.see) };
  const write = (sink: LineSink) => exportLog(host, { store, from, to, sink });
  const done = file === null ? write(io.screen) : writeFileWhole(file, io.platform, write);
  const { updates, through, hash } = await done.finally(progress.stop);
  const text = `exported ${countText(updates, "update")} through ${timeText(through)}`;
  if (file === null) {
    if (!io.json) io.screen.remark(text);
  } else if (io.json) io.screen.json({ store, file, updates, through: jsonTime(through), hash });
  else io.screen.line(`${text} into ${file}`);
}
