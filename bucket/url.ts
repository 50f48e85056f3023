/**
 * Opens a bucket by its URL. Owns the list of known forms and the memory buckets of this process: the same
 * `memory:NAME` is the same bucket, so that several parts of one process can meet in it. The AWS SDK is loaded only for `s3://`.
 */
import { StoreError } from "../shared/errors.ts";
import type { Bucket } from "../shared/ports/bucket.ts";
import type { AbortSignalLike, Platform } from "../shared/ports/platform.ts";
import { createFolderBucket } from "./folder.ts";
import { createMemoryBucket } from "./memory.ts";
import { parseS3Location } from "./s3-common/location.ts";

const memoryBuckets = new Map<string, Bucket>();

/**
 * Opens the bucket at `url`: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME` (credentials by the AWS SDK's own chain), `folder:PATH`
 * (relative or absolute; made at the first write) or `memory:NAME`. `signal` ends waiting between tries.
 *
 * @throws StoreError "rejected" for any other form, "unavailable" or "unauthorized" when the folder cannot be used, "incompatible"
 * when the AWS SDK is not installed. An S3 bucket is asked for the first time by the first request.
 * @example
 * const bucket = await openBucket("folder:./bucket", createNodePlatform());
 */
export async function openBucket(
  url: string,
  platform: Platform,
  { signal }: { readonly signal?: AbortSignalLike } = {},
): Promise<Bucket> {
  const colon = url.indexOf(":");
  const scheme = url.slice(0, Math.max(0, colon));
  const rest = url.slice(colon + 1);
  if (scheme === "memory") return openMemory(rest, platform);
  if (scheme === "folder" && rest !== "") return createFolderBucket(rest, platform);
  if (scheme === "s3") return openS3(url, platform, signal);
  throw new StoreError({
    kind: "rejected",
    what: complaint(scheme),
    fix: "Use s3://BUCKET/PREFIX, folder:PATH (say folder:./bucket) or memory:NAME.",
  });
}

async function openS3(url: string, platform: Platform, signal: AbortSignalLike | undefined): Promise<Bucket> {
  parseS3Location(url);
  const { createS3Bucket } = await import("./s3/s3-bucket.ts").catch((cause) => {
    throw new StoreError(
      {
        kind: "incompatible",
        what: "s3:// buckets need the AWS SDK, which is not installed",
        fix: 'Run "npm install @aws-sdk/client-s3".',
      },
      cause,
    );
  });
  return createS3Bucket(url, signal === undefined ? { platform } : { platform, signal });
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
  if (scheme === "folder") return "folder: needs a path after the colon";
  if (/^[a-z][a-z0-9+.-]{1,20}$/i.test(scheme)) return `"${scheme}:" is no kind of bucket`;
  return "This is no bucket URL, it names no kind of bucket";
}
