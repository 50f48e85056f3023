/**
 * LIST of the folder bucket: walks only the directories that can hold a wanted key, in the order of keys, and stops at
 * the page's end. A directory sorts as its name and "/", which is the order of the keys below it. Entries beyond the
 * page are never looked at one by one. Names that no key can have (dot names, `.versions`) are not seen.
 */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { codeOf } from "./folder-errors.ts";
import { absentCodes } from "./folder-files.ts";
import { isKey, isKeyPart, versionsSuffix } from "./key-rules.ts";

export interface Wanted {
  readonly prefix: string;
  readonly after: string;
  /** How many keys at most. */
  readonly count: number;
}

/** The first keys of a page, in order. */
export async function listKeys(root: string, wanted: Wanted): Promise<readonly string[]> {
  const folder = wanted.prefix.slice(0, wanted.prefix.lastIndexOf("/") + 1);
  const keys: string[] = [];
  if (folder === "" || isKey(folder.slice(0, -1))) await collect(root, folder, wanted, keys);
  return keys;
}

async function collect(root: string, folder: string, wanted: Wanted, keys: string[]): Promise<void> {
  for (const path of await pathsIn(root, folder, wanted)) {
    if (keys.length >= wanted.count) return;
    if (path.endsWith("/")) await collect(root, path, wanted, keys);
    else keys.push(path);
  }
}

/** The keys and the folders (with a slash at their end) directly in `folder` that matter, in order, each once. */
async function pathsIn(root: string, folder: string, wanted: Wanted): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const entry of await entriesOf(`${root}/${folder}`)) {
    const path = pathOf(folder, entry);
    if (path !== undefined && matters(path, wanted)) paths.push(path);
  }
  paths.sort(byCodeUnit);
  return paths.filter((path, i) => path !== paths[i - 1]);
}

/** An object that was replaced shows up as its file and its versions: both stand for the same key. */
function pathOf(folder: string, entry: Dirent): string | undefined {
  const isDirectory = entry.isDirectory();
  if (!isDirectory && !entry.isFile()) return undefined;
  const isVersions = isDirectory && entry.name.endsWith(versionsSuffix);
  const name = isVersions ? entry.name.slice(0, -versionsSuffix.length) : entry.name;
  if (!isKeyPart(name)) return undefined;
  return folder + name + (isDirectory && !isVersions ? "/" : "");
}

function matters(path: string, { prefix, after }: Wanted): boolean {
  if (!path.endsWith("/")) return path > after && path.startsWith(prefix);
  return (path > after || after.startsWith(path)) && (path.startsWith(prefix) || prefix.startsWith(path));
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (absentCodes.some((code) => code === codeOf(error))) return [];
    throw error;
  }
}

/** The UTF-8 order of keys, as they are ASCII. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
