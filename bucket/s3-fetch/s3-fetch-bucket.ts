/**
 * The bucket on S3 over plain fetch, requests signed by aws4fetch: for clients that write the bucket directly from a browser, and for
 * every other engine that has fetch and crypto.subtle. The same promises as bucket/s3, without the AWS SDK.
 *
 * A conditional write is one request, sent once (write.ts). Reads, lists and deletes change nothing that a second try could spoil, so
 * they have tries of their own. How If-Match is spelt is found out. What both adapters share stands in s3-common.
 */
import { StoreError } from "../../shared/errors.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { createIfMatch } from "../s3-common/if-match.ts";
import { parseS3Location, type S3Location } from "../s3-common/location.ts";
import { createS3Port } from "../s3-common/s3-port.ts";
import { createTries } from "../s3-common/tries.ts";
import { rootOf } from "./address.ts";
import { createServiceClock } from "./clock.ts";
import { createCredentials, type GetCredentials } from "./credentials.ts";
import { deleteAll } from "./delete.ts";
import { regionFix } from "./errors.ts";
import { faultOf } from "./fault.ts";
import { type FetchLike, findFetch } from "./fetch-like.ts";
import { listPage } from "./list.ts";
import type { Parts } from "./parts.ts";
import { readEtag, readObject } from "./read.ts";
import { writeObject } from "./write.ts";

export interface S3FetchOptions {
  /** `s3://bucket/prefix?endpoint=…&region=…&pathStyle=true`, as for the S3 bucket over the SDK. AWS needs the region. */
  readonly address: string;
  /**
   * Asked when the first request is made, a minute before `expiresAt`, and when the service refuses those it gave. Let it fetch them
   * from the app's own server, which hands out credentials that end soon and allow only what this app may do.
   */
  readonly credentials: GetCredentials;
  /** `createWebPlatform()` in browsers, `createNodePlatform()` in Node. */
  readonly platform: Platform;
  /** Ends waiting between tries of a read; the last fault is thrown then. */
  readonly signal?: AbortSignalLike;
  /** @default the engine's own */
  readonly fetch?: FetchLike;
}

/** Where no region is named and the service is not AWS: what nearly all of them take. */
const regionElsewhere = "us-east-1";

/**
 * Opens the bucket. Sends nothing yet.
 *
 * In browsers the bucket's CORS rules must allow the page's origin (AllowedOrigins), GET, HEAD, PUT and DELETE (AllowedMethods), all
 * headers (AllowedHeaders "*"), and expose (ExposeHeaders) ETag, Date, Last-Modified and Content-Encoding. Without ETag nothing works, and
 * an error says so. Without Date the service's clock is known only roughly until the first write (clock.ts).
 *
 * @throws StoreError "rejected" when the address is not well formed, is not encrypted, or names no region of AWS; "incompatible" in an
 * engine without fetch.
 * @example
 * const bucket = createS3FetchBucket({
 *   address: "s3://notes/team?region=eu-central-1",
 *   credentials: async () => (await fetch("/s3-credentials")).json(),
 *   platform: createWebPlatform(),
 * });
 */
export function createS3FetchBucket(options: S3FetchOptions): Bucket {
  const parts = createParts(options);
  const now = () => parts.clock.date(null);
  return createS3Port(parts, { now, readObject, readEtag, writeObject, listPage, deleteAll });
}

function createParts(options: S3FetchOptions): Parts {
  const { address, credentials, platform, signal, fetch = findFetch() } = options;
  const location = parseS3Location(address);
  const region = regionOf(location);
  if (fetch === undefined)
    throw new StoreError({
      kind: "incompatible",
      what: "This JavaScript engine has no fetch",
      fix: "Give one as the option fetch.",
    });
  const clock = createServiceClock(platform);
  return {
    location,
    root: rootOf(location, region),
    region,
    fetch,
    platform,
    clock,
    credentials: createCredentials(credentials, { platform, clock }),
    tries: createTries({ platform, faultOf, signal }),
    ifMatch: createIfMatch(),
  };
}

function regionOf({ name, region, endpoint }: S3Location): string {
  if (region !== null) return region;
  if (endpoint !== null) return regionElsewhere;
  throw new StoreError({ kind: "rejected", what: `${name} names no region`, fix: regionFix });
}
