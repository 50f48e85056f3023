/** The stores that this process has served lately. A store that nobody listens to makes room for others; it loses nothing but warmth. */
import type { StoreId } from "../shared/wire/ids.ts";
import { createServedStore, type ServedStore, type ServedStoreParts } from "./served-store.ts";

export interface WarmStores {
  of(store: StoreId): ServedStore;
  /** Without warming it. */
  known(store: StoreId): ServedStore | undefined;
}

export function createWarmStores(parts: ServedStoreParts): WarmStores {
  /** The least lately used first. */
  const stores = new Map<StoreId, ServedStore>();

  function makeRoom(): void {
    for (const [store, served] of stores) {
      if (stores.size < parts.settings.storesWarmMax) return;
      if (!served.busy) stores.delete(store);
    }
  }

  return {
    of(store) {
      const served = stores.get(store);
      stores.delete(store);
      if (served === undefined) makeRoom();
      const kept = served ?? createServedStore(store, parts);
      stores.set(store, kept);
      return kept;
    },
    known: (store) => stores.get(store),
  };
}
