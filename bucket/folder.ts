/**
 * A bucket in a folder of a local disk, for one machine: several processes may use it at once, any of them may be killed
 * at any moment, and what was answered as stored survives a power cut. Keys are paths below the folder.
 * A new object is written to `.tmp`, synced, and then link()ed to its name: link() is atomic and refuses a taken name,
 * so readers see whole objects only and one writer wins. Replacing is in folder-swap.ts and folder-versions.ts.
 * The bucket's clock is this machine's. Not for network file systems, whose link() may lie after a lost answer.
 * Deleting an object that was replaced is for when nobody else uses it: the protocol never deletes a head.
 */
import fs from "node:fs";
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { StoreError } from "../shared/errors.ts";
import type { Bucket } from "../shared/ports/bucket.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { defaultSettings } from "../shared/settings.ts";
import { createDirectories } from "./folder-directories.ts";
import { codeOf, folderError } from "./folder-errors.ts";
import type { FolderParts } from "./folder-parts.ts";
import { listPage, readObject } from "./folder-read.ts";
import { createTemporaries } from "./folder-temporary.ts";
import { remove, replace, storeNew } from "./folder-write.ts";
import { requireKey } from "./key-rules.ts";
import { directCallsMax } from "./limits.ts";
import { createNodePlatform } from "./platform/node.ts";

/**
 * Opens the bucket in the folder at `path`. A folder that is not there is empty, and is made at the first write.
 *
 * @throws StoreError "unavailable" when the path is a file, "unauthorized" when it may not be read.
 * @example
 * const bucket = await createFolderBucket("./bucket");
 */
export async function createFolderBucket(
  path: string,
  platform: Platform = createNodePlatform(),
): Promise<Bucket> {
  const root = resolve(path);
  const name = `folder:${root}`;
  const directories = createDirectories(root);
  const temporaries = createTemporaries(root, directories, platform);
  const parts: FolderParts = { root, directories, temporaries, seen: new Map() };

  let calls = 0;
  const answer = async <T>(doing: string, key: string | undefined, call: () => Promise<T>) => {
    calls += 1;
    if (calls % directCallsMax === 0) await setImmediate();
    try {
      return { ...(await call()), date: platform.now() };
    } catch (error) {
      if (codeOf(error) === "ENOENT") directories.forget();
      throw folderError(error, name, doing, key);
    }
  };
  const fileOf = (key: string): string => {
    requireKey(key, name);
    return `${root}/${key}`;
  };

  await answer("open the bucket", undefined, async () => {
    requireDirectory(root);
    await temporaries.sweep();
  });

  return {
    name,
    get: (key, options = {}) => answer("read", key, () => readObject(parts.seen, fileOf(key), options)),
    putIfAbsent: (key, content) => answer("store", key, () => storeNew(parts, fileOf(key), content)),
    putIfMatch: (key, content, etag) =>
      answer("replace", key, () => replace(parts, fileOf(key), content, etag)),
    list: (prefix, { after = "", limit = defaultSettings.listKeysMax } = {}) =>
      answer("list", prefix, () =>
        listPage(parts, { prefix, after, count: Math.min(limit, defaultSettings.listKeysMax) }),
      ),
    delete: (keys) => answer("delete objects", undefined, () => remove(parts, keys.map(fileOf))),
  };
}

function requireDirectory(root: string): void {
  const facts = fs.statSync(root, { throwIfNoEntry: false });
  if (facts === undefined) return;
  if (!facts.isDirectory())
    throw new StoreError({
      kind: "unavailable",
      what: `${root} is a file, so it cannot hold a bucket`,
      fix: "Choose the path of a folder, or one where nothing is yet.",
    });
  fs.accessSync(root, fs.constants.R_OK | fs.constants.X_OK);
}
