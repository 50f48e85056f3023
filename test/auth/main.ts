/**
 * `npm run test:auth [-- --verbose]`: every role at every operation of the OpenAPI document with every fault of a token, over real HTTP:
 * tokens signed with a secret over a bucket in memory, tokens of an issuer with published keys over a bucket in a folder.
 *
 * Last line: `cells N, passed N, failed 0`. Exit code 1 when a cell is wrong, or what the bucket holds afterwards.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { createFolderBucket } from "../../bucket/folder.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { optionsOf } from "../../examples/program.ts";
import { type Cell, type MatrixReport, runMatrix } from "./matrix.ts";

const values = optionsOf(
  new Command("npm run test:auth --")
    .description(
      "Every role at every operation with every fault of a token, over real HTTP. Exit code 1: a cell is wrong.",
    )
    .option("--verbose", "print every cell that is wrong, not the first ones alone"),
);
const shownMax = 20;

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "icecore-auth-"));
  try {
    const secret = await runMatrix({ keys: "secret", bucket: createMemoryBucket() });
    const jwks = await runMatrix({ keys: "jwks", bucket: await createFolderBucket(folder) });
    const cells = [...secret.cells, ...jwks.cells];
    for (const keys of ["secret", "jwks"] as const)
      printTable(
        keys,
        cells.filter((cell) => cell.keys === keys),
      );
    printOperations(cells);
    const afterFailed = printAfter("secret", secret) + printAfter("jwks", jwks);
    const failed = cells.filter(({ wrong }) => wrong.length > 0);
    for (const cell of values.verbose ? failed : failed.slice(0, shownMax)) printFailed(cell);
    console.log(
      `cells ${cells.length}, passed ${cells.length - failed.length}, failed ${failed.length + afterFailed}`,
    );
    return failed.length + afterFailed === 0 && cells.length > 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A row a fault, a column a role: how many of its operations were answered as they should be, and with which statuses. */
function printTable(keys: string, cells: readonly Cell[]): void {
  const roles = unique(cells.map(({ role }) => role));
  const width = 22;
  console.log(
    `\nTokens signed with ${keys === "secret" ? "a shared secret (HS256)" : "an issuer's keys (RS256, ES256, EdDSA)"}`,
  );
  console.log(["fault of the token".padEnd(50), ...roles.map((role) => role.padEnd(width))].join(""));
  for (const fault of unique(cells.map((cell) => cell.fault))) {
    const row = roles.map((role) =>
      summary(cells.filter((cell) => cell.fault === fault && cell.role === role)),
    );
    console.log([fault.padEnd(50), ...row.map((text) => text.padEnd(width))].join("").trimEnd());
  }
}

/** "14/14 2xx:5 403:9" */
function summary(cells: readonly Cell[]): string {
  const passed = cells.filter(({ wrong }) => wrong.length === 0).length;
  const counts = countBy(cells, ({ status }) => (status >= 200 && status < 300 ? "2xx" : String(status)));
  return `${passed}/${cells.length} ${counts}`;
}

function printOperations(cells: readonly Cell[]): void {
  console.log("\nOperation: cells, passed, answers by status");
  for (const operation of unique(cells.map((cell) => cell.operation))) {
    const own = cells.filter((cell) => cell.operation === operation);
    const passed = own.filter(({ wrong }) => wrong.length === 0).length;
    console.log(
      `  ${operation.padEnd(18)} ${own.length}, ${passed}  ${countBy(own, ({ status }) => String(status))}`,
    );
  }
}

function printAfter(keys: string, { after }: MatrixReport): number {
  console.log(`\nAfterwards (${keys}):`);
  for (const { name, wrong } of after)
    console.log(`  ${wrong.length === 0 ? "as it should be" : "WRONG"}: ${[name, ...wrong].join("; ")}`);
  return after.filter(({ wrong }) => wrong.length > 0).length;
}

function printFailed({ keys, role, operation, fault, wrong }: Cell): void {
  console.log(`WRONG: ${keys}, ${role}, ${operation}, ${fault}: ${wrong.join("; ").slice(0, 500)}`);
}

function countBy(cells: readonly Cell[], name: (cell: Cell) => string): string {
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(name(cell), (counts.get(name(cell)) ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([key, count]) => `${key}:${count}`)
    .join(" ");
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

process.exitCode = await main();
