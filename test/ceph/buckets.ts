/** Buckets of a test server, made with the plain SDK. */
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import type { CephKeys } from "./ceph.ts";

/** The SDK's own chain finds them in the environment, as on a user's machine; child processes inherit them. */
export function setCredentials({ accessKeyId, secretAccessKey }: CephKeys): void {
  process.env.AWS_ACCESS_KEY_ID = accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = secretAccessKey;
  process.env.AWS_EC2_METADATA_DISABLED = "true";
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
}

export async function makeBucket(
  endpoint: string,
  name: string,
  { versioned = false }: { readonly versioned?: boolean } = {},
): Promise<void> {
  const client = newClient(endpoint);
  await client.send(new CreateBucketCommand({ Bucket: name }));
  if (versioned)
    await client.send(
      new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: "Enabled" } }),
    );
  client.destroy();
}

export function addressOf(name: string, endpoint: string): string {
  return `s3://${name}?endpoint=${endpoint}`;
}

/** The plain SDK, for what tests do behind icecore's back. */
export function newClient(endpoint: string): S3Client {
  return new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true });
}
