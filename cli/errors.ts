/** Trouble as people and programs see it: what happened and what to do, on stderr, with an exit code. */
import { StoreError } from "../shared/errors.ts";
import { type Screen, safeText } from "./screen.ts";

/** The command line was not understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly fix: string;

  constructor(what: string, fix: string) {
    super(what);
    this.fix = fix;
  }
}

interface Report {
  readonly kind: string;
  readonly what: string;
  readonly fix: string;
  readonly store?: string | undefined;
  readonly key?: string | undefined;
}

/** Long enough for any name and path, short enough to read. */
const textMax = 2_000;

export function exitCodeOf(error: unknown, stopped: boolean): number {
  if (stopped && isStoreError(error) && error.kind === "closed") return 130;
  return error instanceof UsageError ? 2 : 1;
}

/** Prints an error; nothing of it goes to stdout. */
export function reportTrouble(
  error: unknown,
  { screen, json, debug, stopped }: { screen: Screen; json: boolean; debug: boolean; stopped: boolean },
): void {
  const report = toReport(error);
  const { what, fix } = report;
  const red = screen.paintRemark.red;
  if (json) screen.remark(JSON.stringify({ error: report }));
  else if (stopped && report.kind === "closed") screen.remark(`Stopped: ${safeText(what, textMax)}. ${fix}`);
  else screen.remark(`${red("error:")} ${safeText(what, textMax)}\n  ${safeText(fix, textMax)}`);
  if (debug && error instanceof Error) screen.remark(`${error.stack ?? ""}`);
}

/** One line, for a loop that goes on. */
export function troubleLine(error: StoreError): string {
  return `${safeText(whatOf(error), textMax)}. ${safeText(error.fix, textMax)}`;
}

/** By name, too: a user's model may bring an icecore of its own. */
export function isStoreError(error: unknown): error is StoreError {
  return (
    error instanceof StoreError || (error instanceof Error && error.name === "StoreError" && "fix" in error)
  );
}

/** A StoreError's text is "what. fix". */
export function whatOf({ message, fix }: Pick<StoreError, "message" | "fix">): string {
  return message.endsWith(`. ${fix}`) ? message.slice(0, -fix.length - 2) : message;
}

function toReport(error: unknown): Report {
  if (error instanceof UsageError) return { kind: "usage", what: error.message, fix: error.fix };
  if (isStoreError(error)) {
    const { kind, fix, store, key } = error;
    return { kind, what: whatOf(error), fix, store, key };
  }
  const what = error instanceof Error ? error.message : String(error);
  return {
    kind: "bug",
    what,
    fix: "This is a mistake in icecore: run it again with ICECORE_DEBUG=1 and report what it prints.",
  };
}
