/**
 * What every program of this repository does with its words: `--help` prints what it takes and is exit code 0; wrong usage is one line on
 * stderr, no stack, and exit code 2. A reader that has gone (`npm run cost | head`) ends it without a word.
 */
import { CommanderError, InvalidArgumentError } from "@commander-js/extra-typings";

/** What is needed of commander's Command, whatever options it has. */
interface Program<Options> {
  allowExcessArguments(allow: boolean): unknown;
  exitOverride(): unknown;
  showHelpAfterError(text: string): unknown;
  parse(words: readonly string[], from: { readonly from: "user" }): unknown;
  opts(): Options;
}

/** The options that the process was given; ends the process where there is nothing to be done. */
export function optionsOf<Options>(
  program: Program<Options>,
  words: readonly string[] = process.argv.slice(2),
): Options {
  process.stdout.on("error", endWithReader);
  program.allowExcessArguments(false);
  program.exitOverride();
  program.showHelpAfterError("Run it with --help to see what it takes.");
  try {
    program.parse(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : 2);
  }
  return program.opts();
}

/** A whole number as the value of an option. */
export function whole(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It is a whole number ${range}.`);
  };
}

function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
