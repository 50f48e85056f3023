/** `npm run mutants`: each mutant must be killed; prints the shortest trace of each, and what this search cannot see. */
import { Command } from "@commander-js/extra-typings";
import { optionsOf } from "../../examples/program.ts";
import { bundleSearch, loadSearch } from "./bundle.ts";
import { type Mutant, mutants, outOfSight } from "./mutants.ts";
import { scenarios } from "./scenarios.ts";
import type { Found } from "./search.ts";

const bounds = { statesMax: 600_000, secondsMax: 60 };

async function kill(mutant: Mutant): Promise<Found | undefined> {
  const { search } = await loadSearch(await bundleSearch(mutant.name, mutant.changes));
  for (const wanted of mutant.scenarios) {
    const scenario = typeof wanted === "string" ? scenarios.find((one) => one.name === wanted) : wanted;
    if (!scenario) throw new Error(`No scenario "${wanted}".`);
    const found = search(scenario, bounds);
    if (found.violation !== undefined) return found;
  }
  return undefined;
}

function show(mutant: Mutant, found: Found | undefined): void {
  if (!found) {
    console.log(`SURVIVED  ${mutant.name}\n`);
    return;
  }
  const steps = found.trace?.length ?? 0;
  console.log(`killed    ${mutant.name}`);
  console.log(
    `          scenario "${found.scenario}", ${steps} steps, ${found.states} states, ${found.seconds.toFixed(1)} s`,
  );
  console.log(`          ${found.violation}`);
  for (const [i, line] of (found.trace ?? []).entries())
    console.log(`            ${String(i).padStart(2)} ${line}`);
  console.log("");
}

async function killAll(group: readonly Mutant[]): Promise<number> {
  let killed = 0;
  for (const mutant of group) {
    const found = await kill(mutant);
    show(mutant, found);
    if (found) killed += 1;
  }
  return killed;
}

const program = new Command("npm run mutants --")
  .description(
    "Breaks the protocol in every way that is known; each mutant must be killed. Exit code 1: one survived.",
  )
  .argument("[words...]", "only mutants whose name holds these words");
optionsOf(program);
const only = program.args.join(" ");
const chosen = mutants.filter((mutant) => mutant.name.includes(only));
if (chosen.length === 0) {
  console.error(`error: no mutant's name holds "${only}".`);
  process.exit(2);
}
const ten = chosen.filter((mutant) => mutant.ten);
const others = chosen.filter((mutant) => !mutant.ten);
const killedOthers = await killAll(others);
const killedTen = await killAll(ten);
console.log(`other mutants: killed ${killedOthers} of ${others.length}`);
console.log(`not visible to this search (they live in the client's outbox): ${outOfSight.join("; ")}`);
console.log(`killed ${killedTen} of ${ten.length}`);
process.exitCode = killedTen === ten.length && killedOthers === others.length ? 0 : 1;
