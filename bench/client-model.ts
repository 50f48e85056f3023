/**
 * A client's local rows with all entities, as a real first sync leaves them: made by actions,
 * rolled up into a snapshot, read by a client.
 */

import { createMemoryBucket } from "../bucket/memory.ts";
import { createNodePlatform } from "../bucket/platform/node.ts";
import type { Local } from "../client/local/local.ts";
import { memoryLocal } from "../client/local/memory.ts";
import { openStore } from "../client/open-store.ts";
import { bucketRemote } from "../client/remote/bucket.ts";
import type { Store } from "../client/store.ts";
import { createRollup } from "../shared/drive/rollup.ts";
import type { Host } from "../shared/drive/run.ts";
import { createStore } from "../shared/drive/store.ts";
import type { Model } from "../shared/index.ts";
import { newSettings } from "../shared/settings.ts";
import { benchStoreId, clientModel } from "./page/rows.ts";

export type ClientStore = Store<typeof clientModel>;

const rowsAtOnce = 1_000;
const patience = { turns: 200, ms: 20 };

/** Fills a local storage: another client makes the entities, a rollup writes the snapshot, and the client of this storage loads it. */
export async function fillLocal(local: Local, entities: number): Promise<void> {
  const platform = createNodePlatform();
  const settings = newSettings({ graceMs: 0, snapshotBytesMin: 1 });
  const host: Host = { bucket: createMemoryBucket(), platform, settings };
  const store = benchStoreId();
  await createStore(host, store);
  const remote = bucketRemote(host.bucket, platform, settings);
  const open = (at: Local): ClientStore =>
    openStore({ model: clientModel, storeId: store, remote, local: at, platform, settings });
  const maker = open(memoryLocal());
  for (let from = 0; from < entities; from += rowsAtOnce)
    maker.do.addRows({ from, count: Math.min(rowsAtOnce, entities - from) });
  await maker.sync.now();
  await maker.close();
  const rollup = createRollup(host, { store, model: clientModel as unknown as Model<unknown> });
  for (let turn = 0; turn < patience.turns; turn++) {
    const { known } = await rollup.round({ hint: true });
    if (Object.keys(known.head.snapshots).length > 0) break;
    await platform.wait(patience.ms);
  }
  const reader = open(local);
  await reader.sync.now();
  const { size } = reader.confirmedState.rows;
  await reader.close();
  if (size !== entities) throw new Error(`a first sync brought ${size} of ${entities} entities`);
}

/** A storage in memory with the rows of another. */
export async function copyToMemory(from: Local): Promise<Local> {
  const source = await from.open(benchStoreId());
  const rows = await source.load();
  await source.close();
  const local = memoryLocal();
  const copy = await local.open(benchStoreId());
  await copy.commit({ put: rows, delete: [] });
  await copy.close();
  return local;
}
