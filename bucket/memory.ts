/**
 * A bucket in memory: for tests, simulation and trying things out. Everything happens within one call, so each write
 * is atomic; it never answers `unknown`. Etags count up and are never used again, not even after a delete.
 * For speed, not for proof: nothing is durable, and a body that was read must not be changed by the caller.
 */
import type { Bucket, Etag, GetAnswer, ListAnswer, WriteAnswer } from "../shared/ports/bucket.ts";
import { defaultSettings } from "../shared/settings.ts";
import { requireKey } from "./key-rules.ts";
import { startBytes } from "./limits.ts";

export interface MemoryBucketOptions {
  /** @default "memory:" */
  readonly name?: string;
  /** The bucket's clock. @default Date.now */
  readonly now?: () => number;
}

interface Stored {
  readonly body: Uint8Array;
  readonly etag: Etag;
  readonly lastModified: number;
}

interface Shelf {
  readonly objects: Map<string, Stored>;
  /** The keys of `objects` in order. */
  readonly sorted: string[];
  etagsMade: number;
}

/**
 * Makes an empty bucket in memory.
 *
 * @example
 * const bucket = createMemoryBucket();
 * await bucket.list(""); // { objects: [], more: false, date: ... }
 */
export function createMemoryBucket(options: MemoryBucketOptions = {}): Bucket {
  const { name = "memory:", now = Date.now } = options;
  const shelf: Shelf = { objects: new Map(), sorted: [], etagsMade: 0 };
  const check = (key: string): void => requireKey(key, name);

  return {
    name,
    async get(key, { ifNoneMatch, bytesMax } = {}) {
      check(key);
      return answerGet(shelf.objects.get(key), now(), ifNoneMatch, bytesMax);
    },
    async putIfAbsent(key, content) {
      check(key);
      const date = now();
      if (shelf.objects.has(key)) return { is: "refused", date };
      shelf.sorted.splice(placeOf(shelf.sorted, key), 0, key);
      return store(shelf, key, content.body, date);
    },
    async putIfMatch(key, content, etag) {
      check(key);
      const date = now();
      if (shelf.objects.get(key)?.etag !== etag) return { is: "refused", date };
      return store(shelf, key, content.body, date);
    },
    async list(prefix, { after = "", limit = defaultSettings.listKeysMax } = {}) {
      return { ...listPage(shelf, prefix, after, Math.min(limit, defaultSettings.listKeysMax)), date: now() };
    },
    async delete(keys) {
      keys.forEach(check);
      for (const key of keys)
        if (shelf.objects.delete(key)) shelf.sorted.splice(placeOf(shelf.sorted, key), 1);
      return { date: now() };
    },
  };
}

function answerGet(
  stored: Stored | undefined,
  date: number,
  ifNoneMatch?: Etag,
  bytesMax = Infinity,
): GetAnswer {
  if (!stored) return { is: "absent", date };
  if (stored.etag === ifNoneMatch) return { is: "unchanged", date };
  const { body, etag, lastModified } = stored;
  if (body.length > bytesMax)
    return { is: "tooLarge", bytes: body.length, start: body.subarray(0, startBytes), date };
  return { is: "found", body, etag, lastModified, date };
}

function store(shelf: Shelf, key: string, body: Uint8Array, date: number): WriteAnswer {
  shelf.etagsMade += 1;
  const etag = `"m${shelf.etagsMade}"`;
  shelf.objects.set(key, { body: body.slice(), etag, lastModified: date });
  return { is: "stored", etag, date };
}

function listPage(
  shelf: Shelf,
  prefix: string,
  after: string,
  limit: number,
): Pick<ListAnswer, "objects" | "more"> {
  const { objects, sorted } = shelf;
  const listed = [];
  let at = placeOf(sorted, after > prefix ? after : prefix);
  if (sorted[at] === after) at += 1;
  for (let key = sorted[at]; key?.startsWith(prefix); key = sorted[at]) {
    if (listed.length >= limit) return { objects: listed, more: true };
    const stored = objects.get(key);
    if (stored) listed.push({ key, bytes: stored.body.length, lastModified: stored.lastModified });
    at += 1;
  }
  return { objects: listed, more: false };
}

/** Index of the first of the sorted keys that is not below `key`. */
function placeOf(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
