/** What to try next: lines that work when pasted, with the actual bucket, store and times in them. */
import { formatTimestamp } from "../../shared/wire/time.ts";
import type { Report } from "./report.ts";

export function nextSteps({ bucket, store, lastTimestamps }: Report): readonly string[] {
  const where = `--bucket ${quoted(bucket)} --store ${store}`;
  const withModel = `${where} --model examples/git-history/model.ts`;
  const [before = "1970-01-01", last] = lastTimestamps.slice(-2).map(formatTimestamp);
  const from = last === undefined ? "1970-01-01" : before;
  const lines: readonly (readonly [string, string])[] = [
    ["what the head says", `head ${where}`],
    ["the updates, oldest first", `log ${where}`],
    [last ? "the files before the last commit" : "the files", `replay ${withModel} --at ${before}`],
    ["what the last commit changed", `diff ${withModel} --from ${from} --to ${last ?? before}`],
    ["whether every object is as it should be", `verify ${withModel}`],
  ];
  return [
    "What to try next:",
    ...lines.flatMap(([what, line]) => [`  # ${what}`, `  npm run icecore -- ${line}`]),
  ];
}

/** As one word for a shell. */
function quoted(text: string): string {
  return /^[\w:/.@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
