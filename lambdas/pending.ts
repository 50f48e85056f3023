/**
 * createPending: everything that was begun and not finished, so that a Lambda can wait for it before it answers. A Lambda freezes what is
 * un-awaited and may resume it minutes later; here that cannot happen, whatever the code above forgets: each request to the bucket and each
 * packing goes through. Timers are not counted: nothing hangs on one that nobody waits for.
 */
import type { Bucket } from "../shared/ports/bucket.ts";
import type { Platform } from "../shared/ports/platform.ts";

export interface Pending {
  bucket(inner: Bucket): Bucket;
  platform(inner: Platform): Platform;
  /** Something else to wait for; it handles its own errors. */
  add(work: Promise<unknown>): void;
  /** Resolves when nothing is at work any more, also not what came of it. */
  settled(): Promise<void>;
}

export function createPending(): Pending {
  const works = new Set<Promise<unknown>>();

  function track<T>(work: Promise<T>): Promise<T> {
    const ended = work.then(
      () => void works.delete(ended),
      () => void works.delete(ended),
    );
    works.add(ended);
    return work;
  }

  return {
    bucket: (inner) => ({
      ...inner,
      get: (key, options) => track(inner.get(key, options)),
      putIfAbsent: (key, content) => track(inner.putIfAbsent(key, content)),
      putIfMatch: (key, content, etag, options) => track(inner.putIfMatch(key, content, etag, options)),
      list: (prefix, options) => track(inner.list(prefix, options)),
      delete: (keys) => track(inner.delete(keys)),
    }),
    platform: (inner) => ({
      ...inner,
      gzip: (bytes) => track(inner.gzip(bytes)),
      gunzip: (bytes, bytesMax) => track(inner.gunzip(bytes, bytesMax)),
    }),
    add: (work) => void track(work).catch(() => undefined),
    async settled() {
      while (works.size > 0) await Promise.all(works);
    },
  };
}
