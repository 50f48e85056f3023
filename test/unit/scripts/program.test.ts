/** Every program that npm runs says what it takes, and refuses what it does not, in one way. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
/** The command line has a way of its own, with more exit codes. */
const programs = [
  ...["start", "notes", "demo:upgrade", "s3", "stress", "chaos:client", "model", "mutants", "bench:s3"],
  ...["bench:browser", "bench:client", "bench:log", "cost", "size", "test:consumer", "test:auth", "fuzz:api"],
];

function run(name: string, ...words: readonly string[]) {
  const [, file = ""] = /(\S+\.ts)$/.exec(scripts[name] ?? "") ?? [];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", file, ...words], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("the programs", () => {
  test.each(programs)("npm run %s takes its words by optionsOf, and no other way.", (name) => {
    const [, file = ""] = /(\S+\.ts)$/.exec(scripts[name] ?? "") ?? [];
    const options = name === "stress" ? "test/stress/options.ts" : file;
    const text = readFileSync(options, "utf8");
    expect(text).toContain("optionsOf(");
    expect(text).toContain(`"npm ${name === "start" ? name : `run ${name}`} --"`);
    expect(text).not.toMatch(/parseArgs\(|\.parse\(args|argv/);
  });

  test.each(["cost", "start", "demo:upgrade", "stress"])(
    "npm run %s -- --help is usage and exit code 0; what it does not know is one line and exit code 2.",
    (name) => {
      const help = run(name, "--help");
      expect([help.status, help.stderr]).toEqual([0, ""]);
      expect(help.stdout).toMatch(/^Usage: npm (?:run )?[a-z:]+ -- \[options\]\n/);
      for (const words of [["--bogus"], ["what"]]) {
        const wrong = run(name, ...words);
        expect([wrong.status, wrong.stdout]).toEqual([2, ""]);
        expect(wrong.stderr).toMatch(/^error: .*\nRun it with --help to see what it takes\.\n$/);
      }
    },
  );

  test("A value that is none is wrong usage, too.", () => {
    const { status, stderr } = run("stress", "--seconds", "soon");
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^error: option '--seconds <n>' argument 'soon' is invalid\. It is a whole number from 1\.\n/,
    );
  });
});
