/** What the files of the S3 bucket share: where, by which client, and how often a read is tried. */
import type { S3Client } from "@aws-sdk/client-s3";
import type { Platform } from "../../shared/ports/platform.ts";
import type { IfMatch } from "../s3-common/if-match.ts";
import type { S3Location } from "../s3-common/location.ts";
import type { Tries } from "../s3-common/tries.ts";
import { s3Error } from "./errors.ts";

export interface Parts {
  readonly location: S3Location;
  readonly client: S3Client;
  readonly platform: Platform;
  readonly tries: Tries;
  readonly ifMatch: IfMatch;
}

/** An object's address, as every request of the SDK takes it. */
export function at({ location }: Parts, key: string): { readonly Bucket: string; readonly Key: string } {
  return { Bucket: location.bucket, Key: location.prefix + key };
}

/** A read with its tries; what stays wrong is thrown in plain words. */
export function reading<T>(
  { location, tries }: Parts,
  { doing, key }: { readonly doing: string; readonly key?: string },
  call: () => Promise<T>,
): Promise<T> {
  const place = key === undefined ? { location, doing } : { location, doing, key };
  return tries.run(call, (fault, error) => s3Error(fault, place, error));
}
