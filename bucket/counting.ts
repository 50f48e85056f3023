/**
 * Wraps a bucket and counts its calls and bytes, for request budgets. A call counts when it is made, whatever becomes
 * of it; bytes count only as far as the answer shows that they moved.
 */
import type { Bucket, GetAnswer, PutContent } from "../shared/ports/bucket.ts";

export interface BucketCounts {
  readonly get: number;
  /** Those of `get` that answered "unchanged". */
  readonly getUnchanged: number;
  /** Those of `get` that answered "absent". */
  readonly getAbsent: number;
  readonly put: number;
  /** Calls of putIfMatch. */
  readonly swap: number;
  readonly list: number;
  /** Calls, not keys. */
  readonly delete: number;
  /** Bytes of bodies handed to the bucket, stored or not. */
  readonly bytesOut: number;
  /** Bytes of bodies that came back. */
  readonly bytesIn: number;
}

export interface CountingBucket extends Bucket {
  /** The counts since the start or the last reset; a copy. */
  counts(): BucketCounts;
  reset(): void;
}

const none: BucketCounts = {
  get: 0,
  getUnchanged: 0,
  getAbsent: 0,
  put: 0,
  swap: 0,
  list: 0,
  delete: 0,
  bytesOut: 0,
  bytesIn: 0,
};

/** Counts what goes through to `inner`. */
export function createCountingBucket(inner: Bucket): CountingBucket {
  let counts = none;
  const add = (what: keyof BucketCounts, by = 1): void => {
    counts = { ...counts, [what]: counts[what] + by };
  };
  const countOut = (what: "put" | "swap", content: PutContent): void => {
    add(what);
    add("bytesOut", content.body.length);
  };

  return {
    ...inner,
    async get(key, options) {
      add("get");
      const answer = await inner.get(key, options);
      if (answer.is === "unchanged") add("getUnchanged");
      if (answer.is === "absent") add("getAbsent");
      add("bytesIn", bytesOf(answer));
      return answer;
    },
    async putIfAbsent(key, content) {
      countOut("put", content);
      return inner.putIfAbsent(key, content);
    },
    async putIfMatch(key, content, etag, options) {
      countOut("swap", content);
      return inner.putIfMatch(key, content, etag, options);
    },
    async list(prefix, options) {
      add("list");
      return inner.list(prefix, options);
    },
    async delete(keys) {
      add("delete");
      return inner.delete(keys);
    },
    counts: () => counts,
    reset() {
      counts = none;
    },
  };
}

function bytesOf(answer: GetAnswer): number {
  if (answer.is === "found") return answer.body.length;
  return answer.is === "tooLarge" ? answer.start.length : 0;
}
