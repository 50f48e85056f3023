/**
 * `npm run fuzz:api -- [--minutes 2] [--seed N]`: requests made from the OpenAPI document, valid, nearly valid and hostile, at real servers
 * over real HTTP; each answer is held against the document. A finding is printed as small as it goes, with the seed that brings it back.
 *
 * Last line: `requests N, operations N, 5xx 0, outside the document 0`. Exit code 1 for a finding, or an operation that never let
 * anything through.
 */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { optionsOf, whole } from "../../examples/program.ts";
import { openApiDocument } from "../../server/openapi.ts";
import { operationsOf } from "../auth/operations.ts";
import { type Failure, newTally, runSeed, type Tally } from "./campaign.ts";
import type { FuzzRequest } from "./requests.ts";

const values = optionsOf(
  new Command("npm run fuzz:api --")
    .description(
      "Requests made from the OpenAPI document, at real servers. Exit code 1: a finding, or an operation that nothing got through to.",
    )
    .option("--minutes <n>", "how long it looks", positive, 2)
    .option("--seed <n>", "only this one: brings a finding back", whole(1)),
);
/** Of one seed: some thousand requests, so that it is brought back within seconds. */
const bunches = 400;

async function main(): Promise<number> {
  const { minutes } = values;
  const given = values.seed ?? null;
  const first = given ?? Math.floor(Math.random() * 2 ** 30);
  const tally = newTally();
  const endsAt = Date.now() + minutes * 60_000;
  console.log(given === null ? `first seed ${first}, ${minutes} minutes` : `seed ${first}`);
  let seeds = 0;
  let failure: Failure | null = null;
  while (failure === null && (seeds === 0 || (given === null && Date.now() < endsAt))) {
    const limit = given === null ? { timeLimitMs: Math.max(1_000, endsAt - Date.now()) } : {};
    failure = await runSeed({ seed: first + seeds, bunches, tally, ...limit });
    seeds += 1;
  }
  const silent = printTally(tally, seeds);
  if (failure) printFailure(failure);
  // One seed alone need not reach everything.
  const unreached = given === null ? silent : [];
  for (const name of unreached) console.log(`NOT REACHED: ${name} never let anything through`);
  const { requests, fives, outside, statuses } = tally;
  const operations = [...statuses.keys()].filter((name) => name !== "(none)").length;
  console.log(
    `requests ${requests}, operations ${operations}, 5xx ${fives}, outside the document ${outside}`,
  );
  return failure === null && unreached.length === 0 ? 0 : 1;
}

/** Answers with the operations that never let anything through. */
function printTally({ statuses }: Tally, seeds: number): readonly string[] {
  console.log(`\n${seeds} seeds; answers by operation and status:`);
  for (const [name, counts] of [...statuses].sort()) {
    const list = [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status}:${count}`);
    console.log(`  ${name.padEnd(16)} ${list.join(" ")}`);
  }
  const isThrough = (id: string) =>
    [...(statuses.get(id)?.keys() ?? [])].some((status) => status >= 200 && status < 300);
  return operationsOf(openApiDocument).flatMap(({ id }) => (isThrough(id) ? [] : [id]));
}

function printFailure({ seed, what, requests }: Failure): void {
  console.log(
    `\nFOUND with seed ${seed} (npm run fuzz:api -- --seed ${seed}):\n  ${what.replace(/\n/g, "\n  ")}`,
  );
  for (const request of requests) console.log(`  ${shown(request)}`);
}

function shown({ method, path, headers, body }: FuzzRequest): string {
  const visible = Object.entries(headers).map(
    ([name, value]) => `${name}: ${name === "authorization" ? "…" : value.slice(0, 80)}`,
  );
  const size =
    body === null ? "no body" : `${body.length} of body: ${JSON.stringify(bodyText(body)).slice(0, 400)}`;
  return `${method} ${path.slice(0, 200)} {${visible.join(", ")}} ${size}`;
}

function bodyText(body: string | Uint8Array): string {
  return typeof body === "string" ? body : Buffer.from(body).toString("latin1");
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It is a number above 0.");
}

process.exitCode = await main();
