/** PUT /v1/stores/:store: makes a store. Making it twice is no error: 201 for who made it, 200 for all others. */
import { createStore } from "../shared/drive/store.ts";
import { encodeCreateAnswer } from "../shared/wire/http.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { jsonAnswer } from "./answers.ts";
import type { Answering, Parts } from "./call.ts";

export function createCreateAnswer({ host }: Parts): Answering {
  /** One at a time of each store: the bucket's self-test, which making one begins with, takes some forty requests. */
  const making = new Map<StoreId, Promise<boolean>>();

  function make(store: StoreId): Promise<boolean> {
    const begun = making.get(store);
    // Who joins did not make it.
    if (begun) return begun.then(() => false);
    const made = createStore(host, store).finally(() => making.delete(store));
    making.set(store, made);
    return made;
  }

  return async ({ store }) => {
    const made = await make(store);
    return jsonAnswer(encodeCreateAnswer({ store, made }), { status: made ? 201 : 200 });
  };
}
