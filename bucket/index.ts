/** The public bucket adapters. */

export type {
  Bucket,
  BucketFacts,
  Etag,
  GetAnswer,
  IfMatchSpelling,
  LifecycleRule,
  ListAnswer,
  Listed,
  PutContent,
  WriteAnswer,
} from "../shared/ports/bucket.ts";
export { type BucketCounts, type CountingBucket, createCountingBucket } from "./counting.ts";
export { createFaultyBucket, type FaultChances, type FaultyBucket, type FaultyOptions } from "./faulty.ts";
export { createFolderBucket } from "./folder.ts";
export { createMemoryBucket, type MemoryBucketOptions } from "./memory.ts";
export { createNodePlatform } from "./platform/node.ts";
export { openBucket } from "./url.ts";
