/** Runs in a page: a client of a server, in one of several tabs. Called from outside. */
import { idbLocal } from "../../../client/idb/idb.ts";
import { type Cipher, withCipher } from "../../../client/local/cipher.ts";
import { openStore } from "../../../client/open-store.ts";
import { createWebPlatform } from "../../../client/platform.ts";
import { httpRemote } from "../../../client/remote/http.ts";
import type { ActionHandle, OutboxItem, Store } from "../../../client/store.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";
import { pairsModel2 } from "../../fixtures/pairs-model-2.ts";

let store: Store<typeof pairsModel> | null = null;
let last: ActionHandle | null = null;
const told: string[] = [];

function opened(): Store<typeof pairsModel> {
  if (store === null) throw new Error("open it first");
  return store;
}

export interface Opening {
  /** @default 1 */
  readonly modelVersion?: 1 | 2;
  /** Rows are encrypted with it. */
  readonly secret?: string;
}

export async function open(url: string, { modelVersion, secret }: Opening = {}): Promise<void> {
  const platform = createWebPlatform();
  const local = idbLocal({ persist: false });
  store = openStore({
    model: modelVersion === 2 ? (pairsModel2 as never) : pairsModel,
    storeId: "main",
    local: secret === undefined ? local : withCipher(local, aesGcm(secret)),
    remote: httpRemote(url, { platform }),
    platform,
    settings: {
      sendDelayMs: 20,
      pollDelayMs: 200,
      pollDelayMsMax: 400,
      retryDelayMs: 200,
      retryDelayMsMax: 400,
    },
  });
  store.on("put", ({ origin, data }) => void told.push(`${origin} ${data.key}`));
  await store.loaded;
}

/** Makes actions one after another; resolves when they are saved. */
export async function put(keys: readonly string[]): Promise<void> {
  const saved: Promise<void>[] = [];
  for (const key of keys) {
    last = opened().do.put({ key, value: 1 });
    saved.push(last.savedLocally);
  }
  await Promise.all(saved);
}

/** Makes actions at the pace at which each is saved. */
export async function putSlowly(keys: readonly string[]): Promise<void> {
  for (const key of keys) await put([key]);
}

export function keys(): readonly string[] {
  return [...opened().state.pairs.keys()].sort();
}

export function confirmedKeys(): readonly string[] {
  return [...opened().confirmedState.pairs.keys()].sort();
}

export function status(): {
  readonly phase: string;
  readonly pending: number;
  readonly dead: number;
  readonly trouble: string | null;
  readonly savedLocally: boolean;
} {
  const { phase, pending, dead, error, savedLocally } = opened().sync.status;
  return { phase, pending, dead, savedLocally, trouble: error === null ? null : error.message };
}

export async function now(): Promise<void> {
  await opened().sync.now();
}

/** What `store.on` was told, in order. */
export function heard(): readonly string[] {
  return told;
}

export function outbox(): readonly OutboxItem[] {
  return opened().outbox.list();
}

/** What can be wished of the last action that was made here. */
export function wish(name: "hold" | "release" | "drop"): void {
  if (last !== null) opened().outbox[name](last.id);
}

/** The last action that was made here is acknowledged, and then in the log. */
export async function lastIsOut(): Promise<string> {
  await last?.stored;
  await last?.published;
  return "published";
}

export function close(): Promise<void> {
  return opened().close();
}

/** "done", or why not. */
export async function forget(force: boolean): Promise<string> {
  try {
    await opened().forget({ force });
    return "done";
  } catch (error) {
    return String(error);
  }
}

/** The database goes, whoever has it open. */
export async function deleteDatabase(): Promise<void> {
  await answered(indexedDB.deleteDatabase("icecore/main"));
}

/** It goes, and in the same breath somebody else has begun there: another app id, and a leader of its own. */
export async function replaceDatabase(app: string): Promise<void> {
  const gone = answered(indexedDB.deleteDatabase("icecore/main"));
  const opening = indexedDB.open("icecore/main", 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("rows").put(app, "app");
    const about = opening.result.createObjectStore("about");
    about.put("somebodyelseslif", "life");
    about.put(1, "term");
  };
  await gone;
  (await answered(opening)).close();
}

/** All that the database holds, without any code of ours. */
export async function rawRows(): Promise<Readonly<Record<string, unknown>>> {
  const opening = indexedDB.open("icecore/main");
  // To look must not make it.
  opening.onupgradeneeded = () => opening.transaction.abort();
  const database = await answered(opening).catch(() => null);
  if (database === null) return {};
  const rows = database.transaction("rows").objectStore("rows");
  const [keys, values] = await Promise.all([answered(rows.getAllKeys()), answered(rows.getAll())]);
  database.close();
  return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
}

function answered<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** AES-GCM of the page's own WebCrypto. */
function aesGcm(secret: string): Cipher {
  const { subtle } = crypto;
  const key = subtle
    .digest("SHA-256", new TextEncoder().encode(secret))
    .then((hash) => subtle.importKey("raw", hash, "AES-GCM", false, ["encrypt", "decrypt"]));
  return {
    async encrypt(text) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await subtle.encrypt({ name: "AES-GCM", iv }, await key, new TextEncoder().encode(text));
      return JSON.stringify([[...iv], [...new Uint8Array(sealed)]]);
    },
    async decrypt(text) {
      const [iv, sealed] = JSON.parse(text) as [number[], number[]];
      const start = { name: "AES-GCM", iv: new Uint8Array(iv) };
      return new TextDecoder().decode(await subtle.decrypt(start, await key, new Uint8Array(sealed)));
    },
  };
}

interface Lock {
  readonly name?: string;
  readonly clientId?: string;
}

interface Request<T> {
  readonly result: T;
  readonly error: unknown;
  onsuccess: unknown;
  onerror: unknown;
}

interface Factory {
  deleteDatabase(name: string): Request<unknown>;
  open(
    name: string,
    version?: number,
  ): Request<Raw> & { onupgradeneeded: unknown; readonly transaction: { abort(): void } };
}

interface Raw {
  createObjectStore(name: string): { put(value: unknown, key: string): void };
  transaction(name: string): {
    objectStore(name: string): {
      getAllKeys(): Request<readonly string[]>;
      getAll(): Request<readonly unknown[]>;
    };
  };
  close(): void;
}

const { navigator, indexedDB } = globalThis as unknown as {
  readonly indexedDB: Factory;
  readonly navigator: {
    readonly locks: {
      request<T>(name: string, work: () => Promise<T>): Promise<T>;
      query(): Promise<{ readonly held?: readonly Lock[] }>;
    };
  };
};

/** Whether this tab holds the lock. */
export function leads(): Promise<boolean> {
  const name = `who am I ${createWebPlatform().newNonce()}`;
  return navigator.locks.request(name, async () => {
    const { held = [] } = await navigator.locks.query();
    const me = held.find((lock) => lock.name === name)?.clientId;
    return held.some((lock) => lock.name === "icecore/main" && lock.clientId === me);
  });
}
