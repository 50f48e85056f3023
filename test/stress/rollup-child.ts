/** One rollup of a stress run: rounds without end, with a model, warm between them. */
import { createRollup } from "../../shared/drive/rollup.ts";
import { startChild } from "./child.ts";
import { model } from "./model.ts";

const child = await startChild();
const { host, store, journal } = child;
/** Two that begin at once both read what is stored, and one of them in vain; seldom enough for that to be the exception. */
const roundMsMax = 3_000;
const rollup = createRollup(host, { store, model: model as never });

while (!child.finishing()) {
  const report = await child.untilDone(() => rollup.round());
  if (report.published > 0) journal.note("published", report.published);
  for (const job of report.jobs) journal.note("job", job);
  if (report.trouble) journal.note("trouble", report.trouble.kind);
  child.count();
  child.tell("working");
  if (!report.more) await host.platform.wait(roundMsMax * host.platform.random());
}
child.tell("done");
process.disconnect?.();
