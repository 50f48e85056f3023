/** What the files of the S3 bucket over fetch share. */
import type { Platform } from "../../shared/ports/platform.ts";
import type { IfMatch } from "../s3-common/if-match.ts";
import type { S3Location } from "../s3-common/location.ts";
import type { Tries } from "../s3-common/tries.ts";
import type { ServiceClock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import { fetchError } from "./errors.ts";
import type { FetchLike } from "./fetch-like.ts";

export interface Parts {
  readonly location: S3Location;
  /** Where the bucket's own address begins: without a slash at its end. */
  readonly root: string;
  readonly region: string;
  readonly fetch: FetchLike;
  readonly platform: Platform;
  readonly clock: ServiceClock;
  readonly credentials: Credentials;
  readonly tries: Tries;
  readonly ifMatch: IfMatch;
}

/** A read with its tries; what stays wrong is thrown in plain words. */
export function reading<T>(
  { location, tries }: Parts,
  { doing, key }: { readonly doing: string; readonly key?: string },
  call: () => Promise<T>,
): Promise<T> {
  const place = key === undefined ? { location, doing } : { location, doing, key };
  return tries.run(call, (fault, error) => fetchError(fault, place, error));
}
