/**
 * One client of a chaos run: an app with a folder for local storage that makes actions without end. It notes each action id once it is
 * saved locally and once it is acknowledged, so that the run can count. Arguments: remote kind, remote address, folder, number.
 */
import { createHash } from "node:crypto";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { folderLocal } from "../../client/node/index.ts";
import { openStore } from "../../client/open-store.ts";
import { bucketRemote } from "../../client/remote/bucket.ts";
import { httpRemote } from "../../client/remote/http.ts";
import type { Remote } from "../../client/remote/remote.ts";
import { canonicalText } from "../../shared/json.ts";
import { openJournal } from "../stress/journal.ts";
import { chaosModel } from "./model.ts";

const [storeId = "", journalFile = "", kind = "", address = "", folder = "", name = ""] =
  process.argv.slice(3);
const platform = createNodePlatform();
const journal = openJournal(journalFile);
const store = openStore({
  model: chaosModel,
  storeId,
  remote: await remoteOf(kind, address),
  local: folderLocal(folder),
  platform,
  settings: {
    pollDelayMs: 500,
    pollDelayMsMax: 2_000,
    retryDelayMs: 100,
    retryDelayMsMax: 1_000,
    sendDelayMs: 50,
  },
});
const triesToTell = 50;
let finishing = false;
process.on("SIGTERM", () => {
  finishing = true;
});
process.on("disconnect", () => process.exit(1));

await store.loaded;
const mine = { count: store.state.clients.get(name)?.made ?? 0 };
while (!finishing) {
  mine.count += 1;
  const handle = store.do.work({ client: name, count: mine.count, key: `k${mine.count % 50}` });
  await handle.savedLocally.then(() => journal.note("saved", handle.id));
  handle.stored.then(
    (timestamp) => journal.note("acked", handle.id, timestamp),
    () => undefined,
  );
  process.send?.("working");
  await platform.wait(20 + 80 * platform.random());
}
await finish();

/** Faults are over: everything goes out and comes back, then the state is told. */
async function finish(): Promise<void> {
  for (let tries = 1; ; tries++) {
    await store.sync.now().catch(() => undefined);
    const { pending, dead, phase, error, waiting } = store.sync.status;
    if (pending + dead === 0 && phase === "idle") break;
    // Of one that does not come to an end, why.
    if (tries % triesToTell === 0) {
      const why = waiting ?? error?.message ?? store.outbox.list().find(({ at }) => at === "dead")?.reason;
      console.error(`${name} is ${phase}: pending ${pending}, dead ${dead}: ${why}`);
    }
    await platform.wait(300);
  }
  process.send?.("drained");
  // Until the parent says that everybody has: then one more look, and all see the same.
  await new Promise((resolve) => process.once("message", resolve));
  await store.sync.now();
  const state = [...store.confirmedState.clients].concat([...store.confirmedState.keys] as never);
  journal.note(
    "state",
    createHash("sha256")
      .update(canonicalText(state as never))
      .digest("hex"),
  );
  const { cloned, divergence, epochs } = store.sync.status;
  journal.note("status", String(cloned), String(divergence !== null), epochs);
  await store.close();
  process.send?.("done");
  process.disconnect?.();
}

async function remoteOf(of: string, at: string): Promise<Remote> {
  if (of === "bucket") return bucketRemote(await openBucket(at, platform), platform);
  return httpRemote(at, { platform });
}
