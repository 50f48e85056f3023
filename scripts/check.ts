/**
 * `npm run check`: types, the public API, lint, the package, users' installs of it, unused code, then the tests. The one command that
 * people and CI run.
 *
 * Every stage runs even when an earlier one failed, so that one run shows all there is to mend; after the types, which bring what is
 * packed, several run at once and are shown in their order. A failed stage counts as a failure in the closing line, which is the tests'
 * own and stands last.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTests } from "./run-tests.ts";
import { emptyTally } from "./tally.ts";

interface Outcome {
  readonly good: boolean;
  readonly text: string;
}

interface Stage {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

type Command = readonly [program: string, ...words: readonly string[]];

function run([program, ...words]: Command): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    const keep = (chunk: Buffer) => {
      text += chunk;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ good: false, text: `${text}${error}\n` }));
    child.on("close", (code) => resolve({ good: code === 0, text }));
  });
}

/** Of this repository's own packages. */
function npx(...words: readonly string[]): Promise<Outcome> {
  return run(["npx", "--no-install", ...words]);
}

async function inOrder(...works: readonly (() => Promise<Outcome>)[]): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const work of works) outcomes.push(await work());
  return { good: outcomes.every(({ good }) => good), text: outcomes.map(({ text }) => text).join("") };
}

/** Packs the compiled package as npm would publish it and lets both checkers look at that very file. */
async function checkPackage(): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "icecore-pack-"));
  try {
    const pack = await run(["npm", "pack", "--silent", "--pack-destination", folder]);
    if (!pack.good) return pack;
    const packed = join(folder, readdirSync(folder)[0] ?? "");
    return await inOrder(
      () => npx("publint", "--strict", packed),
      () => npx("attw", packed, "--profile", "esm-only"),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const types: Stage = { name: "types (tsc -b)", run: () => npx("tsc", "-b") };

const stages: readonly Stage[] = [
  { name: "public API (npm run api)", run: () => npx("tsx", "scripts/api.ts", "--check") },
  { name: "lint (biome check)", run: () => npx("biome", "check", ".") },
  { name: "package (npm pack, publint, attw)", run: checkPackage },
  { name: "a user's install (npm run test:consumer)", run: () => npx("tsx", "scripts/consumer.ts") },
  { name: "a user's AWS app (npm run test:consumer-cdk)", run: () => npx("tsx", "scripts/consumer-cdk.ts") },
  { name: "unused code (knip)", run: () => npx("knip") },
];

/** Each waits for a disk or a network now and then. */
const atOnce = 3;

async function show({ name }: Stage, outcome: Promise<Outcome>): Promise<void> {
  console.log(`\n=== ${name}`);
  const { good, text } = await outcome;
  console.log(text.trimEnd());
  if (!good) failed.push(name);
}

/** The outcomes to come, in the order of the stages; no more than a few are at work. */
function startAll(all: readonly Stage[]): readonly Promise<Outcome>[] {
  const started: Promise<Outcome>[] = [];
  for (const [i, stage] of all.entries()) {
    const before = started.slice(0, Math.max(0, i - atOnce + 1));
    started.push(Promise.all(before).then(stage.run));
  }
  return started;
}

const failed: string[] = [];
await show(types, types.run());
const outcomes = startAll(stages);
for (const [i, stage] of stages.entries())
  await show(stage, outcomes[i] ?? Promise.reject(new Error("a stage")));
console.log("\n=== tests");
process.exit(await runTests([], { ...emptyTally, failed }));
