/** Two stores over one bucket in memory: what anna does reaches ben, and is in the log for ever after a rollup. Prints what each shows. */
import { createMemoryBucket, createNodePlatform } from "../../bucket/index.ts";
import { bucketRemote, memoryLocal, openStore } from "../../client/index.ts";
import { createRollup, createStore } from "../../shared/drive/index.ts";
import { newSettings, parseStoreId } from "../../shared/index.ts";
import { model } from "../unit/house/readme-example.ts";
import { seen, shown } from "./seen.ts";

const storeId = parseStoreId("family");
if (storeId === undefined) throw new Error("family is no store id");
const host = {
  bucket: createMemoryBucket(),
  platform: createNodePlatform(),
  settings: newSettings({ graceMs: 0 }),
};
await createStore(host, storeId);
const open = () =>
  openStore({ model, storeId, local: memoryLocal(), remote: bucketRemote(host.bucket, host.platform) });
const [anna, ben] = [open(), open()];

const { stored, published } = anna.do.addTodo({ id: "t1", title: "Milk" });
await stored;
ben.sync.wake("anna wrote");
await seen(ben, "t1");
await host.platform.wait(5);
await createRollup(host, { store: storeId }).round({ hint: true });
anna.sync.wake("rolled up");
await published;
console.log(JSON.stringify({ anna: shown(anna), ben: shown(ben), pending: anna.sync.status.pending }));
await Promise.all([anna.close(), ben.close()]);
