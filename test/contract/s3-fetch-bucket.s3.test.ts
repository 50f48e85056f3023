import { describeBucketContract } from "../../test-kit/bucket-contract.ts";
import { describeS3, newBucket } from "../ceph/s3-tests.ts";
import { fetchBucket, pageFetch } from "../fixtures/fetch-bucket.ts";

describeS3("On Ceph's gateway", () => {
  describeBucketContract(
    "The S3 bucket over fetch",
    async () => ({ bucket: fetchBucket(await newBucket()) }),
    { etags: "by content" },
  );

  describeBucketContract(
    "The S3 bucket over fetch, below a prefix",
    async () => ({ bucket: fetchBucket((await newBucket()).replace("?", "/deep/er%20down?")) }),
    { etags: "by content" },
  );

  describeBucketContract(
    "The S3 bucket over fetch, as a page sees it that CORS shows the etag alone",
    async () => ({ bucket: fetchBucket(await newBucket(), { fetch: pageFetch("etag") }) }),
    { etags: "by content" },
  );
});
