/** icecore export: the log as lines of JSON with a hash at their end, for a copy, a fork or another program. */
import type { Command } from "@commander-js/extra-typings";
import { type ExportOptions, exportLog, type LineSink } from "../../shared/drive/export.ts";
import type { Without } from "../../shared/drive/export-without.ts";
import { readStoreHead } from "../../shared/drive/store.ts";
import type { LeftOut } from "../../shared/wire/export.ts";
import { parseActionId, parseAppId } from "../../shared/wire/ids.ts";
import type { Timestamp } from "../../shared/wire/time.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { countText } from "../numbers.ts";
import { writeFileWhole } from "../out-file.ts";
import { quoted } from "../screen.ts";
import { openSession, type Session, storeCommand } from "../session.ts";
import { jsonTime, timeHelp, timeText, toTime } from "../time.ts";
import { createTimeProgress, watchGets } from "../watch-gets.ts";

const examples = `
Times: ${timeHelp}. A bare date means the whole day.

A header, the published updates in log order as "icecore log --json" prints them, a trailer with the lines' hash. What is
stored and not yet published is not in it: "icecore rollup" publishes it.

With --without-… it is a whole export of what is left, which "icecore import" takes like any other: the way to forget a person. Its trailer
says how much was left out, and not of whom. "icecore log --json" shows ids of apps and actions, and principals.

Examples:
  $ icecore export --bucket folder:./data --out backup.jsonl
  $ icecore export --bucket folder:./data | gzip > backup.jsonl.gz
  $ icecore export --bucket folder:./data --to 2026-11-20 | icecore import --bucket folder:./data --store fork
  $ icecore export --bucket folder:./data --store family --without-principal anna --out rest.jsonl`;

export function addExport(program: Command, io: CommandIo): void {
  storeCommand(program, "export", "write the log as JSON lines, for a backup, a fork or another program")
    .option("--from <time>", "updates at or after this time")
    .option("--to <time>", "updates at or before this time")
    .option("-o, --out <file>", "into this file, which appears when it is whole; default: stdout")
    .option("--without-principal <name...>", "leave out all updates that this principal sent")
    .option("--without-app <id...>", "leave out all updates of this app")
    .option("--without-action <id...>", "leave out this action, and its update where nothing else is in it")
    .addHelpText("after", examples)
    .action(async (options) => {
      const now = io.platform.now();
      const from = options.from === undefined ? null : toTime(options.from, { now });
      const to = options.to === undefined ? null : toTime(options.to, { now, edge: "end" });
      if (from !== null && to !== null && to < from)
        throw new UsageError("--to lies before --from", "Give the earlier time first.");
      const without = toWithout(options);
      const session = await openSession(io, options);
      const file = options.out === undefined || options.out === "-" ? null : options.out;
      await exportTo(io, session, { from, to, file, without });
    });
}

interface WithoutOptions {
  readonly withoutPrincipal?: readonly string[] | undefined;
  readonly withoutApp?: readonly string[] | undefined;
  readonly withoutAction?: readonly string[] | undefined;
}

/** Undefined where nothing is to be left out. Throws UsageError: half an id would leave out nothing, and nobody would see it. */
function toWithout({ withoutPrincipal, withoutApp, withoutAction }: WithoutOptions): Without | undefined {
  if (!withoutPrincipal && !withoutApp && !withoutAction) return undefined;
  return {
    principals: withoutPrincipal ?? [],
    apps: (withoutApp ?? []).map((text) => toUlid(text, "--without-app", parseAppId)),
    actions: (withoutAction ?? []).map((text) => toUlid(text, "--without-action", parseActionId)),
  };
}

function toUlid<Id>(text: string, option: string, parse: (text: unknown) => Id | undefined): Id {
  const id = parse(text);
  if (id !== undefined) return id;
  throw new UsageError(
    `${option} is ${quoted(text, 60)}`,
    'Give a whole id, 26 characters, as "icecore log --json" prints it.',
  );
}

interface Wanted extends Pick<ExportOptions, "from" | "to" | "without"> {
  /** Null: stdout. */
  readonly file: string | null;
}

async function exportTo(io: CommandIo, session: Session, { from, to, file, without }: Wanted): Promise<void> {
  const { store } = session;
  const { head } = await readStoreHead(session.host, store);
  const end = Math.min(to ?? head.publishedThrough, head.publishedThrough) as Timestamp;
  const progress = createTimeProgress(io, "export", end);
  const host = { ...session.host, bucket: watchGets(session.host.bucket, progress.see) };
  const write = (sink: LineSink) => exportLog(host, { store, from, to, sink, without });
  const done = file === null ? write(io.screen) : writeFileWhole(file, io.platform, write);
  const { updates, through, hash, leftOut, unmet } = await done.finally(progress.stop);
  const less = leftOut ? `, left out ${leftOutText(leftOut)}` : "";
  const text = `exported ${countText(updates, "update")} through ${timeText(through)}${less}`;
  for (const one of unmet)
    io.screen.remark(
      `${io.screen.paintRemark.yellow("warning:")} ${quoted(one, 100)} was to be left out, and nothing of it is there`,
    );
  if (file === null) {
    if (!io.json) io.screen.remark(text);
  } else if (io.json) io.screen.json({ store, file, updates, through: jsonTime(through), hash, leftOut });
  else io.screen.line(`${text} into ${file}`);
}

function leftOutText({ updates, actions }: LeftOut): string {
  return `${countText(updates, "update")} and ${countText(actions, "action")} of others`;
}
