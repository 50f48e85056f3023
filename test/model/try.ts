import { scenarios } from "./scenarios.ts";
import { search } from "./search.ts";
const only = process.argv.slice(2);
for (const s of scenarios) {
  if (only.length && !only.includes(s.name)) continue;
  const f = search(s, { statesMax: 300_000, secondsMax: 20 });
  console.log(s.name, f.states, f.transitions, "depth", f.depth, f.complete ? "complete" : "CUT", f.seconds.toFixed(1) + "s", f.violation ?? "");
  if (f.trace) for (const line of f.trace) console.log("   ", line);
}
