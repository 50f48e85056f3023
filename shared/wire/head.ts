/**
 * The head: `heads/<store>.json`, the only object that is ever overwritten, and only by compare-and-swap.
 *
 * Each swap raises `rev` by one and draws a new nonce, so that no etag repeats. `rev`, `sealedThrough`,
 * `publishedThrough`, `floor` and `linkFrom` only grow, and publishedThrough <= sealedThrough.
 */
import type { Json, JsonObject } from "../json.ts";
import type { IfMatchSpelling } from "../ports/bucket.ts";
import {
  asArray,
  asCount,
  asObject,
  asPositive,
  asText,
  asTimestamp,
  fault,
  formatted,
  type Parsed,
  parsing,
} from "./parse.ts";
import { emptyLogHash } from "./segment.ts";
import { formatTimestamp, type Timestamp, zeroTimestamp } from "./time.ts";

export const headFormat = "icecore-head-1";

export interface SegmentEntry {
  readonly from: Timestamp;
  readonly through: Timestamp;
  readonly key: string;
  /** Updates in it. */
  readonly count: number;
  /** UTF-8 bytes of its JSON before compression. */
  readonly bytes: number;
  /** The log's hash at `through`. */
  readonly hash: string;
}

export interface SnapshotEntry {
  readonly through: Timestamp;
  readonly key: string;
  readonly bytes: number;
  readonly stateHash: string;
}

/** Names an immutable object at a position: marks, and the index of older segments. */
export interface Pointer {
  readonly through: Timestamp;
  readonly key: string;
}

export interface Head {
  /** Random, made only by init and recover. */
  readonly epoch: string;
  readonly rev: number;
  readonly nonce: string;
  readonly sealedThrough: Timestamp;
  readonly publishedThrough: Timestamp;
  /** Newest ones, oldest first, contiguous. */
  readonly segments: readonly SegmentEntry[];
  /** `from` of the first listed segment. */
  readonly floor: Timestamp;
  /** By model version. */
  readonly snapshots: Readonly<Record<string, SnapshotEntry>>;
  readonly marks: Pointer | null;
  readonly history: Pointer | null;
  /** Copy of the newest listed segment, encoded, when it is small. */
  readonly inline?: Json;
  /** Nothing built against a lower rev can be linked any more. */
  readonly linkFrom: number;
  readonly ifMatch: IfMatchSpelling;
}

/** The head of a store that was just made. */
export function newHead(epoch: string, nonce: string, ifMatch: IfMatchSpelling = "quoted"): Head {
  return {
    epoch,
    rev: 1,
    nonce,
    sealedThrough: zeroTimestamp,
    publishedThrough: zeroTimestamp,
    segments: [],
    floor: zeroTimestamp,
    snapshots: {},
    marks: null,
    history: null,
    linkFrom: 0,
    ifMatch,
  };
}

/** The log's hash at publishedThrough. */
export function logHash(head: Head): string {
  return head.segments.at(-1)?.hash ?? emptyLogHash;
}

export function encodeHead(head: Head): JsonObject {
  const snapshots: Record<string, Json> = {};
  for (const [version, entry] of Object.entries(head.snapshots))
    snapshots[version] = { ...entry, through: formatTimestamp(entry.through) };
  return {
    format: headFormat,
    epoch: head.epoch,
    rev: head.rev,
    nonce: head.nonce,
    sealedThrough: formatTimestamp(head.sealedThrough),
    publishedThrough: formatTimestamp(head.publishedThrough),
    segments: head.segments.map(encodeSegmentEntry),
    floor: formatTimestamp(head.floor),
    snapshots,
    marks: encodePointer(head.marks),
    history: encodePointer(head.history),
    ...(head.inline === undefined ? {} : { inline: head.inline }),
    linkFrom: head.linkFrom,
    ifMatch: head.ifMatch,
  };
}

export function parseHead(value: unknown): Parsed<Head> {
  return parsing(() => {
    const body = formatted(value, headFormat);
    const snapshots: Record<string, SnapshotEntry> = {};
    for (const [version, entry] of Object.entries(asObject(body.snapshots, "snapshots"))) {
      if (!/^[1-9]\d{0,8}$/.test(version))
        fault(`snapshots has ${JSON.stringify(version)}, not a model version`);
      snapshots[version] = readSnapshotEntry(asObject(entry, `snapshots.${version}`));
    }
    const head: Head = {
      epoch: asText(body.epoch, "epoch"),
      rev: asPositive(body.rev, "rev"),
      nonce: asText(body.nonce, "nonce"),
      sealedThrough: asTimestamp(body.sealedThrough, "sealedThrough"),
      publishedThrough: asTimestamp(body.publishedThrough, "publishedThrough"),
      segments: asArray(body.segments, "segments").map((entry) => readSegmentEntry(entry, "segments")),
      floor: asTimestamp(body.floor, "floor"),
      snapshots,
      marks: readPointer(body.marks, "marks"),
      history: readPointer(body.history, "history"),
      ...(body.inline === undefined ? {} : { inline: body.inline }),
      linkFrom: asCount(body.linkFrom, "linkFrom"),
      ifMatch: body.ifMatch === "unquoted" ? "unquoted" : "quoted",
    };
    return checked(head);
  });
}

export function encodeSegmentEntry(entry: SegmentEntry): JsonObject {
  return { ...entry, from: formatTimestamp(entry.from), through: formatTimestamp(entry.through) };
}

export function readSegmentEntry(value: unknown, name: string): SegmentEntry {
  const entry = asObject(value, name);
  return {
    from: asTimestamp(entry.from, `${name}.from`),
    through: asTimestamp(entry.through, `${name}.through`),
    key: asText(entry.key, `${name}.key`),
    count: asCount(entry.count, `${name}.count`),
    bytes: asCount(entry.bytes, `${name}.bytes`),
    hash: asText(entry.hash, `${name}.hash`),
  };
}

export function encodePointer(pointer: Pointer | null): JsonObject | null {
  return pointer && { through: formatTimestamp(pointer.through), key: pointer.key };
}

export function readPointer(value: unknown, name: string): Pointer | null {
  if (value === null) return null;
  const pointer = asObject(value, name);
  return {
    through: asTimestamp(pointer.through, `${name}.through`),
    key: asText(pointer.key, `${name}.key`),
  };
}

function readSnapshotEntry(entry: JsonObject): SnapshotEntry {
  return {
    through: asTimestamp(entry.through, "through"),
    key: asText(entry.key, "key"),
    bytes: asCount(entry.bytes, "bytes"),
    stateHash: asText(entry.stateHash, "stateHash"),
  };
}

/** Refuses a head that breaks invariant 4 of docs/protocol.md: it was not written by the protocol. */
function checked(head: Head): Head {
  const { segments, floor, publishedThrough, sealedThrough } = head;
  if (publishedThrough > sealedThrough) fault("publishedThrough lies above sealedThrough");
  segments.forEach((entry, index) => {
    const before = segments[index - 1];
    if (entry.from > entry.through) fault(`segment ${entry.key} ends before it begins`);
    if (before && before.through !== entry.from) fault(`segment ${entry.key} does not follow ${before.key}`);
  });
  if ((segments[0]?.from ?? publishedThrough) !== floor)
    fault("floor is not where the listed segments begin");
  if ((segments.at(-1)?.through ?? floor) !== publishedThrough)
    fault("the last segment does not end at publishedThrough");
  for (const { through, key } of Object.values(head.snapshots))
    if (through > publishedThrough) fault(`snapshot ${key} lies above publishedThrough`);
  if (head.linkFrom > head.rev) fault("linkFrom lies above rev");
  return head;
}
