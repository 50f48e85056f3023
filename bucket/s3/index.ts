/** The bucket on S3: public subpath `icecore/bucket/s3`. Needs the package @aws-sdk/client-s3. */
export { parseS3Location, type S3Location } from "../s3-common/location.ts";
export { createS3Bucket, type S3BucketOptions } from "./s3-bucket.ts";
