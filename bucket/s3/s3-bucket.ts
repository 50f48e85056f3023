/**
 * The bucket on S3, or on a service that speaks it: the Bucket port over the AWS SDK.
 *
 * A conditional write is one request, sent once (write.ts). Reads, lists and deletes change nothing that a second try could spoil, so
 * they have tries of their own (tries.ts). How If-Match is spelt is found out (if-match.ts). What s3-fetch shares stands in s3-common.
 */
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { createNodePlatform } from "../platform/node.ts";
import { createIfMatch } from "../s3-common/if-match.ts";
import { parseS3Location } from "../s3-common/location.ts";
import { createS3Port } from "../s3-common/s3-port.ts";
import { createTries } from "../s3-common/tries.ts";
import { createSdkClient } from "./client.ts";
import { deleteAll } from "./delete.ts";
import { readFacts } from "./facts.ts";
import { faultOf } from "./fault.ts";
import { listPage } from "./list.ts";
import type { Parts } from "./parts.ts";
import { readEtag, readObject } from "./read.ts";
import { writeObject } from "./write.ts";

export interface S3BucketOptions {
  readonly platform?: Platform;
  /** Ends waiting between tries of a read; the last fault is thrown then. */
  readonly signal?: AbortSignalLike;
}

/**
 * Opens the bucket at `s3://bucket/prefix?endpoint=…&region=…`. Sends nothing yet.
 *
 * @throws StoreError "rejected" when the address is not well formed.
 * @example
 * const bucket = createS3Bucket("s3://notes/team?region=eu-central-1");
 */
export function createS3Bucket(address: string, options: S3BucketOptions = {}): Bucket {
  const { platform = createNodePlatform(), signal } = options;
  const location = parseS3Location(address);
  const parts: Parts = {
    location,
    client: createSdkClient(location),
    platform,
    tries: createTries({ platform, faultOf, signal }),
    ifMatch: createIfMatch(),
  };
  const requests = { now: platform.now, readObject, readEtag, writeObject, listPage, deleteAll };
  return {
    ...createS3Port(parts, requests),
    facts: () => readFacts(parts),
  };
}
