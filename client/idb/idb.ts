/**
 * idbLocal: local storage in IndexedDB, for browsers. A store is a database of its own with one object store of rows; each commit is one
 * transaction, which the browser has written to the disk when it resolves (durability "strict").
 *
 * By default several tabs may have it open (shared.ts). Else there are two parts: who may open a database (exclusive.ts), and the rows
 * of one that is open (connection.ts, database.ts). The second knows nothing of the first.
 */
import { closedStore } from "../errors.ts";
import { storeIsOpen } from "../local/errors.ts";
import type { Local, LocalRows } from "../local/local.ts";
import { createQueue } from "../local/queue.ts";
import { openConnection } from "./connection.ts";
import { readRows, removeRows, writeRows } from "./database.ts";
import { type TabLock, takeExclusive } from "./exclusive.ts";
import { idbError, noIndexedDb, noLocks, type Place } from "./idb-errors.ts";
import { openShared } from "./shared.ts";
import { renewRows } from "./shared-database.ts";

export interface IdbLocalOptions {
  /** Goes before the names of its databases, say where one origin has several apps or users. @default "" */
  readonly prefix?: string;
  /**
   * Ask the browser once not to throw the data away when the disk gets full. Some browsers ask the user; a no changes nothing else.
   * @default true
   */
  readonly persist?: boolean;
  /**
   * Several tabs may have a store open at once: one of them leads, the others follow it. False: one at a time, others are refused.
   * @default true
   */
  readonly tabs?: boolean;
}

/** What a browser need not have, or not let a page use. */
interface Engine {
  readonly indexedDB?: IDBFactory;
  readonly BroadcastChannel?: unknown;
  readonly navigator?: { readonly locks?: LockManager; readonly storage?: StorageManager };
}

/**
 * Local storage in the browser's IndexedDB, in the database `icecore/<store id>`. Every script of the origin can read it: see
 * `withCipher`.
 *
 * @throws StoreError, when a store is opened: "incompatible" for a browser that lacks something, or a database of a newer release;
 * "unauthorized" where the browser lets nothing be stored; with `tabs: false` "conflict" while another tab has it
 * @example
 * import { idbLocal } from "icecore/idb";
 * const store = openStore({ model, storeId: "family", local: idbLocal(), remote, platform: createWebPlatform() });
 */
export function idbLocal({ prefix = "", persist = true, tabs = true }: IdbLocalOptions = {}): Local {
  let asked = !persist;
  return {
    name: `indexeddb:${prefix}icecore`,
    async open(store) {
      const place = { database: `${prefix}icecore/${store}`, store };
      try {
        const rows = await openRows(place, tabs);
        if (!asked) void askToKeep();
        asked = true;
        return rows;
      } catch (error) {
        throw idbError(error, "open the local storage", place);
      }
    },
  };
}

async function openRows(place: Place, tabs: boolean): Promise<LocalRows> {
  const { indexedDB, navigator, BroadcastChannel } = globalThis as Engine;
  if (!indexedDB) throw noIndexedDb(place.store);
  if (!navigator?.locks) throw noLocks(place.store);
  if (tabs && BroadcastChannel !== undefined) return openShared(place, navigator.locks);
  const lock = await takeExclusive(navigator.locks, place.database);
  if (lock === null) throw storeIsOpen(place.store, "already, here or in another tab");
  try {
    return await rowsOf(place, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function rowsOf(place: Place, lock: TabLock): Promise<LocalRows> {
  const queue = createQueue();
  let lost: () => void = () => undefined;
  let closed = false;
  const connection = await openConnection(place, {
    onLost: () => void answer("open", () => connection.run(async () => undefined)).catch(() => lost()),
  });

  async function answer<T>(doing: string, call: () => Promise<T>): Promise<T> {
    if (closed) throw closedStore(place.store);
    return queue.run(async () => {
      if (!lock.isMine()) throw storeIsOpen(place.store, "in another tab, which took it over");
      try {
        return await call();
      } catch (error) {
        throw idbError(error, doing, place);
      }
    });
  }

  return {
    renewal: {
      listen(given) {
        lost = given;
      },
      renew: (rows) =>
        answer("save", async () => {
          await connection.renew((database, lives) => renewRows(database, { rows, term: null, lives }));
        }),
    },
    load: () => answer("read", () => connection.run((database) => readRows(database, place))),
    commit: (changes) => answer("save", () => connection.run((database) => writeRows(database, changes))),
    clear: () => answer("remove the rows", () => connection.runAnew(removeRows)),
    async close() {
      if (closed) return;
      closed = true;
      await queue.run(async () => {
        connection.close();
        await lock.release();
      });
    },
  };
}

/** Whatever comes of it, rows are stored all the same. */
async function askToKeep(): Promise<void> {
  try {
    const storage = (globalThis as Engine).navigator?.storage;
    if (!(await storage?.persisted?.())) await storage?.persist?.();
  } catch {
    // Not in this browser or window.
  }
}
