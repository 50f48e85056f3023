/**
 * folderLocal: local storage in a folder, for Node. A store is a folder of its own in it, with a journal of its rows and a lock.
 *
 * Any number of processes may come; one has a store at a time, and may be killed at any moment. What was acknowledged survives a power
 * cut, as far as the disk keeps its word. For local disks: network file systems may lie about locks and syncs.
 */
import { join, resolve } from "node:path";
import { StoreError } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { closedStore } from "../errors.ts";
import { storeIsOpen } from "../local/errors.ts";
import type { Local, LocalRows } from "../local/local.ts";
import { createQueue } from "../local/queue.ts";
import { fileError } from "./file-errors.ts";
import { makeFolder } from "./files.ts";
import { type Journal, openJournal } from "./journal.ts";
import { type Lock, takeLock } from "./lock.ts";

/**
 * Local storage in the folder at `path`, which is made when it is not there. Anybody who may read the folder may read the rows: see
 * `withCipher`.
 *
 * @example
 * import { folderLocal } from "icecore/client/node";
 * const store = openStore({ model, storeId: "family", local: folderLocal("./family-notes"), remote, platform });
 */
export function folderLocal(path: string): Local {
  const root = resolve(path);
  return {
    name: `folder:${root}`,
    async open(store) {
      const folder = join(root, store);
      try {
        return await openRows(folder, store);
      } catch (error) {
        throw fileError(error, "open the local storage", folder);
      }
    },
  };
}

async function openRows(folder: string, store: StoreId): Promise<LocalRows> {
  await makeFolder(folder);
  const outcome = await takeLock(join(folder, "lock"));
  if (outcome.is === "held") throw isHeld(store, outcome);
  try {
    return rowsOf(await openJournal(folder, store), outcome.lock, { folder, store });
  } catch (error) {
    outcome.lock.release();
    throw error;
  }
}

function rowsOf(
  journal: Journal,
  lock: Lock,
  { folder, store }: { readonly folder: string; readonly store: StoreId },
): LocalRows {
  const queue = createQueue();
  let closed = false;

  async function answer<T>(doing: string, call: () => Promise<T>): Promise<T> {
    if (closed) throw closedStore(store);
    return queue.run(async () => {
      try {
        return await call();
      } catch (error) {
        throw fileError(error, doing, folder);
      }
    });
  }

  return {
    load: () => answer("read", journal.load),
    commit(changes) {
      const saved = answer("save", () => journal.append(changes));
      // In the queue, but nobody's commit waits for it.
      if (!closed) void queue.run(journal.tidy);
      return saved;
    },
    clear: () => answer("remove the rows", journal.clear),
    async close() {
      if (closed) return;
      closed = true;
      await queue.run(() => {
        journal.close();
        lock.release();
      });
    },
  };
}

function isHeld(
  store: StoreId,
  { by, fix }: { readonly by: string; readonly fix: string | null },
): StoreError {
  if (fix === null) return storeIsOpen(store, by);
  return new StoreError({ kind: "conflict", what: `Store "${store}" is open ${by}`, fix, store });
}
