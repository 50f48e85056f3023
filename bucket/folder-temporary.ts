/**
 * `<root>/.tmp`: where files are written before they get their name, and where pruned directories go to be deleted.
 * No key starts with a dot, so nothing in it can be read or listed. Names hold a random part of this process and a
 * count, so that no two writers meet. Leftovers of a killed process are removed a day later; should the clock be so
 * wrong that a live file goes, its link() finds nothing and the write has not happened.
 */
import fs from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "../shared/ports/platform.ts";
import type { Directories } from "./folder-directories.ts";
import { codeOf } from "./folder-errors.ts";
import { absentCodes, type FileFacts, factsOf, removeFile, unless, writeDurably } from "./folder-files.ts";
import { leftoverAgeMs } from "./limits.ts";

export interface TemporaryFile extends FileFacts {
  readonly path: string;
}

export interface Temporaries {
  /** Runs `use` with a file that holds `body` and is on the disk; the file's temporary name is gone afterwards. */
  withFile<T>(body: Uint8Array, use: (file: TemporaryFile) => T | Promise<T>): Promise<T>;
  /** Takes a whole directory out of sight in one step, then deletes it. False when there is none. */
  discardDirectory(path: string): Promise<boolean>;
  /** Removes what killed processes left behind. Never fails: it is housekeeping. */
  sweep(): Promise<void>;
}

export function createTemporaries(root: string, directories: Directories, platform: Platform): Temporaries {
  const folder = join(root, ".tmp");
  const process = platform.newNonce();
  let made = 0;
  const newPath = (): string => {
    made += 1;
    return `${folder}/${process}-${made}`;
  };

  return {
    async withFile(body, use) {
      await directories.ensure(folder);
      const path = newPath();
      const { ino, size, mtimeMs } = await writeDurably(path, body);
      try {
        return await use({ path, ino, size, mtimeMs });
      } finally {
        removeFile(path);
      }
    },
    async discardDirectory(path) {
      if (!factsOf(path)) return false;
      await directories.ensure(folder);
      const target = newPath();
      unless(absentCodes, () => fs.renameSync(path, target));
      await removeTree(target);
      return true;
    },
    async sweep() {
      for (const name of namesIn(folder)) {
        const path = `${folder}/${name}`;
        if (platform.now() - changedAt(path) > leftoverAgeMs) await removeTree(path);
      }
    },
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    // No leftovers, or not ours to remove.
    return [];
  }
}

/** Infinity, i.e. too young, when that cannot be told. */
function changedAt(path: string): number {
  try {
    return factsOf(path)?.mtimeMs ?? Infinity;
  } catch {
    return Infinity;
  }
}

/** Deletes what nobody can see any more; what another process deletes at the same time, or what is in use, may stay. */
async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}
