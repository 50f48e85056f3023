/** icecore log: the store's updates as they were published, a line for each action; a segment at a time in memory. */
import type { Command } from "@commander-js/extra-typings";
import { createReader, type Reader } from "../../shared/drive/reader.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Replica } from "../../shared/ports/replica.ts";
import { type Timestamp, toTimestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { troubleLine, UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { createLogPrinter, type LogPrinter } from "../log-lines.ts";
import { toNumber } from "../numbers.ts";
import { openSession, type Session, storeCommand } from "../session.ts";
import { timeHelp, toTime } from "../time.ts";
import { tellWaiting } from "../waiting.ts";

/** Between two polls of --follow: a head that did not change costs one conditional GET. */
const followMs = 1_000;

const examples = `
Times: ${timeHelp}. A bare date means the whole day.

Examples:
  $ icecore log --bucket folder:./data --limit 20
  $ icecore log --bucket folder:./data --from -1h --action addTodo
  $ icecore log --bucket folder:./data --from now --follow --tail
  $ icecore log --bucket folder:./data --json | jq .actions[].name`;

export function addLog(program: Command, io: CommandIo): void {
  storeCommand(program, "log", "print the log: published updates in order, a line for each action")
    .option("--from <time>", "at or after this time")
    .option("--to <time>", "at or before this time")
    .option("--app <id>", "only of this app: its id, or the beginning or end of it")
    .option("--action <name>", "only actions of this name")
    .option("--limit <n>", "stop after so many lines")
    .option("--tail", "with the tail: stored but not yet published, marked with ~")
    .option("-f, --follow", "go on with what is published from now on, until Ctrl-C")
    .addHelpText("after", examples)
    .action(async (options) => {
      const now = io.platform.now();
      if (options.follow && options.to !== undefined)
        throw new UsageError("--follow has no end, and --to asks for one", "Give one of the two.");
      const from = toTimestamp((options.from === undefined ? 1 : toTime(options.from, { now })) - 1);
      const to = options.to === undefined ? endOfTime : toTime(options.to, { now, edge: "end" });
      const limit = options.limit === undefined ? null : toNumber(options.limit, { name: "--limit", min: 1 });
      const printer = createLogPrinter(io, { limit, app: options.app, action: options.action });
      const session = await openSession(io, options);
      const reader = createReader(session.host, {
        store: session.store,
        replica: printing(io, printer, to),
        history: true,
        from,
      });
      await printLog(io, { ...session, reader, printer }, { ...options, to });
      const { held } = reader;
      const isAll = options.tail === true || options.follow === true || printer.full;
      if (!isAll && held !== null)
        await tellWaiting(io, session.host, { ...session, ...held.known.head, to });
    });
}

const endOfTime = toTimestamp(Number.POSITIVE_INFINITY);

interface Printing extends Session {
  readonly reader: Reader;
  readonly printer: LogPrinter;
}

async function printLog(
  io: CommandIo,
  printing: Printing,
  options: { readonly to: Timestamp; readonly tail?: true | undefined; readonly follow?: true | undefined },
): Promise<void> {
  const { host } = printing;
  await poll(io, printing, options);
  while (options.follow && !host.signal?.aborted && !printing.printer.full) {
    await host.platform.wait(followMs, host.signal);
    if (host.signal?.aborted) return;
    await poll(io, printing, options).catch((error) => goOn(io, error));
  }
}

async function poll(
  io: CommandIo,
  { reader, printer }: Printing,
  { to, tail }: { readonly to: Timestamp; readonly tail?: true | undefined },
): Promise<void> {
  try {
    await reader.poll({ until: toTimestamp(to + 1) });
    if (tail) printer.printTail((await reader.pollTail()).filter((update) => update.timestamp <= to));
    await io.screen.flush();
  } catch (error) {
    if (!printer.full) throw error;
  }
}

/** Prints what it is given; full, it says so in the only way that ends a read early. */
function printing(io: CommandIo, printer: LogPrinter, to: Timestamp): Replica {
  const upTo = (updates: readonly StampedUpdate[]) => updates.filter((update) => update.timestamp <= to);
  return {
    reset() {
      io.screen.remark("The store was made anew or recovered: its log begins again.");
      return null;
    },
    load: () => null,
    async apply({ updates }) {
      printer.print(upTo(updates));
      await io.screen.flush();
      return printer.full
        ? { kind: "closed", what: "The limit was reached", fix: "Give a higher one." }
        : null;
    },
  };
}

/** While it follows, what will pass is told and waited for. */
function goOn(io: CommandIo, error: unknown): void {
  if (io.signal.aborted) return;
  if (!(error instanceof StoreError) || !["unavailable", "conflict"].includes(error.kind)) throw error;
  io.screen.remark(`${io.screen.paintRemark.yellow("waiting:")} ${troubleLine(error)}`);
}
