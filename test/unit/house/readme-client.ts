/** The README's client. readme.test.ts keeps both the same; test:consumer runs it from the packed package. */
// README begins
import { httpRemote, openStore } from "../../../client/index.ts";
import { folderLocal } from "../../../client/node/index.ts";
import { model } from "./readme-example.ts";

const store = openStore({
  model,
  storeId: "family",
  local: folderLocal("./family"),
  remote: httpRemote("http://127.0.0.1:8787"),
});
store.subscribe(() => console.log([...store.state.todos], store.sync.status.phase));
store.do.addTodo({ id: "t1", title: "Milk" });
// README ends
