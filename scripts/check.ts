/**
 * `npm run check`: types, the public API, lint, the package, users' installs of it, unused code, then the tests. The one command that
 * people and CI run.
 *
 * Every stage runs even when an earlier one failed, so that one run shows all there is to mend. A failed stage counts as a
 * failure in the closing line, which is the tests' own and stands last.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTests } from "./run-tests.ts";
import { emptyTally } from "./tally.ts";

type Command = readonly [program: string, ...words: readonly string[]];

function run([program, ...words]: Command): boolean {
  const { status } = spawnSync(program, words, { stdio: ["ignore", "inherit", "inherit"] });
  return status === 0;
}

/** Packs the compiled package as npm would publish it and lets both checkers look at that very file. */
function checkPackage(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "icecore-pack-"));
  try {
    if (!run(["npm", "pack", "--silent", "--pack-destination", folder])) return false;
    const packed = join(folder, readdirSync(folder)[0] ?? "");
    const good = run(["npx", "--no-install", "publint", "--strict", packed]);
    return run(["npx", "--no-install", "attw", packed, "--profile", "esm-only"]) && good;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const stages: readonly { readonly name: string; readonly run: () => boolean }[] = [
  { name: "types (tsc -b)", run: () => run(["npx", "--no-install", "tsc", "-b"]) },
  {
    name: "public API (npm run api)",
    run: () => run(["npx", "--no-install", "tsx", "scripts/api.ts", "--check"]),
  },
  { name: "lint (biome check)", run: () => run(["npx", "--no-install", "biome", "check", "."]) },
  { name: "package (npm pack, publint, attw)", run: checkPackage },
  {
    name: "a user's install (npm run test:consumer)",
    run: () => run(["npx", "--no-install", "tsx", "scripts/consumer.ts"]),
  },
  {
    name: "a user's AWS app (npm run test:consumer-cdk)",
    run: () => run(["npx", "--no-install", "tsx", "scripts/consumer-cdk.ts"]),
  },
  { name: "unused code (knip)", run: () => run(["npx", "--no-install", "knip"]) },
];

const failed: string[] = [];
for (const stage of stages) {
  console.log(`\n=== ${stage.name}`);
  if (!stage.run()) failed.push(stage.name);
}
console.log("\n=== tests");
process.exit(await runTests([], { ...emptyTally, failed }));
