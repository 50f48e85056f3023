/**
 * `npm run size [-- --json]`: what each way to use icecore in a browser weighs, beside its limit and the design's budget.
 *
 * The exit code follows the limits (scripts/size/entries.ts), which nothing outgrows unnoticed; the budgets are shown as they are.
 */
import { Command } from "@commander-js/extra-typings";
import { optionsOf } from "../examples/program.ts";
import { type SizeEntry, sizeEntries } from "./size/entries.ts";
import { measureSize, type Share, type Size } from "./size/measure.ts";

type Measured = SizeEntry & Size;

const values = optionsOf(
  new Command("npm run size --")
    .description("What each way to use icecore in a browser weighs. Exit code 1: one is over its limit.")
    .option("--json", "print JSON"),
);
const measured: Measured[] = [];
for (const entry of sizeEntries) measured.push({ ...entry, ...(await measureSize(entry.code)) });
const faults = measured.flatMap(faultsOf);

if (values.json) console.log(JSON.stringify({ entries: measured, faults }, null, 2));
else {
  console.log("Minified and gzip, kB of 1,000 bytes. Shares are of the minified bytes.\n");
  for (const one of measured) console.log(`${linesOf(one).join("\n")}\n`);
  for (const fault of faults) console.log(`failed: ${fault}`);
  const over = measured.filter(({ gzipBytes, budgetBytes = Infinity }) => gzipBytes > budgetBytes).length;
  console.log(
    `${measured.length} sizes, ${faults.length} over a limit or with something forbidden, ${over} over the design budget`,
  );
}
process.exitCode = faults.length === 0 ? 0 : 1;

function faultsOf({ name, gzipBytes, limitBytes, forbidden }: Measured): readonly string[] {
  return [
    ...(gzipBytes > limitBytes
      ? [
          `"${name}" has ${gzipBytes} bytes, over its limit of ${limitBytes}: make it smaller, or say in scripts/size/entries.ts why not`,
        ]
      : []),
    ...forbidden.map((what) => `"${name}" holds ${what}, which has no place in a browser's bundle`),
  ];
}

function linesOf(one: Measured): readonly string[] {
  const { name, gzipBytes, minifiedBytes, limitBytes, budgetBytes, own, libraries } = one;
  const ownBytes = own.reduce((sum, share) => sum + share.minifiedBytes, 0);
  const all: readonly Share[] = [{ of: "own code", minifiedBytes: ownBytes }, ...libraries];
  const loose = Math.ceil(gzipBytes * 1.02) < limitBytes * 0.97;
  return [
    `${name}: ${kB(gzipBytes)} gzip (${kB(minifiedBytes)} minified), limit ${kB(limitBytes)}`,
    ...(budgetBytes === undefined
      ? []
      : [`  design budget ${kB(budgetBytes)}: ${besideBudget(gzipBytes, budgetBytes)}`]),
    `  ${all.map((share) => shareText(share, minifiedBytes)).join(" · ")}`,
    `  own code: ${own.map(({ of, minifiedBytes: bytes }) => `${of} ${kB(bytes)}`).join(" · ")}`,
    ...(loose ? [`  it has fallen: lower its limit to ${Math.ceil(gzipBytes * 1.02)}`] : []),
  ];
}

function besideBudget(bytes: number, budget: number): string {
  if (bytes <= budget) return `kept, ${kB(budget - bytes)} left`;
  return `over the design budget by ${kB(bytes - budget)} (${(bytes / budget).toFixed(1)} times)`;
}

function shareText({ of, minifiedBytes }: Share, whole: number): string {
  return `${of} ${kB(minifiedBytes)} (${Math.round((100 * minifiedBytes) / whole)} %)`;
}

function kB(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}
