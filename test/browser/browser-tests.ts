/** What tests inside a browser share: a title that names the need, the browser's own tools, and databases that no other test has. */
import { describe } from "vitest";
import { cdp } from "vitest/browser";
import { idbLocal } from "../../client/idb/idb.ts";
import type { Local } from "../../client/local/local.ts";

/** A suite that needs a real browser. Where there is none its file does not load at all: see scripts/browser-project.ts. */
export function describeBrowser(title: string, suite: () => void): void {
  describe(`${title} [needs browser]`, suite);
}

/** A request to the browser's developer tools. */
export async function askBrowser(method: string, params: object): Promise<unknown> {
  const session = cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
  return session.send(method, params);
}

let made = 0;

/** A local storage that is empty, and the names of its databases. */
export function newLocal(): {
  readonly local: Local;
  readonly prefix: string;
  readonly databaseOf: (store: string) => string;
} {
  const prefix = `test-${Date.now().toString(36)}-${made++}-`;
  return {
    local: idbLocal({ prefix, persist: false, tabs: false }),
    prefix,
    databaseOf: (store) => `${prefix}icecore/${store}`,
  };
}

/** What an IndexedDB request answers, without any library. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Opens a database with no code of icecore. `upgrade` makes what is in it. */
export function openRaw(
  name: string,
  version: number | undefined,
  upgrade: (database: IDBDatabase, transaction: IDBTransaction) => void = () => undefined,
): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    if (request.transaction) upgrade(request.result, request.transaction);
  };
  return answerOf(request);
}

export async function databaseNames(): Promise<readonly string[]> {
  return (await indexedDB.databases()).map(({ name = "" }) => name);
}
