/**
 * Opens a bucket by its URL. Owns the list of known forms and the memory buckets of this process: the same
 * `memory:NAME` is the same bucket, so that several parts of one process can meet in it.
 */
import { StoreError } from "../shared/errors.ts";
import type { Bucket } from "../shared/ports/bucket.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { createFolderBucket } from "./folder.ts";
import { createMemoryBucket } from "./memory.ts";

const memoryBuckets = new Map<string, Bucket>();

/**
 * Opens the bucket at `url`: `folder:PATH` (relative or absolute; made at the first write) or `memory:NAME`.
 *
 * @throws StoreError "rejected" for any other form, "unavailable" or "unauthorized" when the folder cannot be used.
 * @example
 * const bucket = await openBucket("folder:./bucket", createNodePlatform());
 */
export async function openBucket(url: string, platform: Platform): Promise<Bucket> {
  const colon = url.indexOf(":");
  const scheme = url.slice(0, Math.max(0, colon));
  const rest = url.slice(colon + 1);
  if (scheme === "memory") return openMemory(rest, platform);
  if (scheme === "folder" && rest !== "") return createFolderBucket(rest, platform);
  throw new StoreError({
    kind: "rejected",
    what: complaint(scheme),
    fix: "Use folder:PATH (say folder:./bucket) or memory:NAME.",
  });
}

function openMemory(name: string, platform: Platform): Bucket {
  const known = memoryBuckets.get(name);
  if (known) return known;
  const bucket = createMemoryBucket({ name: `memory:${name}`, now: platform.now });
  memoryBuckets.set(name, bucket);
  return bucket;
}

/** Names only the scheme: the rest of a URL may hold a secret. */
function complaint(scheme: string): string {
  if (scheme === "s3") return "s3:// buckets are not there yet, they come with the next release";
  if (scheme === "folder") return "folder: needs a path after the colon";
  if (/^[a-z][a-z0-9+.-]{1,20}$/i.test(scheme)) return `"${scheme}:" is no kind of bucket`;
  return "This is no bucket URL, it names no kind of bucket";
}
