/** A client in Node that talks to the bucket itself. Quoted by docs/recipes.md. */
// recipe begins
import { createS3Bucket } from "../../bucket/s3/index.ts";
import { bucketRemote, openStore } from "../../client/index.ts";
import { folderLocal } from "../../client/node/index.ts";
import type { Model } from "../../shared/index.ts";

/** Credentials as the AWS SDK finds them: environment, profile, role. */
export function openInNode<M extends Model<unknown>>(model: M) {
  const bucket = createS3Bucket("s3://notes?region=eu-central-1");
  return openStore({
    model,
    storeId: "family",
    local: folderLocal("./family"),
    remote: bucketRemote(bucket),
  });
}
// recipe ends
