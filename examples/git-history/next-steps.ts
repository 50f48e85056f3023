/** What to try next: lines that work when pasted, with the actual bucket, store and times in them. */
import { formatTimestamp } from "../../shared/wire/time.ts";
import type { Report } from "./report.ts";

export function nextSteps({ bucket, store, lastTimestamps }: Report): readonly string[] {
  const where = `--bucket ${quoted(bucket)} --store ${store}`;
  const withModel = `${where} --model examples/git-history/model.ts`;
  const [before, last] = [lastTimestamps[0], lastTimestamps.at(-1)].map((time) =>
    formatTimestamp(time ?? zero),
  );
  const lines: readonly (readonly [string, string])[] = [
    ["what the head says", `head ${where}`],
    ["the updates, oldest first", `log ${where}`],
    ["the files as they were at the last commit but one", `replay ${withModel} --at ${before}`],
    ["what the last commit changed", `diff ${withModel} --from ${before} --to ${last}`],
    ["whether every object is as it should be", `verify ${withModel}`],
  ];
  return [
    "What to try next:",
    ...lines.flatMap(([what, line]) => [`  # ${what}`, `  npm run icecore -- ${line}`]),
  ];
}

const zero = 0 as Report["lastTimestamps"][number];

/** As one word for a shell. */
function quoted(text: string): string {
  return /^[\w:/.@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
