/**
 * Compare-and-swap of the folder bucket: gives a finished file the name of the next version. The argument for its
 * safety is in folder-versions.ts. Nothing has happened before link(); after it, whatever goes wrong is `unknown`.
 */
import fs from "node:fs";
import { dirname } from "node:path";
import type { Directories } from "./folder-directories.ts";
import { codeOf, isCertainRefusal } from "./folder-errors.ts";
import { factsOf, makeDirectory } from "./folder-files.ts";
import type { Temporaries } from "./folder-temporary.ts";
import {
  generationOf,
  generationPath,
  generationsOf,
  isFirstOfGeneration,
  maybePruned,
  versionPath,
  versionsPath,
} from "./folder-versions.ts";

export type Linked =
  | { readonly is: "stored" }
  | { readonly is: "refused" }
  | { readonly is: "unknown"; readonly why: string };

/** link(2): "taken" when the name is in use, "nowhere" when a directory is not there, "unclear" when it failed oddly. */
export function linkNew(existing: string, path: string): "linked" | "taken" | "nowhere" | "unclear" {
  try {
    fs.linkSync(existing, path);
    return "linked";
  } catch (error) {
    if (codeOf(error) === "EEXIST") return "taken";
    if (codeOf(error) === "ENOENT") return "nowhere";
    if (isCertainRefusal(error)) throw error;
    return "unclear";
  }
}

export const unclear = {
  is: "unknown",
  why: "the file system failed while it gave the object its name",
} as const satisfies Linked;

/** What is left to do once a file has its name. `check` says why it may not count; the rest makes the name durable. */
export async function settle(
  directories: Directories,
  directory: string,
  check: () => string | undefined = () => undefined,
): Promise<Linked> {
  try {
    const why = check();
    if (why !== undefined) return { is: "unknown", why };
    await directories.sync(directory);
    return { is: "stored" };
  } catch (error) {
    return {
      is: "unknown",
      why: `the folder could not be flushed to the disk (${codeOf(error) ?? "no code"})`,
    };
  }
}

/** Links `existing` as version `next` of the object at `file`. The caller has read version `next - 1` as current. */
export async function linkVersion(
  directories: Directories,
  { existing, file, next }: { readonly existing: string; readonly file: string; readonly next: number },
): Promise<Linked> {
  const generation = generationOf(next);
  if (isFirstOfGeneration(next) && !(await openGeneration(directories, file, next))) return { is: "refused" };
  const linked = linkNew(existing, versionPath(file, next));
  if (linked === "unclear") return unclear;
  if (linked !== "linked") return { is: "refused" };
  return settle(directories, generationPath(file, generation), () => {
    if (maybePruned(file, generation)) return "other writers went on while this one slept";
    return factsOf(file) ? undefined : "the object was deleted at the same moment";
  });
}

/** Removes the generations that rule (3) allows to go. They only get older, so a late removal is as safe. */
export async function prune(temporaries: Temporaries, file: string, current: number): Promise<void> {
  if (!isFirstOfGeneration(current)) return;
  try {
    for (const generation of generationsOf(file)) {
      if (generation <= generationOf(current) - 2)
        await temporaries.discardDirectory(generationPath(file, generation));
    }
  } catch {
    // The swap has succeeded and must say so. The writer of the next generation tries again.
  }
}

/** Makes the directory of a new generation, durably; false when the object's versions are gone. */
async function openGeneration(directories: Directories, file: string, next: number): Promise<boolean> {
  if (next === 1) {
    if (makeDirectory(versionsPath(file)) === "orphan") return false;
    await directories.sync(dirname(file));
  }
  if (makeDirectory(generationPath(file, generationOf(next))) === "orphan") return false;
  await directories.sync(versionsPath(file));
  return true;
}
