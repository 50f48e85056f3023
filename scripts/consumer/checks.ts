/** Checks of one run, named as they pass or fail; the end is the counts. A check that cannot run here names its need, as a test does. */
import { closingLines, emptyTally, parseRequired, requireNeeds, type Tally } from "../tally.ts";

export interface Checks {
  /** Passes unless it throws. Answers what it gave, or undefined when it failed. */
  check<T>(name: string, run: () => T | Promise<T>): Promise<T | undefined>;
  skip(name: string): void;
  /** Prints the end, the counts alone on the last line; answers the exit code. */
  close(): number;
}

export function createChecks(env: NodeJS.ProcessEnv, print: (line: string) => void): Checks {
  let tally: Tally = emptyTally;
  return {
    async check(name, run) {
      try {
        const result = await run();
        tally = { ...tally, passed: tally.passed + 1 };
        print(`ok      ${name}`);
        return result;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        tally = { ...tally, failed: [...tally.failed, `${name}: ${reason}`] };
        print(`failed  ${name}`);
        return undefined;
      }
    },
    skip(name) {
      tally = { ...tally, skipped: [...tally.skipped, name] };
      print(`skipped ${name}`);
    },
    close() {
      const end = requireNeeds(tally, parseRequired(env.ICECORE_REQUIRE));
      for (const line of closingLines(end).slice(0, -1)) print(line);
      const counts = [
        `${end.passed} checks passed`,
        ...(end.failed.length > 0 ? [`${end.failed.length} failed`] : []),
        ...(end.skipped.length > 0 ? [`${end.skipped.length} skipped`] : []),
      ];
      print(counts.join(", "));
      return end.failed.length === 0 && end.passed > 0 ? 0 : 1;
    },
  };
}
