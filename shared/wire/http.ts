/**
 * The bodies of the HTTP API, for both of its ends: what the server encodes, the client parses.
 *
 * A refusal is data: `{ error: { kind, what, fix, retryAfterMs? } }`. What becomes of an update that was sent is no error but an outcome,
 * whatever its status: stored, rejected (never, as it is) or later (send the same again). No text of it holds what was stored.
 */
import type { StoreErrorKind } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { encodeHead, type Head, parseHead } from "./head.ts";
import { parseStoreId, type StoreId } from "./ids.ts";
import {
  asArray,
  asCount,
  asObject,
  asParsed,
  asPositive,
  asText,
  asTimestamp,
  fault,
  type Parsed,
  parsing,
} from "./parse.ts";
import { formatTimestamp, type Timestamp } from "./time.ts";
import { encodeStamped, parseStamped, type StampedUpdate } from "./update.ts";

/** A StoreError's kind, or "absent": there is no such store or object. */
export type WireErrorKind = StoreErrorKind | "absent";

export const wireErrorKinds: readonly WireErrorKind[] = [
  "unavailable",
  "conflict",
  "rejected",
  "unauthorized",
  "incompatible",
  "corrupt",
  "closed",
  "limit",
  "absent",
];

export interface WireError {
  readonly kind: WireErrorKind;
  /** What happened, one sentence without a full stop. */
  readonly what: string;
  /** What to do next, one sentence. */
  readonly fix: string;
  readonly retryAfterMs?: number;
}

export function encodeWireError({ kind, what, fix, retryAfterMs }: WireError): JsonObject {
  return { error: { kind, what, fix, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } };
}

export function parseWireError(value: unknown): Parsed<WireError> {
  return parsing(() => {
    const error = asObject(asObject(value, "the answer").error, "error");
    const kind = wireErrorKinds.find((known) => known === error.kind) ?? fault("error.kind is unknown");
    const { retryAfterMs } = error;
    return {
      kind,
      what: asText(error.what, "error.what"),
      fix: asText(error.fix, "error.fix"),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs: asCount(retryAfterMs, "error.retryAfterMs") }),
    };
  });
}

/** What became of an update. */
export type SendAnswer =
  /** `head` was read from the bucket after the update was stored; `etag` is its ETag at the head's own address. */
  | { readonly is: "stored"; readonly timestamp: Timestamp; readonly head: Head; readonly etag: string }
  | { readonly is: "rejected"; readonly reason: string }
  | { readonly is: "later"; readonly reason: string; readonly retryAfterMs: number };

export function encodeSendAnswer(answer: SendAnswer): JsonObject {
  if (answer.is !== "stored") return { ...answer };
  const { is, timestamp, head, etag } = answer;
  return { is, timestamp: formatTimestamp(timestamp), head: encodeHead(head), etag };
}

export function parseSendAnswer(value: unknown): Parsed<SendAnswer> {
  return parsing(() => {
    const answer = asObject(value, "the answer");
    const { is } = answer;
    if (is === "rejected") return { is, reason: asText(answer.reason, "reason") };
    if (is === "later") {
      const retryAfterMs = asCount(answer.retryAfterMs, "retryAfterMs");
      return { is, reason: asText(answer.reason, "reason"), retryAfterMs };
    }
    if (is !== "stored") return fault("is says neither stored, rejected nor later");
    return {
      is,
      timestamp: asTimestamp(answer.timestamp, "timestamp"),
      head: inner(parseHead(answer.head), "head"),
      etag: asText(answer.etag, "etag"),
    };
  });
}

/** Updates that are stored and not published yet, and the head they lie above. */
export interface TailAnswer {
  readonly epoch: string;
  readonly rev: number;
  readonly publishedThrough: Timestamp;
  readonly sealedThrough: Timestamp;
  /** In log order, without copies. */
  readonly updates: readonly StampedUpdate[];
  /** There are more: they show when they are published. */
  readonly cut: boolean;
}

export function encodeTailAnswer(answer: TailAnswer): JsonObject {
  return {
    epoch: answer.epoch,
    rev: answer.rev,
    publishedThrough: formatTimestamp(answer.publishedThrough),
    sealedThrough: formatTimestamp(answer.sealedThrough),
    updates: answer.updates.map(encodeStamped),
    cut: answer.cut,
  };
}

export function parseTailAnswer(value: unknown): Parsed<TailAnswer> {
  return parsing(() => {
    const answer = asObject(value, "the answer");
    return {
      epoch: asText(answer.epoch, "epoch"),
      rev: asPositive(answer.rev, "rev"),
      publishedThrough: asTimestamp(answer.publishedThrough, "publishedThrough"),
      sealedThrough: asTimestamp(answer.sealedThrough, "sealedThrough"),
      updates: asArray(answer.updates, "updates").map((update, i) =>
        inner(parseStamped(update), `updates[${i}]`),
      ),
      cut: answer.cut === true,
    };
  });
}

/** A store was made, or was there already. */
export interface CreateAnswer {
  readonly store: StoreId;
  readonly made: boolean;
}

export function encodeCreateAnswer({ store, made }: CreateAnswer): JsonObject {
  return { store, made };
}

export function parseCreateAnswer(value: unknown): Parsed<CreateAnswer> {
  return parsing(() => {
    const { store, made } = asObject(value, "the answer");
    if (typeof made !== "boolean") fault("made is neither true nor false");
    return { store: asParsed(store, "store", parseStoreId), made: made === true };
  });
}

function inner<T>(parsed: Parsed<T>, name: string): T {
  return parsed.ok ? parsed.value : fault(`${name}: ${parsed.reason}`);
}
