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
import { listKeptMin } from "./limits.ts";

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

/**
 * The first keys and folders (with a slash at their end) directly in `folder` that matter, in order, each once. Of a large
 * folder only as many are kept at a time as the page can need, so that 100,000 names are not sorted for one.
 */
async function pathsIn(root: string, folder: string, wanted: Wanted): Promise<readonly string[]> {
  let first: First = { paths: [], last: undefined };
  let paths: string[] = [];
  for (const entry of await entriesOf(`${root}/${folder}`)) {
    const path = pathOf(folder, entry);
    if (path === undefined || (first.last !== undefined && path > first.last) || !matters(path, wanted))
      continue;
    if (!isKeyPart(path.slice(folder.length).replace(/\/$/, ""))) continue;
    paths.push(path);
    if (paths.length < listKeptMin + 2 * wanted.count) continue;
    first = firstOf(paths, wanted.count);
    paths = [...first.paths];
  }
  return firstOf(paths, wanted.count).paths;
}

interface First {
  readonly paths: readonly string[];
  /** The key that fills the page, when there is one: what comes after it is not needed. */
  readonly last: string | undefined;
}

/** Sorted, each once, up to the key that fills the page. Folders do not count: they may be empty. */
function firstOf(paths: readonly string[], count: number): First {
  const sorted = [...new Set(paths)].sort(byCodeUnit);
  let keys = 0;
  const end = sorted.findIndex((path) => !path.endsWith("/") && ++keys >= count);
  return end < 0
    ? { paths: sorted, last: undefined }
    : { paths: sorted.slice(0, end + 1), last: sorted[end] };
}

/** An object that was replaced shows up as its file and its versions: both stand for the same key. */
function pathOf(folder: string, entry: Dirent): string | undefined {
  if (entry.isFile()) return folder + entry.name;
  if (!entry.isDirectory()) return undefined;
  if (entry.name.endsWith(versionsSuffix)) return folder + entry.name.slice(0, -versionsSuffix.length);
  return `${folder}${entry.name}/`;
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
