/**
 * The writes of the folder bucket. Each puts the bytes on the disk under a temporary name first and gives them their
 * real name by link(), which is atomic and refuses a taken name; then the directory is synced, and only then answered.
 */
import { unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Etag, PutContent, WriteAnswer } from "../shared/ports/bucket.ts";
import { codeOf } from "./folder-errors.ts";
import { factsOf } from "./folder-files.ts";
import type { FolderParts, Undated } from "./folder-parts.ts";
import { withCurrent } from "./folder-read.ts";
import { type Linked, linkNew, linkVersion, prune, settle, unclear } from "./folder-swap.ts";
import { etagOf, versionsPath } from "./folder-versions.ts";

/** Stores a new object, or is refused. */
export async function storeNew(
  { directories, temporaries, seen }: FolderParts,
  file: string,
  { body }: PutContent,
): Promise<Undated<WriteAnswer>> {
  const directory = dirname(file);
  await directories.ensure(directory);
  // A killed delete leaves the versions for last, so that the object is there until they go.
  if (factsOf(versionsPath(file)) && (await withCurrent(seen, file, Boolean))) return { is: "refused" };
  return temporaries.withFile(body, async (written) => {
    const linked = linkNew(written.path, file);
    if (linked === "taken") return { is: "refused" };
    if (linked === "unclear") return unclear;
    if (linked === "nowhere") throw Object.assign(new Error(`no ${directory}`), { code: "ENOENT" });
    return withEtag(await settle(directories, directory), etagOf(0, written));
  });
}

/** Replaces the version with this etag, or is refused. */
export async function replace(
  { directories, temporaries, seen }: FolderParts,
  file: string,
  { body }: PutContent,
  etag: Etag,
): Promise<Undated<WriteAnswer>> {
  const current = await withCurrent(seen, file, (version) => version);
  if (current?.etag !== etag) return { is: "refused" };
  const next = current.number + 1;
  return temporaries.withFile(body, async (written) => {
    const linked = await linkVersion(directories, { existing: written.path, file, next });
    if (linked.is === "stored") await prune(temporaries, file, next);
    return withEtag(linked, etagOf(next, written));
  });
}

function withEtag(linked: Linked, etag: Etag): Undated<WriteAnswer> {
  return linked.is === "stored" ? { is: "stored", etag } : linked;
}

/** Deletes objects. The plain file goes first and the versions last, in one step: until then the object is there, if without its name. */
export async function remove(
  { directories, temporaries }: FolderParts,
  files: readonly string[],
): Promise<object> {
  const touched = new Set<string>();
  for (const file of files) {
    const unlinked = await unlinkFile(file);
    const discarded = await temporaries.discardDirectory(versionsPath(file));
    if (unlinked || discarded) touched.add(dirname(file));
  }
  for (const directory of touched) await directories.sync(directory);
  return {};
}

/** False when there was no file: nothing, or a folder, whose name is no key. */
async function unlinkFile(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    const code = codeOf(error) ?? "";
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code) || factsOf(file)?.isDirectory()) return false;
    throw error;
  }
}
