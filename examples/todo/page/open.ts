/** Opens this browser's copy of the list: its local storage, the server that the page came from, and what wakes it. */
import { idbLocal } from "../../../client/idb/index.ts";
import { createWebPlatform, httpRemote, openStore, type Store } from "../../../client/index.ts";
import { type TodoModel, todoModel } from "../model.ts";
import { todoStoreId } from "../places.ts";

export function openTodos(): Store<TodoModel> {
  const platform = createWebPlatform();
  const store = openStore({
    model: todoModel,
    storeId: todoStoreId,
    local: idbLocal(),
    remote: httpRemote(location.origin, { platform }),
    platform,
  });
  const wake = ({ type }: Event): void => {
    if (document.visibilityState === "visible") store.sync.wake(type);
  };
  // Going offline wakes it, too: the page says so at once, not at the next poll.
  for (const type of ["online", "offline"]) window.addEventListener(type, wake);
  document.addEventListener("visibilitychange", wake);
  return store;
}
