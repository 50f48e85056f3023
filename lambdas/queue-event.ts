/**
 * parseQueueEvent: what SQS hands to the rollup, as which stores have news and which entries of the queue say so. Each entry holds a notification
 * of S3 about objects that were created below `updates/`.
 *
 * An entry that cannot be read is named as unread: it comes again, and in the end lies in the dead-letter queue, where people look. One that
 * says nothing (S3's test of the queue, an object that is no update) is done with.
 */
import type { SQSEvent, SQSRecord } from "aws-lambda";
import { StoreError } from "../shared/errors.ts";
import { isJsonObject, type JsonObject } from "../shared/json.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { parseUpdateKey } from "../shared/wire/keys.ts";
import type { Timestamp } from "../shared/wire/time.ts";

/** One entry's news of one store. */
export interface QueueNote {
  /** The entry's id in the queue. */
  readonly id: string;
  readonly store: StoreId;
  /** Of its latest update. */
  readonly timestamp: Timestamp;
  /** It came before and was not done. */
  readonly again: boolean;
}

export interface QueueNews {
  readonly notes: readonly QueueNote[];
  /** Entries that are no notifications: id and why. */
  readonly unread: readonly { readonly id: string; readonly why: string }[];
  /** Objects that were created and are no updates. */
  readonly odd: number;
}

export interface QueueSource {
  readonly bucket: string;
  /** Before each key: "" or ending in a slash. */
  readonly prefix: string;
}

/** Throws StoreError "rejected" for what is no event of SQS at all. */
export function parseQueueEvent(event: unknown, source: QueueSource): QueueNews {
  requireQueueEvent(event);
  const notes: QueueNote[] = [];
  const unread: { id: string; why: string }[] = [];
  let odd = 0;
  for (const entry of event.Records) {
    const id = entry.messageId;
    const read = readEntry(entry, source);
    if ("why" in read) {
      unread.push({ id, why: read.why });
      continue;
    }
    odd += read.odd;
    const again = Number(entry.attributes?.ApproximateReceiveCount ?? 1) > 1;
    for (const [store, timestamp] of read.latest) notes.push({ id, store, timestamp, again });
  }
  return { notes, unread, odd };
}

function requireQueueEvent(event: unknown): asserts event is SQSEvent {
  const records = isJsonObject(event) ? event.Records : undefined;
  const isEntry = (one: unknown) =>
    isJsonObject(one) && typeof one.messageId === "string" && typeof one.body === "string";
  if (Array.isArray(records) && records.every(isEntry)) return;
  throw new StoreError({
    kind: "rejected",
    what: "The rollup was called with something else than entries of an SQS queue",
    fix: "Let the queue alone call it, which gets the bucket's notifications.",
  });
}

type Read =
  | { readonly latest: ReadonlyMap<StoreId, Timestamp>; readonly odd: number }
  | { readonly why: string };

function readEntry({ body }: SQSRecord, source: QueueSource): Read {
  const notification = parseJson(body);
  if (notification === null) return { why: "its body is no JSON object" };
  // S3 sends it when the notification is configured.
  if (notification.Event === "s3:TestEvent") return { latest: new Map(), odd: 0 };
  if (!Array.isArray(notification.Records)) return { why: "it is no notification of S3" };
  const latest = new Map<StoreId, Timestamp>();
  let odd = 0;
  for (const record of notification.Records) {
    const key = createdKey(record);
    if (key === null) return { why: "one of its records names no object" };
    const update = key.bucket === source.bucket ? updateOf(key.name, source.prefix) : undefined;
    if (update === undefined) odd += 1;
    else if (update.timestamp >= (latest.get(update.store) ?? 0)) latest.set(update.store, update.timestamp);
  }
  return { latest, odd };
}

function parseJson(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

function createdKey(record: unknown): { readonly bucket: string; readonly name: string } | null {
  const s3 = isJsonObject(record) && isJsonObject(record.s3) ? record.s3 : {};
  const bucket = isJsonObject(s3.bucket) ? s3.bucket.name : undefined;
  const key = isJsonObject(s3.object) ? s3.object.key : undefined;
  if (typeof bucket !== "string" || typeof key !== "string") return null;
  const name = decodeKey(key);
  return name === null ? null : { bucket, name };
}

/** As in a form: a plus is a space. */
function decodeKey(key: string): string | null {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return null;
  }
}

function updateOf(name: string, prefix: string) {
  return name.startsWith(prefix) ? parseUpdateKey(name.slice(prefix.length)) : undefined;
}
