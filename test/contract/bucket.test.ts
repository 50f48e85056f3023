import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCountingBucket } from "../../bucket/counting.ts";
import { createFaultyBucket } from "../../bucket/faulty.ts";
import { createFolderBucket } from "../../bucket/folder.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { describeBucketContract } from "../../test-kit/bucket-contract.ts";

describeBucketContract("The memory bucket", async () => ({ bucket: createMemoryBucket() }));

describeBucketContract("The folder bucket", async () => {
  const path = await mkdtemp(join(tmpdir(), "icecore-contract-"));
  return { bucket: await createFolderBucket(path), close: () => rm(path, { recursive: true }) };
});

describeBucketContract("The counting bucket", async () => ({
  bucket: createCountingBucket(createMemoryBucket()),
}));

describeBucketContract("The faulty bucket without faults", async () => ({
  bucket: createFaultyBucket(createMemoryBucket(), { random: () => 0 }),
}));
