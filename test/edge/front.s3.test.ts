import { AwsClient } from "aws4fetch";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { describeS3, newBucket, server } from "../ceph/s3-tests.ts";
import { fetchRaw } from "../fixtures/cloud-front.ts";
import { describeFront } from "./front-suite.ts";

describeS3("The edge function before a real S3 server", () => {
  describeFront("One address", async () => {
    const address = await newBucket();
    const { hostname } = new URL(address);
    // As origin access control does: the front signs, whatever the viewer sent.
    const signer = new AwsClient({
      accessKeyId: server?.accessKeyId ?? "",
      secretAccessKey: server?.secretAccessKey ?? "",
      service: "s3",
      region: "us-east-1",
    });
    return {
      inner: await openBucket(address.replace(hostname, `${hostname}/notes`), createNodePlatform()),
      root: "notes",
      async origin(path) {
        const signed = await signer.sign(`${server?.endpoint}/${hostname}${path}`);
        return fetchRaw(signed.url, Object.fromEntries(signed.headers));
      },
    };
  });
});
