/** Opens this browser's copy of the list: its local storage, and the server that the page came from. */
import { idbLocal } from "../../../client/idb/index.ts";
import { createWebPlatform, httpRemote, openStore, type Store } from "../../../client/index.ts";
import { type TodoModel, todoModel } from "../model.ts";
import { todoStoreId } from "../places.ts";

export function openTodos(): Store<TodoModel> {
  const platform = createWebPlatform();
  return openStore({
    model: todoModel,
    storeId: todoStoreId,
    local: idbLocal(),
    remote: httpRemote(location.origin, { platform }),
    platform,
  });
}
