/**
 * `npm run bench:log`: the ratios of this release, each beside its floor or peer in the same run. Run parts by name:
 * `npm run bench:log -- replay dispatch load append rollup memory`. Times are noise on shared machines; ratios are less so.
 */
import { Argument, Command } from "@commander-js/extra-typings";
import { optionsOf } from "../examples/program.ts";
import { formatMeasure, type Measure, measureAllDispatches, measureAllReplays, measureLoad } from "./fold.ts";
import { measureAppend, measureReaders, measureRollups } from "./log.ts";

const parts: Readonly<Record<string, () => Promise<void> | void>> = {
  replay: () => show(measureAllReplays()),
  dispatch: () => show(measureAllDispatches()),
  load: () => show([measureLoad()]),
  append: async () => show(await measureAppend()),
  rollup: showRollups,
  memory: showMemory,
};

function show(measures: readonly Measure[]): void {
  for (const measure of measures) console.log(formatMeasure(measure));
}

async function showRollups(): Promise<void> {
  const costs = await measureRollups();
  const first = costs[0];
  for (const { history, requests, bytes, ms } of costs) {
    const ratio = first ? (ms / first.ms).toFixed(2) : "";
    console.log(
      `rollup of 100 new updates after ${history}: ${requests} requests, ${bytes} bytes, ${ms.toFixed(1)} ms (${ratio} of the first)`,
    );
  }
}

async function showMemory(): Promise<void> {
  for (const { updates, logBytes, heapBytes } of await measureReaders())
    console.log(
      `reader after ${updates} updates: ${mb(heapBytes)} MB of heap more, for ${mb(logBytes)} MB read`,
    );
}

function mb(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

const program = new Command("npm run bench:log --")
  .description("The ratios of this release, each beside its floor or peer in the same run.")
  .addArgument(
    new Argument("[parts...]", "what is measured; all where none is named").choices(Object.keys(parts)),
  );
optionsOf(program);
for (const name of program.args.length > 0 ? program.args : Object.keys(parts)) {
  console.log(`\n${name}`);
  await parts[name]?.();
}
