/** A second machine: reads the store at the server that its address was given for, until it shows what the README's client wrote. */
import { httpRemote, memoryLocal, openStore } from "../../client/index.ts";
import { model } from "../unit/house/readme-example.ts";
import { seen, shown } from "./seen.ts";

const { process } = globalThis as unknown as { readonly process: { readonly argv: readonly string[] } };
const store = openStore({
  model,
  storeId: "family",
  local: memoryLocal(),
  remote: httpRemote(process.argv[2] ?? ""),
});
await seen(store, "t1");
console.log(JSON.stringify(shown(store)));
await store.close();
