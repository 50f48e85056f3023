/** icecore replay: the state at a time, folded from the store's objects. */
import type { Command } from "@commander-js/extra-typings";
import { isJsonObject, type Json, type JsonObject } from "../../shared/json.ts";
import { type Timestamp, toTimestamp } from "../../shared/wire/time.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { countText, toNumber } from "../numbers.ts";
import { openReplay, type Replaying } from "../replaying.ts";
import { quoted, safeText, shortJson } from "../screen.ts";
import { storeCommand } from "../session.ts";
import { jsonTime, timeHelp, timeText, toTime } from "../time.ts";
import { tellWaiting } from "../waiting.ts";

/** Of a large table the first rows show its shape; --limit shows more. */
const rowsDefault = "20";

const examples = `
Times: ${timeHelp}.

Examples:
  $ icecore replay --bucket folder:./data
  $ icecore replay --bucket folder:./data --model model.ts --at "2026-11-21 09:05"
  $ icecore replay --bucket folder:./data --model model.ts --table todos --limit 100
  $ icecore replay --bucket folder:./data --model model.ts --exact > state.json`;

export function addReplay(program: Command, io: CommandIo): void {
  storeCommand(program, "replay", "print the state at a time, folded from the log")
    .option("--at <time>", "all updates at or before this time; default: all that are published")
    .option(
      "-m, --model <file>",
      "a script that exports the model; default: a raw view that counts updates and actions",
    )
    .option("--table <name>", "only this field of the state")
    .option("--limit <n>", "rows of each table", rowsDefault)
    .option("--exact", "the typed JSON that snapshots hold, all of it")
    .option("--rejected", "list the actions that the model rejected; folds from the log's start")
    .addHelpText("after", examples)
    .action(async (options) => {
      const at =
        options.at === undefined
          ? toTimestamp(Number.POSITIVE_INFINITY)
          : toTime(options.at, { now: io.platform.now(), edge: "end" });
      const limit = toNumber(options.limit, { name: "--limit", min: 0 });
      const replaying = await openReplay(io, options, { end: at, fromStart: options.rejected === true });
      const fold = await replaying.replay.advanceTo(at).finally(replaying.stopProgress);
      const whole = options.exact ? fold.encode() : fold.info();
      const state =
        options.table === undefined ? whole : { [options.table]: pickField(whole, options.table) };
      const shown: Shown = {
        ...factsOf(replaying),
        at: Math.min(at, replaying.publishedThrough) as Timestamp,
        problems: fold.problems(),
      };
      if (io.json) io.screen.json(toJson(shown, state, options.rejected === true));
      else if (options.exact) printExact(io, shown, state);
      else printState(io, shown, { state, limit, rejected: options.rejected === true });
      await tellWaiting(io, replaying.host, { ...replaying, to: at });
    });
}

interface Shown extends Pick<Replaying, "rejected" | "rejectedCount" | "snapshotThrough"> {
  readonly at: Timestamp;
  readonly applied: number;
  readonly model: string;
  readonly problems: readonly { readonly invariant: string; readonly problem: Json }[];
}

function factsOf({
  replay,
  model,
  rejected,
  rejectedCount,
  snapshotThrough,
}: Replaying): Omit<Shown, "at" | "problems"> {
  const name = model.anyVersion ? "raw view" : `${model.name} version ${model.version}`;
  return { applied: replay.applied, model: name, rejected, rejectedCount, snapshotThrough };
}

function pickField(state: Json, name: string): Json {
  const fields = isJsonObject(state) ? state : {};
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field !== undefined) return field;
  throw new UsageError(
    `The state has no field ${quoted(name, 60)}`,
    `Its fields are: ${Object.keys(fields).join(", ") || "none"}.`,
  );
}

function toJson(shown: Shown, state: Json, withRejected: boolean): object {
  const { at, applied, model, snapshotThrough, rejectedCount, problems } = shown;
  const snapshot = snapshotThrough === null ? null : jsonTime(snapshotThrough);
  const rejected = withRejected
    ? { rejectedActions: shown.rejected.map((one) => ({ ...one, timestamp: jsonTime(one.timestamp) })) }
    : {};
  return {
    at: jsonTime(at),
    model,
    updates: applied,
    snapshot,
    rejected: rejectedCount,
    ...rejected,
    problems,
    state,
  };
}

/** stdout is the state alone, so that it can go into a file. */
function printExact({ screen }: CommandIo, shown: Shown, state: Json): void {
  screen.json(state, 2);
  for (const line of summary(shown)) screen.remark(line);
}

function printState(
  { screen }: CommandIo,
  shown: Shown,
  { state, limit, rejected }: { state: Json; limit: number; rejected: boolean },
): void {
  const { paint } = screen;
  for (const line of summary(shown)) screen.line(paint.dim(line));
  for (const { invariant, problem } of shown.problems)
    screen.line(
      `${paint.yellow("problem:")} ${safeText(invariant, 60)}  ${shortJson(problem, screen.width)}`,
    );
  if (rejected)
    for (const { timestamp, app, seq, name, reason } of shown.rejected)
      screen.line(
        `${paint.red("rejected:")} ${timeText(timestamp)} …${app.slice(-8)} ${seq}  ${safeText(name, 60)}: ${safeText(reason)}`,
      );
  const fields = isJsonObject(state) ? Object.entries(state) : [["state", state] as const];
  for (const [name, value] of fields) printField(screen, name, { value, limit });
}

function summary(shown: Shown): readonly string[] {
  const { at, applied, model, snapshotThrough, rejectedCount, problems } = shown;
  const start =
    snapshotThrough === null
      ? "from the log's start"
      : `on top of the snapshot through ${timeText(snapshotThrough)}`;
  const where = snapshotThrough === null ? "" : " (not counting those inside the snapshot)";
  return [
    `state at ${timeText(at)}, ${model}: ${countText(applied, "update")} applied ${start}`,
    `${countText(rejectedCount, "action")} rejected${where}, ${countText(problems.length, "problem")} found by invariants`,
  ];
}

function printField(
  screen: CommandIo["screen"],
  name: string,
  { value, limit }: { value: Json; limit: number },
): void {
  const { paint, width } = screen;
  const title = paint.bold(safeText(name, 100));
  const rows = isJsonObject(value) || Array.isArray(value) ? Object.entries(value as JsonObject) : null;
  screen.line();
  screen.line(`${title}  ${rows ? countText(rows.length, "entry", "entries") : shortJson(value, width)}`);
  for (const [key, row] of rows?.slice(0, limit) ?? []) {
    const label = safeText(key, 100);
    screen.line(`  ${paint.cyan(label)}  ${shortJson(row, Math.max(40, width - label.length - 4))}`);
  }
  const left = (rows?.length ?? 0) - limit;
  if (left > 0) screen.line(paint.dim(`  … ${left} more: --limit, or --table with --json`));
}
