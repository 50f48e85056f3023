import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import { describeBucketContract } from "../../test-kit/bucket-contract.ts";
import { describeS3, newBucket } from "../ceph/s3-tests.ts";

describeS3("On Ceph's gateway", () => {
  describeBucketContract("The S3 bucket", async () => ({ bucket: createS3Bucket(await newBucket()) }), {
    etags: "by content",
  });

  describeBucketContract(
    "The S3 bucket below a prefix",
    async () => ({ bucket: createS3Bucket((await newBucket()).replace("?", "/deep/er%20down?")) }),
    { etags: "by content" },
  );
});
