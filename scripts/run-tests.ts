/**
 * Runs every test runner of the project, adds them up and ends with the counts alone on the last line.
 *
 * A further runner is one more entry of `runners`.
 */
import {
  addTallies,
  closingLines,
  emptyTally,
  isGood,
  parseRequired,
  requireNeeds,
  type Tally,
} from "./tally.ts";
import { runVitest } from "./vitest-runner.ts";

interface Runner {
  readonly name: string;
  readonly run: (filters: readonly string[]) => Promise<Tally>;
}

const runners: readonly Runner[] = [{ name: "vitest", run: runVitest }];

/** Runs the tests and prints their end. `before` is what earlier checks of the same run found. Answers the exit code. */
export async function runTests(filters: readonly string[], before: Tally): Promise<number> {
  const required = parseRequired(process.env.ICECORE_REQUIRE);
  const tallies: Tally[] = [];
  for (const runner of runners) tallies.push(await runOne(runner, filters));
  const tests = requireNeeds(addTallies(tallies), required);
  const all = addTallies([before, tests]);
  console.log(`\n${closingLines(all).join("\n")}`);
  return isGood(tests) && before.failed.length === 0 ? 0 : 1;
}

/** A runner that breaks down is a failure, and the others still run. */
async function runOne(runner: Runner, filters: readonly string[]): Promise<Tally> {
  try {
    return await runner.run(filters);
  } catch (error) {
    console.error(error);
    return { ...emptyTally, failed: [`${runner.name} did not run: ${String(error)}`], skipped: [] };
  }
}
