/**
 * `npm run bench:client -- [dispatch] [start] [drain] [late] [--entities N] [--json]`: the client beside its peers and floors, in one run.
 *
 * Contenders take turns in one process; medians and ratios are printed, above 1 where icecore is slower. Times are noise on shared
 * machines and never fail a run; counts are gated: exit code 1 when one is off.
 */
import "./client-production.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command } from "@commander-js/extra-typings";
import { folderLocal } from "../client/node/folder.ts";
import { optionsOf, whole } from "../examples/program.ts";
import { type DispatchReport, measureDispatches } from "./client-dispatch.ts";
import { type DrainReport, measureDrains } from "./client-drain.ts";
import { type LateMeasure, measureLate } from "./client-late.ts";
import { fillLocal } from "./client-model.ts";
import { measureStart, type StartReport } from "./client-start.ts";

interface Part {
  /** For `--json`. */
  readonly report: unknown;
  readonly lines: readonly string[];
  /** Counts that are not what they should be. */
  readonly off: readonly string[];
}

const parts: Readonly<Record<string, (folder: string, entities: number) => Promise<Part>>> = {
  dispatch: async (folder, entities) => dispatchPart(await measureDispatches(folderLocal(folder), entities)),
  start: async (folder, entities) => startPart(await measureStart(folder, entities)),
  drain: async () => drainPart(await measureDrains()),
  late: async (_, entities) => latePart(await measureLate(entities)),
};

const program = new Command("npm run bench:client --")
  .description(
    "The client beside its peers and floors, in one run. Exit code 1: a count is off; times never fail a run.",
  )
  .addArgument(
    new Argument("[parts...]", "what is measured; all where none is named").choices(Object.keys(parts)),
  )
  .option("--entities <n>", "how many the state holds", whole(10_000), 100_000)
  .option("--json", "print JSON")
  .addHelpText(
    "after",
    `
  dispatch   a change of one entity, beside Redux Toolkit, TinyBase and Replicache
  start      from a local folder, beside reading and decoding the same file
  drain      10,000 actions made without a network: updates and requests
  late       an update that belongs 1,000 places back, beside folding those`,
  );
const values = optionsOf(program);
process.exitCode = await main(values.entities, program.args);

async function main(entities: number, wanted: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "icecore-bench-"));
  try {
    await fillLocal(folderLocal(folder), entities);
    return await bench(folder, entities, wanted);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bench(folder: string, entities: number, wanted: readonly string[]): Promise<number> {
  const reports: Record<string, unknown> = {};
  const off: string[] = [];
  for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) {
    const part = await parts[name]?.(folder, entities);
    if (!part) continue;
    reports[name] = part.report;
    off.push(...part.off);
    if (!values.json) console.log([`\n${name}`, ...part.lines].join("\n"));
  }
  if (values.json) console.log(JSON.stringify({ ...reports, off }));
  for (const what of off) console.error(`Off: ${what}`);
  return off.length > 0 ? 1 : 0;
}

function dispatchPart(report: DispatchReport): Part {
  const { entities, measures, off } = report;
  return {
    report,
    lines: [
      `one field of ${entities} entities changed, one subscriber reads it; development checks are off, no disk in any figure`,
      ...measures.map(
        ({ name, us, beside, besideUs, ratio }) =>
          `${name}: ${us.toFixed(1)} us beside ${besideUs.toFixed(1)} us of ${beside}: ${ratio.toPrecision(2)}`,
      ),
    ],
    off: off.map((name) => `${name} did not call its subscriber once a change with the new value`),
  };
}

function startPart(report: StartReport): Part {
  const { entities, fileBytes, ms, decodeMs, ratio, linesMs, linesRatio, off } = report;
  return {
    report,
    lines: [
      `${entities} entities, a file of ${(fileBytes / 1e6).toFixed(1)} MB: ${ms.toFixed(0)} ms beside ${decodeMs.toFixed(0)} ms of reading it and decoding all its JSON: ${ratio.toFixed(2)}`,
      `  … and ${linesMs.toFixed(0)} ms of reading it and decoding its lines, the rows in them left as texts: ${linesRatio.toFixed(2)}`,
    ],
    off: off > 0 ? [`${off} starts did not show all entities`] : [],
  };
}

function drainPart(reports: readonly DrainReport[]): Part {
  return {
    report: reports,
    lines: reports.flatMap(drainLines),
    off: reports.flatMap(drainFaults),
  };
}

function drainLines(report: DrainReport): readonly string[] {
  const { name, actions, updates, updatesExpected, requests, puts, gets, lists, tailGets, calls, ms } =
    report;
  const { confirmRequests, budget, confirmBudget } = report;
  return [
    `${name}: ${actions} actions in ${updates} updates (${updatesExpected} by the limits), ${requests} requests of the bucket: ${puts} PUT, ${gets} GET, ${lists} LIST; ${ms.toFixed(0)} ms`,
    `  ${requests - tailGets} of them to send and look${budgetText(budget)}, ${tailGets} GETs of updates in the tail${budgetText(updatesExpected)}`,
    ...(calls ? [`  the server was called ${calls.sends} times to send, ${calls.others} times else`] : []),
    `  the next start after they were published: ${confirmRequests} requests${budgetText(confirmBudget)}`,
  ];
}

function budgetText(budget: number | null): string {
  return budget === null ? "" : ` (budget ${budget})`;
}

function drainFaults(report: DrainReport): readonly string[] {
  const { name, updates, updatesExpected, requests, puts, tailGets, left, calls } = report;
  const { confirmRequests, budget, confirmBudget } = report;
  const faults: readonly (readonly [boolean, string])[] = [
    [updates !== updatesExpected, `${updates} updates, not ${updatesExpected}`],
    [puts !== updatesExpected, `${puts} PUTs, not ${updatesExpected}`],
    [isAbove(requests - tailGets, budget), `${requests - tailGets} requests, above ${budget}`],
    [tailGets > updatesExpected, `${tailGets} GETs of the tail, above ${updatesExpected}`],
    [calls !== null && calls.sends !== updatesExpected, `${calls?.sends} sends, not ${updatesExpected}`],
    [isAbove(confirmRequests, confirmBudget), `${confirmRequests} requests of the next start`],
    [left > 0, `${left} actions still in the outbox`],
  ];
  return faults.flatMap(([isOff, what]) => (isOff ? [`${name}: ${what}`] : []));
}

function isAbove(count: number, budget: number | null): boolean {
  return budget !== null && count > budget;
}

function latePart(measures: readonly LateMeasure[]): Part {
  return {
    report: measures,
    lines: measures.map(
      ({ name, places, us, foldUs, ratio, runs, runsMax }) =>
        `${name}, ${places} places back: ${us.toFixed(0)} us beside ${foldUs.toFixed(0)} us of folding those: ${ratio.toFixed(2)}; the model ran ${runs} actions (budget ${runsMax})`,
    ),
    off: measures.flatMap(({ name, places, runs, runsMax }) =>
      runs > runsMax || runs < places
        ? [`${name}: the model ran ${runs} actions, not ${places} to ${runsMax}`]
        : [],
    ),
  };
}
