/** The bucket on S3 over fetch, for browsers and every other engine that has it: public subpath `icecore/bucket/s3-fetch`. */
export { parseS3Location, type S3Location } from "../s3-common/location.ts";
export type { GetCredentials, S3Credentials } from "./credentials.ts";
export type { BodyReader, Fetched, FetchInit, FetchLike } from "./fetch-like.ts";
export { createS3FetchBucket, type S3FetchOptions } from "./s3-fetch-bucket.ts";
