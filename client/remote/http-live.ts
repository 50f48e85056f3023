/**
 * Listening for the server's own hints: server-sent events where bodies come in pieces, else long polls of the head. It only ever wakes;
 * whether something is new, the poll finds out. A server that gives none (a Lambda cannot hold a request) is hardly ever asked again.
 */
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { hintName, httpRoutes, storePath, waitParam } from "../../shared/wire/http-routes.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { type BodyReader, readerOf } from "./fetch-like.ts";
import { type Heard, keepListening } from "./hint-loop.ts";
import { strangeAnswer } from "./http-errors.ts";
import { errorBytesMax, liveSilenceMs, reconnectMs, sentBytesMax, waitSeconds } from "./http-limits.ts";
import { asksForPass, type Requester } from "./http-request.ts";
import { within } from "./within.ts";

export interface LiveParts {
  readonly store: StoreId;
  readonly requester: Requester;
  readonly platform: Platform;
}

/** Runs until the signal. */
export function followLive(parts: LiveParts, wake: (reason: string) => void, signal: AbortSignalLike): void {
  keepListening({ platform: parts.platform, wake, signal }, (wakeNow) => listen(parts, wakeNow, signal));
}

/** One connection, or one row of long polls, to its end. */
async function listen(
  parts: LiveParts,
  wake: (reason: string) => void,
  signal: AbortSignalLike,
): Promise<Heard> {
  if (parts.requester.streams() === null)
    await parts.requester.send({ method: "GET", path: httpRoutes.time, bytesMax: errorBytesMax });
  return parts.requester.streams() ? hear(parts, wake, signal) : pollLong(parts, wake, signal);
}

async function hear(
  { store, requester, platform }: LiveParts,
  wake: (reason: string) => void,
  signal: AbortSignalLike,
): Promise<Heard> {
  const headers = { accept: "text/event-stream" };
  const { fetched, ending } = await requester.open({
    method: "GET",
    path: storePath(store, "live"),
    headers,
    bytesMax: 0,
    uncached: true,
    signal,
  });
  const reader = readerOf(fetched);
  const end = () => {
    void reader?.cancel().catch(() => undefined);
    ending.end();
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    if (isNone(fetched.status, fetched.headers.get("retry-after"))) return "none";
    const isLive = /^text\/event-stream\b/i.test(fetched.headers.get("content-type") ?? "");
    if (fetched.status !== 200 || !isLive || !reader) throw strangeAnswer(requester.server, fetched.status);
    if (!signal.aborted)
      await hearAll(
        reader,
        createHintParser(() => wake("hint")),
        platform,
      );
    return "some";
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

/** This server gives none at all. A store that is not made yet is worth asking for again, and says so. */
function isNone(status: number, retryAfter: string | null): boolean {
  return status === 404 && retryAfter === null;
}

async function hearAll(
  reader: BodyReader,
  feed: (bytes: Uint8Array) => void,
  platform: Platform,
): Promise<void> {
  for (;;) {
    const { done, value } = await within(reader.read(), liveSilenceMs, platform);
    if (done) return;
    if (value) feed(value);
  }
}

/** Longer lines are none of ours. */
const lineMax = 64;

/** Server-sent events, as far as hints need: a block whose event is ours, ended by an empty line. */
export function createHintParser(onHint: () => void): (bytes: Uint8Array) => void {
  let line = "";
  let hinted = false;

  function endLine(): void {
    if (line === "" && hinted) {
      hinted = false;
      onHint();
    } else if (line === `event: ${hintName}` || line === `event:${hintName}`) hinted = true;
    line = "";
  }

  return (bytes) => {
    for (const byte of bytes) {
      if (byte === 0x0a) endLine();
      else if (byte !== 0x0d && line.length < lineMax) line += String.fromCharCode(byte);
    }
  };
}

/** Where answers come whole or not at all: the server answers when there is news, or after a while. */
async function pollLong(
  { store, requester, platform }: LiveParts,
  wake: (reason: string) => void,
  signal: AbortSignalLike,
): Promise<Heard> {
  // Who holds no request answers each of them at once, and that would look like a hint.
  const live = await requester.send({
    method: "HEAD",
    path: storePath(store, "live"),
    bytesMax: errorBytesMax,
  });
  if (isNone(live.status, live.header("retry-after"))) return "none";
  const path = `${storePath(store, "head")}?${waitParam}=${waitSeconds}`;
  const waitMs = waitSeconds * 1_000;
  for (let etag: string | null = null; !signal.aborted; ) {
    const headers: Record<string, string> = etag === null ? {} : { "if-none-match": etag };
    const askedAt = platform.now();
    const answer = await requester.send({
      method: "GET",
      path,
      headers,
      bytesMax: sentBytesMax,
      waitMs,
      uncached: true,
      signal,
    });
    // A cache stands before the head, and holds no request.
    if (asksForPass(answer)) return "none";
    if (answer.status !== 200 && answer.status !== 304) throw strangeAnswer(requester.server, answer.status);
    const isFirst = etag === null;
    etag = answer.header("etag") ?? etag;
    if (etag === null) throw strangeAnswer(requester.server, answer.status);
    // Unchanged before its time: a hint, of something that is not in the head yet.
    const early = platform.now() - askedAt < waitMs - reconnectMs;
    if (!isFirst && (answer.status === 200 || early)) {
      wake("hint");
      await platform.wait(reconnectMs, signal);
    }
  }
  return "some";
}
