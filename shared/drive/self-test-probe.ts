/**
 * The probe of a self-test: objects of its own in a bucket, and writes to them whose answers can be trusted as a verdict.
 *
 * An answer that never came says nothing, and a refusal may be one's own success that somebody on the way sent twice: both are settled by
 * reading what is there now. A name whose write was unclear is not used again, as it may land later. Where nothing ever becomes
 * clear the bucket is unavailable, not bad.
 */
import { StoreError } from "../errors.ts";
import type { Bucket, Etag, PutContent, WriteAnswer } from "../ports/bucket.ts";
import { probesPrefix } from "../wire/keys.ts";
import type { Host } from "./run.ts";

export interface Probe {
  readonly bucket: Bucket;
  /** A key that nobody ever used. */
  newKey(): string;
  /** Every key so far begins with it. */
  readonly prefix: string;
  content(text: string): PutContent;
  /** The object holds what `content` made of this text. */
  isThere(key: string, text: string): Promise<Etag | null>;
  remove(): Promise<void>;
}

export function createProbe({ bucket, platform }: Host): Probe {
  const prefix = probesPrefix(platform.newNonce());
  const keys: string[] = [];
  const bodyOf = (text: string) => JSON.stringify({ format: "icecore-probe-1", text });
  return {
    bucket,
    prefix,
    newKey() {
      const key = `${prefix}${String(keys.length + 1).padStart(3, "0")}.json`;
      keys.push(key);
      return key;
    },
    content: (text) => ({
      body: platform.encodeText(bodyOf(text)),
      contentType: "application/json",
      cacheControl: "no-store",
    }),
    async isThere(key, text) {
      const read = await bucket.get(key);
      return read.is === "found" && platform.decodeText(read.body) === bodyOf(text) ? read.etag : null;
    },
    /** What stays is removed by `collectGarbage`. */
    async remove() {
      if (keys.length > 0) await bucket.delete(keys).catch(unlessUnavailable);
    },
  };
}

/** Answers that say nothing are asked for again so often. */
const askedMax = 5;

/** A new object with its etag; null where every new name is refused though nothing is there. */
export async function newObject(
  probe: Probe,
  text: string,
): Promise<{ readonly key: string; readonly etag: Etag } | null> {
  let unclear = false;
  for (let asked = 0; asked < askedMax; asked++) {
    const key = probe.newKey();
    const answer = await probe.bucket.putIfAbsent(key, probe.content(text));
    if (answer.is === "stored") return { key, etag: answer.etag };
    const etag = answer.is === "refused" ? await probe.isThere(key, text) : null;
    if (etag !== null) return { key, etag };
    unclear ||= answer.is === "unknown";
  }
  if (unclear) throw noClearAnswer(probe);
  return null;
}

/** The answer to a write that may be repeated. */
export async function clear(
  probe: Probe,
  write: () => Promise<WriteAnswer>,
): Promise<Exclude<WriteAnswer["is"], "unknown">> {
  for (let asked = 0; asked < askedMax; asked++) {
    const { is } = await write();
    if (is !== "unknown") return is;
  }
  throw noClearAnswer(probe);
}

/** Swaps an object for this text, with its own etag; null when that is refused. */
export async function swapped(
  probe: Probe,
  { key, etag }: { readonly key: string; readonly etag: Etag },
  text: string,
): Promise<Etag | null> {
  for (let asked = 0; asked < askedMax; asked++) {
    const answer = await probe.bucket.putIfMatch(key, probe.content(text), etag);
    if (answer.is === "stored") return answer.etag;
    const now = await probe.isThere(key, text);
    if (now !== null || answer.is === "refused") return now;
  }
  throw noClearAnswer(probe);
}

function noClearAnswer({ bucket }: Probe): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `${bucket.name} gave no clear answer to a self-test`,
    fix: "Try again.",
  });
}

function unlessUnavailable(error: unknown): void {
  if (!(error instanceof StoreError) || error.kind !== "unavailable") throw error;
}
