/** icecore bisect: the first published update after which one of the model's invariants finds a problem. */
import type { Command } from "@commander-js/extra-typings";
import { type BisectReport, bisectLog } from "../../shared/drive/bisect.ts";
import { readStoreHead } from "../../shared/drive/store.ts";
import type { Model, Problem } from "../../shared/model/model.ts";
import { formatTimestamp, type Timestamp, toTimestamp, zeroTimestamp } from "../../shared/wire/time.ts";
import { encodeStamped, type StampedUpdate } from "../../shared/wire/update.ts";
import { UsageError } from "../errors.ts";
import type { CommandIo } from "../io.ts";
import { loadModel } from "../model-file.ts";
import { countText } from "../numbers.ts";
import { quoted, type Screen, safeText, shortJson } from "../screen.ts";
import { openSession, storeCommand } from "../session.ts";
import { jsonTime, timeHelp, timeText, toTime } from "../time.ts";
import { createTimeProgress, watchGets } from "../watch-gets.ts";

const examples = `
Times: ${timeHelp}.

The invariant is evaluated after every update, from the log's start or from --from on; rejected actions do not stop it.

Examples:
  $ icecore bisect --bucket folder:./data --model model.ts --problem titlesAreUnique
  $ icecore bisect --bucket folder:./data --model model.ts --problem titlesAreUnique --from 2026-11-20 --json`;

const dataMin = 40;

export function addBisect(program: Command, io: CommandIo): void {
  storeCommand(program, "bisect", "find the first update after which an invariant finds a problem")
    .requiredOption("-m, --model <file>", "a script that exports the model")
    .requiredOption("-p, --problem <name>", "the invariant, as replay names it with its problems")
    .option("--from <time>", "only updates after this time; the state then must be sound")
    .option("--to <time>", "only updates at or before this time")
    .addHelpText("after", examples)
    .action(async (options) => {
      const now = io.platform.now();
      const from = options.from === undefined ? zeroTimestamp : toTime(options.from, { now });
      const to = toTimestamp(
        options.to === undefined ? Number.POSITIVE_INFINITY : toTime(options.to, { now, edge: "end" }),
      );
      if (to < from) throw new UsageError("--to lies before --from", "Give the earlier time first.");
      const model = await loadModel(options.model);
      requireInvariant(model, options.problem);
      const { host, store } = await openSession(io, options);
      const { head } = await readStoreHead(host, store);
      const progress = createTimeProgress(io, "bisect", Math.min(to, head.publishedThrough) as Timestamp);
      const watched = { ...host, bucket: watchGets(host.bucket, progress.see) };
      const search = { store, model, invariant: options.problem, from, to };
      const report = await bisectLog(watched, search).finally(progress.stop);
      const asked: Asked = { ...search, bucket: host.bucket.name, modelFile: options.model };
      if (io.json) io.screen.json(toJson(report, asked));
      else printReport(io, report, asked);
    });
}

interface Asked {
  readonly bucket: string;
  readonly store: string;
  readonly modelFile: string;
  readonly invariant: string;
  readonly from: Timestamp;
}

function requireInvariant({ name, invariantNames }: Model<unknown>, invariant: string): void {
  if (invariantNames.includes(invariant)) return;
  const names = invariantNames.map((one) => safeText(one, 60)).join(", ");
  throw new UsageError(
    `${quoted(invariant, 60)} is no invariant of model ${quoted(name, 60)}`,
    names === "" ? "The model has none." : `Its invariants are: ${names}.`,
  );
}

function toJson({ outcome, judged }: BisectReport, asked: Asked): object {
  const { store, invariant } = asked;
  const head = { store, invariant, outcome: outcome.is, judged };
  if (outcome.is === "never") return { ...head, through: jsonTime(outcome.through) };
  const problems = outcome.problems.map(({ problem }) => problem);
  if (outcome.is === "before") return { ...head, from: jsonTime(asked.from), problems };
  const { update } = outcome;
  return { ...head, update: encodeStamped(update), problems, diff: diffLine(update, asked) };
}

function printReport({ screen }: CommandIo, { outcome, judged }: BisectReport, asked: Asked): void {
  const { line, paint } = screen;
  const name = quoted(asked.invariant, 60);
  const count = countText(judged, "update");
  if (outcome.is === "never") {
    line(`${name} found no problem after any of ${count} through ${timeText(outcome.through)}.`);
  } else if (outcome.is === "before") {
    const first = asked.from === 0 ? "in the initial state" : `at ${timeText(asked.from)}`;
    line(`${name} finds a problem ${first} already, before any update that was to be judged.`);
    printProblems(screen, outcome.problems);
    line(paint.dim("Give --from a time at which it found none."));
  } else {
    line(`${name} finds a problem after this update, the last of ${count} judged:`);
    printUpdate(screen, outcome.update);
    printProblems(screen, outcome.problems);
    line();
    line(diffLine(outcome.update, asked));
  }
}

function printUpdate({ line, paint, width }: Screen, update: StampedUpdate): void {
  const { timestamp, id, app, seq, actions } = update;
  line(`${paint.bold(timeText(timestamp))}  update ${id}  app ${app}  seq ${seq}`);
  if (actions.length === 0) line(paint.dim("  (no actions)"));
  for (const action of actions) {
    const name = safeText(action.name, 60);
    line(`  ${paint.cyan(name)}  ${shortJson(action.data, Math.max(dataMin, width - name.length - 4))}`);
  }
}

function printProblems({ line, paint, width }: Screen, problems: readonly Problem[]): void {
  for (const { invariant, problem } of problems)
    line(`${paint.yellow("problem:")} ${safeText(invariant, 60)}  ${shortJson(problem, width)}`);
}

/** What the update changed, to be pasted into a shell. */
function diffLine({ timestamp }: StampedUpdate, { bucket, store, modelFile }: Asked): string {
  const words = ["icecore", "diff", "--bucket", bucket, "--store", store, "--model", modelFile];
  const times = ["--from", formatTimestamp(toTimestamp(timestamp - 1)), "--to", formatTimestamp(timestamp)];
  return [...words, ...times].map(shellWord).join(" ");
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${safeText(word).replaceAll("'", "'\\''")}'`;
}
