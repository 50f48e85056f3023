/** icecore diff: what changed in the state between two times. */
import type { Command } from "@commander-js/extra-typings";
import { type DiffRow, diffStates } from "../../shared/fold/diff.ts";
import type { Model } from "../../shared/model/model.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { countText } from "../numbers.ts";
import { openReplay } from "../replaying.ts";
import { safeText, shortJson } from "../screen.ts";
import { storeCommand } from "../session.ts";
import { timeHelp, timeText, toTime } from "../time.ts";

const examples = `
Times: ${timeHelp}.

Examples:
  $ icecore diff --bucket folder:./data --from -1h
  $ icecore diff --bucket folder:./data --model model.ts --from 2026-11-20 --to 2026-11-21`;

export function addDiff(program: Command, io: CommandIo): void {
  storeCommand(program, "diff", "print what changed in the state between two times")
    .requiredOption("--from <time>", "the state at this time …")
    .option("--to <time>", "… against the state at this one; default: all that is published")
    .option(
      "-m, --model <file>",
      "a script that exports the model; default: a raw view that counts updates and actions",
    )
    .addHelpText("after", examples)
    .action(async (options) => {
      const now = io.platform.now();
      const from = toTime(options.from, { now });
      const to =
        options.to === undefined
          ? toTimestamp(Number.POSITIVE_INFINITY)
          : toTime(options.to, { now, edge: "end" });
      if (to < from) throw new UsageError("--to lies before --from", "Give the earlier time first.");
      const { replay, model, stopProgress } = await openReplay(io, options, { end: to });
      const before = (await replay.advanceTo(from)).state();
      const after = (await replay.advanceTo(to).finally(stopProgress)).state();
      const rows = diffStates(before, after, model.stateCodec);
      if (io.json) for (const row of rows) io.screen.json(encodeRow(row, model));
      else for (const row of rows) printRow(io, row, model);
      if (!io.json) io.screen.line(io.screen.paint.dim(totals(rows, timeText(from))));
    });
}

/** Values in their exact form, for programs. */
function encodeRow({ path, kind, before, after }: DiffRow, { stateCodec }: Model): object {
  return {
    kind,
    path,
    ...(kind === "added" ? {} : { before: stateCodec.encode(before) }),
    ...(kind === "removed" ? {} : { after: stateCodec.encode(after) }),
  };
}

function printRow({ screen }: CommandIo, row: DiffRow, { codec }: Model): void {
  const { paint } = screen;
  const name = safeText(row.path.join("/"), 200) || "state";
  const room = Math.max(40, screen.width - name.length - 4);
  const [before, after] = [codec.info(row.before), codec.info(row.after)];
  const members = () => changedMembers(before, after).map((one) => memberText(one, room / 2));
  const lines: Record<DiffRow["kind"], () => string> = {
    added: () => paint.green(`+ ${name}  ${shortJson(after, room)}`),
    removed: () => paint.red(`- ${name}  ${shortJson(before, room)}`),
    changed: () => paint.yellow(`~ ${name}  ${members().join(", ")}`),
  };
  screen.line(lines[row.kind]());
}

interface MemberChange {
  readonly member: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** Of two records only what differs; of anything else the whole. */
function changedMembers(before: unknown, after: unknown): readonly MemberChange[] {
  if (!isRecord(before) || !isRecord(after)) return [{ member: null, before, after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return changed.map((member) => ({ member, before: before[member], after: after[member] }));
}

function memberText({ member, before, after }: MemberChange, room: number): string {
  const name = member === null ? "" : `${safeText(member, 60)}: `;
  return `${name}${shortJson(before, room)} → ${shortJson(after, room)}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function totals(rows: readonly DiffRow[], since: string): string {
  const count = (kind: DiffRow["kind"]) => rows.filter((row) => row.kind === kind).length;
  return `${countText(rows.length, "change")} since ${since}: ${count("added")} added, ${count("removed")} removed, ${count("changed")} changed`;
}
