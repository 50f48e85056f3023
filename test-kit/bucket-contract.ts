/**
 * The contract of the Bucket port as a vitest suite. Every adapter runs it, and so may a user's own: what the protocol
 * relies on (docs/protocol.md, "What is assumed", A1 and A2) is asked here of the real thing. It only uses the port, never repeats a key
 * across tests, and leaves its objects behind, so the bucket may be shared but must be empty under the test's prefix.
 */
import { afterAll, beforeAll, describe } from "vitest";
import type { Bucket } from "../shared/ports/bucket.ts";
import { describeDeletes, describeLists } from "./bucket-contract-lists.ts";
import { describeRaces } from "./bucket-contract-races.ts";
import { describeReads } from "./bucket-contract-reads.ts";
import { describeWrites } from "./bucket-contract-writes.ts";

export interface OpenedBucket {
  readonly bucket: Bucket;
  readonly close?: () => Promise<void>;
}

export interface BucketContractOptions {
  /**
   * "by version": each write has an etag of its own. "by content": equal bytes may have equal etags, as on S3; the protocol's heads
   * never have equal bytes. @default "by version"
   */
  readonly etags?: "by version" | "by content";
}

/**
 * Runs the whole contract against the bucket that `open` gives.
 *
 * @example
 * describeBucketContract("my bucket", async () => ({ bucket: createMyBucket() }));
 */
export function describeBucketContract(
  name: string,
  open: () => Promise<OpenedBucket>,
  { etags = "by version" }: BucketContractOptions = {},
): void {
  describe(`${name} keeps the contract of the Bucket port`, () => {
    let opened: OpenedBucket | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => opened?.close?.());

    const bucket = (): Bucket => {
      if (!opened) throw new Error("the bucket did not open");
      return opened.bucket;
    };
    describeReads(bucket);
    describeWrites(bucket, etags === "by version");
    describeRaces(bucket);
    describeLists(bucket);
    describeDeletes(bucket);
  });
}
