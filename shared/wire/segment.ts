/** The segment: every published update of a time range (from, through], immutable, stored under `segments/`. */
import type { Json, JsonObject } from "../json.ts";
import type { Sha256 } from "../ports/hash.ts";
import { asArray, asObject, asText, asTimestamp, formatted, type Parsed, parsing } from "./parse.ts";
import { formatTimestamp, type Timestamp } from "./time.ts";
import { encodeStamped, hashedText, readUpdate, type StampedUpdate } from "./update.ts";

export const segmentFormat = "icecore-segment-1";

/** The log's hash before its first update. */
export const emptyLogHash = "0".repeat(64);

/** An object under `updates/` that was no update: kept for people, never applied. */
export interface SetAside {
  readonly key: string;
  readonly reason: string;
  /** Its first characters. */
  readonly text: string;
}

export interface Segment {
  /** Exclusive. */
  readonly from: Timestamp;
  /** Inclusive: the timestamp of the latest object it accounts for. */
  readonly through: Timestamp;
  /** The log's hash at `from`, and at `through`. */
  readonly fromHash: string;
  readonly hash: string;
  /** In log order: (timestamp, app). */
  readonly updates: readonly StampedUpdate[];
  readonly setAside: readonly SetAside[];
}

/** h(n) = SHA-256(h(n-1) + timestamp and canonical bytes of update n). */
export function hashLog(start: string, updates: readonly StampedUpdate[], sha256: Sha256): string {
  return updates.reduce((hash, update) => sha256(hash + hashedText(update)), start);
}

export function encodeSegment(segment: Segment): JsonObject {
  return {
    format: segmentFormat,
    from: formatTimestamp(segment.from),
    through: formatTimestamp(segment.through),
    fromHash: segment.fromHash,
    hash: segment.hash,
    updates: segment.updates.map(encodeStamped),
    setAside: segment.setAside.map(({ key, reason, text }) => ({ key, reason, text })),
  };
}

export function parseSegment(value: unknown): Parsed<Segment> {
  return parsing(() => {
    const body = formatted(value, segmentFormat);
    return {
      from: asTimestamp(body.from, "from"),
      through: asTimestamp(body.through, "through"),
      fromHash: asText(body.fromHash, "fromHash"),
      hash: asText(body.hash, "hash"),
      updates: asArray(body.updates, "updates").map(readStamped),
      setAside: asArray(body.setAside, "setAside").map(readSetAside),
    };
  });
}

/** Its updates above a position: a segment may overlap what a reader holds. */
export function updatesAbove(segment: Segment, position: Timestamp): readonly StampedUpdate[] {
  if (position <= segment.from) return segment.updates;
  return segment.updates.filter((update) => update.timestamp > position);
}

function readStamped(value: Json, index: number): StampedUpdate {
  const entry = asObject(value, `updates[${index}]`);
  return { ...readUpdate(entry), timestamp: asTimestamp(entry.timestamp, `updates[${index}].timestamp`) };
}

function readSetAside(value: Json, index: number): SetAside {
  const entry = asObject(value, `setAside[${index}]`);
  return {
    key: asText(entry.key, "key"),
    reason: asText(entry.reason, "reason"),
    text: asText(entry.text, "text"),
  };
}
