/**
 * The process of client-bad-kills.test.ts: opens its folder, makes numbered actions without end, and notes each one before it makes it and once it
 * is saved. Arguments: server, folder, journal.
 */
import { appendFileSync } from "node:fs";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { folderLocal } from "../../client/node/folder.ts";
import { openStore } from "../../client/open-store.ts";
import { httpRemote } from "../../client/remote/http.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";

const [server = "", folder = "", file = ""] = process.argv.slice(2);
const platform = createNodePlatform();
/** A kill takes nothing away that was written: no sync is needed. */
const note = (word: string, count: number) => appendFileSync(file, `${word} ${count}\n`);
const store = openStore({
  model: pairsModel,
  storeId: "main",
  remote: httpRemote(server, { platform }),
  local: folderLocal(folder),
  platform,
  settings: {
    sendDelayMs: 2,
    sendDelayMsMax: 10,
    pollDelayMs: 10,
    pollDelayMsMax: 30,
    retryDelayMs: 5,
    retryDelayMsMax: 20,
  },
});
await store.loaded;
const known = Math.max(0, ...[...store.state.pairs.keys()].map(Number));
note("opened", known);
for (let count = known + 1; ; count++) {
  note("makes", count);
  await store.do.put({ key: String(count), value: process.pid }).savedLocally;
  note("saved", count);
  await platform.wait(4 * platform.random());
}
