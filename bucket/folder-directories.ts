/**
 * The directories below a bucket's root. Owns which of them this process knows to be on the disk, and their fsync.
 * A directory is known only after its name in its parent was synced, so that a file in it cannot vanish with it.
 * Syncs of one directory are shared: a call waits for a sync that *begins* after it, and many calls wait for the same
 * one. That is as safe as a sync each, because fsync covers everything linked before it began.
 */
import { dirname } from "node:path";
import { StoreError } from "../shared/errors.ts";
import { makeDirectory, syncDirectory } from "./folder-files.ts";

export interface Directories {
  /** Makes a directory and those above it, durably. Free for one that is known. */
  ensure(path: string): Promise<void>;
  /** Makes every name that is now in the directory durable. */
  sync(path: string): Promise<void>;
  /** Forgets what is known: somebody removed a directory. */
  forget(): void;
}

interface Syncing {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

export function createDirectories(root: string): Directories {
  const known = new Set<string>();
  const syncs = new Map<string, Syncing>();

  const startSync = (path: string): Promise<void> => {
    const running = syncDirectory(path).finally(() => {
      if (syncs.get(path)?.running === running) syncs.delete(path);
    });
    syncs.set(path, { running, next: undefined });
    return running;
  };

  const sync = (path: string): Promise<void> => {
    const current = syncs.get(path);
    if (!current) return startSync(path);
    const start = (): Promise<void> => startSync(path);
    current.next ??= current.running.then(start, start);
    return current.next;
  };

  const make = async (path: string): Promise<void> => {
    let made = makeDirectory(path);
    if (made === "orphan") {
      known.clear();
      await ensure(dirname(path));
      made = makeDirectory(path);
    }
    if (made === "orphan") throw folderGone(path);
    // Another process may have made it a moment ago and not synced it yet. What lies above the root is the user's.
    if (made === "made" || path.startsWith(`${root}/`)) await sync(dirname(path));
    known.add(path);
  };

  const ensure = async (path: string): Promise<void> => {
    if (!known.has(path)) await make(path);
  };

  return { ensure, sync, forget: () => known.clear() };
}

function folderGone(path: string): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `The folder above ${path} was removed while it was in use`,
    fix: "Check that the bucket's folder is there, then try again.",
  });
}
