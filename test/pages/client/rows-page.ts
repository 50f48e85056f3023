/** Runs in a page: local storage over IndexedDB, called from outside. Errors are answered as plain data. */
import { idbLocal } from "../../../client/idb/idb.ts";
import type { LocalRows } from "../../../client/local/local.ts";
import { openStore } from "../../../client/open-store.ts";
import { createWebPlatform } from "../../../client/platform.ts";
import type { Store } from "../../../client/store.ts";
import { parseStoreId } from "../../../shared/wire/ids.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";

let rows: LocalRows | null = null;
let store: Store<typeof pairsModel> | null = null;

/** "done", or the error's kind and text. */
async function told(call: () => Promise<unknown> | undefined): Promise<string> {
  try {
    await call();
    return "done";
  } catch (error) {
    const { kind, message } = error as { readonly kind?: string; readonly message?: string };
    return `${kind}: ${message}`;
  }
}

export function open(name: string): Promise<string> {
  return told(async () => {
    const id = parseStoreId(name);
    if (id !== undefined) rows = await idbLocal({ tabs: false }).open(id);
  });
}

export function put(key: string, value: string): Promise<string> {
  return told(() => rows?.commit({ put: new Map([[key, value]]), delete: [] }));
}

/** Puts a text of so many characters, which nothing can make shorter. */
export function putLarge(key: string, chars: number): Promise<string> {
  return put(key, large(chars));
}

export async function keys(): Promise<readonly string[]> {
  return [...((await rows?.load())?.keys() ?? [])];
}

export function close(): Promise<string> {
  return told(() => rows?.close());
}

export function openClient(name: string): Promise<string> {
  return told(() => {
    store = openStore({
      model: pairsModel,
      storeId: name,
      local: idbLocal(),
      platform: createWebPlatform(),
      // One action fills the browser's quota.
      settings: { actionBytesMax: 10_000_000 },
    });
    return store.loaded;
  });
}

/** Resolves when the action is saved, or was not. */
export function act(key: string, chars = 1): Promise<string> {
  return told(() => store?.do.put({ key, value: large(chars) }).savedLocally);
}

export function shown(): {
  readonly keys: readonly string[];
  readonly pending: number;
  readonly trouble: string | null;
} {
  const { pending = 0, error = null } = store?.sync.status ?? {};
  return { keys: [...(store?.state.pairs.keys() ?? [])].sort(), pending, trouble: error?.kind ?? null };
}

export function closeClient(): Promise<string> {
  return told(() => store?.close());
}

function large(chars: number): string {
  const { random } = createWebPlatform();
  return Array.from({ length: chars }, () => String.fromCharCode(33 + Math.floor(random() * 90))).join("");
}
