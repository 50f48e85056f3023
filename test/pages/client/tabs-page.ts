/** Runs in a page: a client of a server, in one of several tabs. Called from outside. */
import { idbLocal } from "../../../client/idb/idb.ts";
import { openStore } from "../../../client/open-store.ts";
import { createWebPlatform } from "../../../client/platform.ts";
import { httpRemote } from "../../../client/remote/http.ts";
import type { ActionHandle, OutboxItem, Store } from "../../../client/store.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";

let store: Store<typeof pairsModel> | null = null;
let last: ActionHandle | null = null;
const told: string[] = [];

function opened(): Store<typeof pairsModel> {
  if (store === null) throw new Error("open it first");
  return store;
}

export async function open(url: string): Promise<void> {
  const platform = createWebPlatform();
  store = openStore({
    model: pairsModel,
    storeId: "main",
    local: idbLocal({ persist: false }),
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
  readonly trouble: string | null;
} {
  const { phase, pending, error } = opened().sync.status;
  return { phase, pending, trouble: error === null ? null : error.message };
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

interface Lock {
  readonly name?: string;
  readonly clientId?: string;
}

const { navigator } = globalThis as unknown as {
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
