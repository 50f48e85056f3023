/**
 * Get and list of the folder bucket. Both answer from the current version of an object, found and proven current by
 * folder-versions.ts. A version is immutable, so once it is open its bytes may be read at leisure.
 */
import fs from "node:fs";
import type { Bucket, GetAnswer, ListAnswer, Listed } from "../shared/ports/bucket.ts";
import { factsOf, readBytes } from "./folder-files.ts";
import { listKeys, type Wanted } from "./folder-list.ts";
import type { FolderParts, Undated } from "./folder-parts.ts";
import {
  isProvenCurrent,
  type OpenVersion,
  openCurrent,
  type SeenVersions,
  versionsPath,
} from "./folder-versions.ts";
import { startBytes } from "./limits.ts";

type GetOptions = NonNullable<Parameters<Bucket["get"]>[1]>;

/** Answers a get of the object at `file`. */
export async function readObject(
  seen: SeenVersions,
  file: string,
  { ifNoneMatch, bytesMax = Infinity }: GetOptions,
): Promise<Undated<GetAnswer>> {
  if (ifNoneMatch !== undefined && isProvenCurrent(file, ifNoneMatch)) return { is: "unchanged" };
  return withCurrent(seen, file, async (current) => {
    if (!current) return { is: "absent" };
    const { fd, etag, bytes, lastModified } = current;
    if (etag === ifNoneMatch) return { is: "unchanged" };
    if (bytes > bytesMax)
      return { is: "tooLarge", bytes, start: await readBytes(fd, Math.min(bytes, startBytes)) };
    return { is: "found", body: await readBytes(fd, bytes), etag, lastModified };
  });
}

/** Runs `use` with the current version open, and closes it. */
export async function withCurrent<T>(
  seen: SeenVersions,
  file: string,
  use: (current: OpenVersion | undefined) => T | Promise<T>,
): Promise<T> {
  const current = openCurrent(file, seen);
  try {
    return await use(current);
  } finally {
    if (current) fs.closeSync(current.fd);
  }
}

/** Answers a list. Keys whose object goes between the reading of its name and of its size are made up for by later ones. */
export async function listPage({ root, seen }: FolderParts, wanted: Wanted): Promise<Undated<ListAnswer>> {
  const objects: Listed[] = [];
  for (let after = wanted.after; ; ) {
    const count = wanted.count - objects.length;
    const keys = await listKeys(root, { ...wanted, after, count: count + 1 });
    for (const key of keys.slice(0, count)) {
      const listed = await describe(seen, `${root}/${key}`);
      if (listed) objects.push({ key, ...listed });
    }
    const more = keys.length > count;
    if (!more || objects.length === wanted.count) return { objects, more };
    after = keys[count - 1] ?? after;
  }
}

/** Size and time of the current version; undefined when the object is gone. */
async function describe(seen: SeenVersions, file: string): Promise<Omit<Listed, "key"> | undefined> {
  if (factsOf(versionsPath(file)))
    return withCurrent(
      seen,
      file,
      (current) => current && { bytes: current.bytes, lastModified: current.lastModified },
    );
  const facts = factsOf(file);
  return facts && { bytes: facts.size, lastModified: Math.floor(facts.mtimeMs) };
}
