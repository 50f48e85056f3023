/** What runs in a page: a store in IndexedDB writes to the server, a second one in memory reads it back, and the first is still there when opened again. */

import { idbLocal } from "../../client/idb/index.ts";
import { createWebPlatform, httpRemote, memoryLocal, openStore } from "../../client/index.ts";
import { model } from "../unit/house/readme-example.ts";
import { seen, shown } from "./seen.ts";

export async function roundTrip(server: string) {
  const platform = createWebPlatform();
  const remote = httpRemote(server);
  const open = (local = idbLocal({ persist: false })) =>
    openStore({ model, storeId: "family", local, remote, platform });
  const writer = open();
  await writer.do.addTodo({ id: "t2", title: "Bread" }).stored;
  await writer.close();
  const reader = open(memoryLocal());
  await seen(reader, "t2");
  const again = openStore({ model, storeId: "family", local: idbLocal({ persist: false }), platform });
  await again.loaded;
  const result = { read: shown(reader), kept: shown(again) };
  await Promise.all([reader.close(), again.close()]);
  return result;
}
