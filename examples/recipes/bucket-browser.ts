/** A client in a browser that talks to the bucket itself. Quoted by docs/recipes.md. */
// recipe begins
import { createS3FetchBucket, type S3Credentials } from "../../bucket/s3-fetch/index.ts";
import { idbLocal } from "../../client/idb/index.ts";
import { bucketRemote, createWebPlatform, openStore } from "../../client/index.ts";
import type { Model } from "../../shared/index.ts";

/** Credentials from a server of yours: short-lived, and able to do no more than docs/security.md says. */
export function openInBrowser<M extends Model<unknown>>(model: M) {
  const bucket = createS3FetchBucket({
    address: "s3://notes?region=eu-central-1",
    credentials: async () => (await (await fetch("/s3-credentials")).json()) as S3Credentials,
    platform: createWebPlatform(),
  });
  return openStore({ model, storeId: "family", local: idbLocal(), remote: bucketRemote(bucket) });
}
// recipe ends
