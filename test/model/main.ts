/**
 * `npm run model`: searches every scenario with the product's own step machines, two at a time.
 * `--only NAME` for one; `--quick` leaves out the large ones. Exits 1 with the shortest trace where an invariant is broken.
 */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { Command, Option } from "@commander-js/extra-typings";
import { optionsOf } from "../../examples/program.ts";
import { bundleSearch } from "./bundle.ts";
import { scenarios } from "./scenarios.ts";
import type { Bounds, Found } from "./search.ts";
import type { Scenario } from "./transitions.ts";

const values = optionsOf(
  new Command("npm run model --")
    .description(
      "Searches every scenario with the product's own step machines. Exit code 1: an invariant is broken; its shortest trace is printed.",
    )
    .addOption(new Option("--only <name>", "one scenario alone").choices(scenarios.map(({ name }) => name)))
    .option("--quick", "without the large ones"),
);
const bounds: Bounds = values.quick
  ? { statesMax: 60_000, secondsMax: 10 }
  : { statesMax: 300_000, secondsMax: 90 };
const workers = 2;
const started = performance.now();

function searchInWorker(bundle: string, scenario: Scenario): Promise<Found> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(new URL("./worker.mjs", import.meta.url)), {
      workerData: { bundle, scenario, bounds },
    });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

function show(scenario: Scenario, found: Found): void {
  const verdict = found.violation ? "BROKEN" : found.complete ? "holds" : "holds as far as searched";
  const numbers = `${String(found.states).padStart(8)} states ${String(found.transitions).padStart(9)} steps  depth ${String(found.depth).padStart(2)}  ${found.seconds.toFixed(1).padStart(5)} s`;
  console.log(`${scenario.name.padEnd(12)} ${numbers}  ${verdict}  (${scenario.about})`);
  if (!found.violation) return;
  console.log(`\n  ${found.violation}`);
  for (const [i, line] of (found.trace ?? []).entries()) console.log(`  ${String(i).padStart(3)} ${line}`);
}

const chosen = scenarios.filter((scenario) => values.only === undefined || scenario.name === values.only);
const bundle = await bundleSearch("model", []);
const found: Found[] = [];
const waiting = [...chosen];
await Promise.all(
  Array.from({ length: workers }, async () => {
    for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
      const result = await searchInWorker(bundle, scenario);
      found.push(result);
      show(scenario, result);
    }
  }),
);
const states = found.reduce((sum, one) => sum + one.states, 0);
const steps = found.reduce((sum, one) => sum + one.transitions, 0);
const broken = found.filter((one) => one.violation !== undefined).length;
const cut = found.filter((one) => !one.complete).length;
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `\n${found.length} scenarios, ${states} states, ${steps} steps, ${found.length - cut} searched to the end, ${cut} cut, in ${seconds} s`,
);
console.log(broken === 0 ? "all invariants hold" : `${broken} scenarios broken`);
process.exitCode = broken === 0 ? 0 : 1;
