/** What S3 tests begin with: the shared server of the run, buckets of their own in it, and a title that names the need. */
import { describe, inject } from "vitest";
import { addressOf, makeBucket, setCredentials } from "./buckets.ts";

/** Undefined where the machine has no Ceph: then the tests are skipped, by a title that says so. */
export const server = inject("s3") ?? undefined;

if (server) setCredentials(server);

/** A suite that needs a real S3 server. */
export function describeS3(title: string, suite: () => void): void {
  describe.skipIf(server === undefined)(`${title} [needs s3]`, suite);
}

let made = 0;

/** Makes a bucket and gives its address; `endpoint` where it is reached by another way, say a proxy. */
export async function newBucket(
  options: { readonly versioned?: boolean; readonly endpoint?: string } = {},
): Promise<string> {
  const name = `test-${process.pid}-${Date.now().toString(36)}-${made++}`;
  const endpoint = server?.endpoint ?? "";
  await makeBucket(endpoint, name, options);
  return addressOf(name, options.endpoint ?? endpoint);
}
