/** The garbage collector of a stress run: sweeps without end. */
import { collectGarbage } from "../../shared/drive/store.ts";
import { startChild } from "./child.ts";

const child = await startChild();
const { host, store, journal } = child;
const pauseMsMax = 2_000;

while (!child.finishing()) {
  const { raw, deleted } = await child.untilDone(() => collectGarbage(host, store));
  if (raw + deleted.length > 0) journal.note("collected", raw, deleted.length);
  child.count();
  child.tell("working");
  await host.platform.wait(pauseMsMax * host.platform.random());
}
child.tell("done");
process.disconnect?.();
