/**
 * What a recovery writes: objects under new names, and at last the head, only where none is (or over the damaged one, by
 * compare-and-swap). An unclear answer to an object costs another name; one to the head is settled by reading it back.
 */
import { StoreError } from "../errors.ts";
import type { Json } from "../json.ts";
import { getHead, readHead } from "../log/head-read.ts";
import type { Etag } from "../ports/bucket.ts";
import { encodeHead, type Head, type Pointer } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { type BuiltKind, builtKey, headKey } from "../wire/keys.ts";
import type { Timestamp } from "../wire/time.ts";
import { encodeBody } from "./body.ts";
import { getObject, type Host } from "./run.ts";

export interface Work {
  readonly host: Host;
  readonly store: StoreId;
  readonly dryRun: boolean;
  /** Of the new head, and in the names of all that is written for it. */
  readonly rev: number;
}

export async function writeNamed(
  work: Work,
  kind: BuiltKind,
  through: Timestamp,
  body: Json,
): Promise<Pointer> {
  return { through, key: await writeObject(work, { kind, through, body }) };
}

const triesMax = 10;

/** Stores an object under a new name; an unclear answer only costs another name. */
export async function writeObject(
  { host, store, rev, dryRun }: Work,
  { kind, through, body }: { readonly kind: BuiltKind; readonly through: Timestamp; readonly body: Json },
): Promise<string> {
  const { bucket, platform, settings } = host;
  for (let tries = 1; ; tries++) {
    const key = builtKey({ kind, store, through, rev, nonce: platform.newNonce() });
    if (dryRun) return key;
    const answer = await bucket.putIfAbsent(key, await encodeBody(key, body, platform, settings));
    if (answer.is === "stored") return key;
    if (tries >= triesMax) throw unclear(store);
    await platform.wait(settings.backOffMinMs * 2 ** tries * platform.random(), host.signal);
  }
}

/** Made once; an unclear answer is settled by reading it back. */
export async function putHead(work: Work, head: Head, damagedEtag: Etag | null): Promise<void> {
  const { host, store } = work;
  const { bucket, platform, settings } = host;
  const key = headKey(store);
  for (let tries = 1; tries <= triesMax; tries++) {
    const content = await encodeBody(key, encodeHead(head), platform, settings);
    const answer =
      damagedEtag === null
        ? await bucket.putIfAbsent(key, content)
        : await bucket.putIfMatch(key, content, damagedEtag, { ifMatch: head.ifMatch });
    if (answer.is === "stored") return;
    const there = readHead(store, await getObject(getHead(store), host));
    if (there.ok && there.known.head.epoch === head.epoch) return;
    if (there.ok) throw madeMeanwhile(store);
    await platform.wait(settings.backOffMinMs * 2 ** tries * platform.random(), host.signal);
  }
  throw unclear(store);
}

function madeMeanwhile(store: StoreId): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `Somebody else made a head of store "${store}" meanwhile`,
    fix: `Nothing was changed: look at it with "icecore head --store ${store}".`,
    store,
  });
}

function unclear(store: StoreId): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `The bucket gave no clear answer while store "${store}" was recovered`,
    fix: "Nothing is lost: recover again.",
    store,
  });
}
