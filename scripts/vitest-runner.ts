/** Runs vitest in this process, its output going to the terminal as it comes, and tallies what it did. */
import { startVitest, type TestCase, type TestModule } from "vitest/node";
import { needOf, type Tally } from "./tally.ts";

/** Runs the tests whose paths contain one of `filters`, or all. */
export async function runVitest(filters: readonly string[]): Promise<Tally> {
  const vitest = await startVitest("test", [...filters], { watch: false, reporters: ["default"] });
  const modules = vitest.state.getTestModules();
  const unhandled = vitest.state.getUnhandledErrors();
  await vitest.close();
  return tallyModules(modules, unhandled);
}

function tallyModules(modules: readonly TestModule[], unhandled: readonly unknown[]): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const named = (state: string) => tests.filter((test) => test.result().state === state).map(titleOf);
  // Files that did not load, and hooks that failed.
  const broken = modules.flatMap((module) =>
    [module, ...module.children.allSuites()]
      .flatMap((suite) => suite.errors())
      .map((error) => `${module.relativeModuleId}: ${firstLine(error.message)}`),
  );
  return {
    passed: named("passed").length,
    needed: named("passed").filter((title) => needOf(title) !== undefined),
    // A test that never came to an end (a crashed worker) is no pass.
    failed: [...named("failed"), ...named("pending"), ...broken, ...unhandled.map(describeUnhandled)],
    skipped: named("skipped"),
  };
}

function titleOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function describeUnhandled(error: unknown): string {
  const { message = String(error) } = error as { readonly message?: string };
  return `an error that no test caught: ${firstLine(message)}`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
