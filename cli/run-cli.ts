/**
 * runCli: one call of the command line, from arguments to exit code: 0 fine, 1 trouble or findings, 2 wrong usage, 130 stopped (0 for a
 * server, which ends in no other way).
 *
 * Everything that differs between a terminal, a pipe and a test comes in through Io.
 */
import { CommanderError } from "@commander-js/extra-typings";
import type { Host } from "../shared/drive/run.ts";
import { exitCodeOf, reportTrouble, UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { withOtherStores } from "./other-stores.ts";
import { createProgram } from "./program.ts";
import { createScreen } from "./screen.ts";

export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const json = wantsJson(args);
  const screen = createScreen(io);
  let code = 0;
  let stoppedCode = 130;
  const finish = (result: number) => (code = result);
  const endsWhenStopped = () => {
    stoppedCode = 0;
  };
  let host: Host | null = null;
  const noteHost = (opened: Host) => {
    host = opened;
  };
  const program = createProgram({ ...io, screen, json, finish, endsWhenStopped, noteHost });
  try {
    await program.parseAsync([...args], { from: "user" });
    await screen.flush();
    return io.signal.aborted ? stoppedCode : code;
  } catch (error) {
    const trouble =
      error instanceof CommanderError ? toUsageError(error) : await withOtherStores(error, host);
    if (trouble === null) return 0;
    await screen.flush().catch(() => undefined);
    reportTrouble(trouble, { screen, json, debug: io.env.ICECORE_DEBUG === "1", stopped: io.signal.aborted });
    return exitCodeOf(trouble, io.signal.aborted);
  }
}

function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).includes("--json");
}

/** Null when help or the version was asked for and shown. */
function toUsageError(error: CommanderError): UsageError | null {
  if (error.exitCode === 0) return null;
  if (error.code === "commander.help")
    return new UsageError("No command was given", 'Run "icecore --help" to see them all.');
  return new UsageError(
    error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " "),
    'Run it with "--help" to see what it takes.',
  );
}
