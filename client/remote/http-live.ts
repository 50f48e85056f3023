/**
 * Listening for hints: server-sent events where bodies come in pieces, else long polls of the head. It only ever wakes; whether something
 * is new, the poll finds out. It comes back by itself, waits longer each time it fails, and waits a random share of that, so that a
 * server that restarts is not met by all of its clients at once.
 */
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { hintName, httpRoutes, storePath, waitParam } from "../../shared/wire/http-routes.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { type BodyReader, readerOf } from "./fetch-like.ts";
import { strangeAnswer } from "./http-errors.ts";
import {
  errorBytesMax,
  goodLiveMs,
  liveSilenceMs,
  reconnectMs,
  reconnectMsMax,
  sentBytesMax,
  waitSeconds,
} from "./http-limits.ts";
import type { Requester } from "./http-request.ts";
import { within } from "./within.ts";

export interface LiveParts {
  readonly store: StoreId;
  readonly requester: Requester;
  readonly platform: Platform;
}

/** Runs until the signal; nothing that goes wrong concerns anybody else. */
export function followLive(parts: LiveParts, wake: (reason: string) => void, signal: AbortSignalLike): void {
  void follow(parts, wake, signal);
}

async function follow(
  parts: LiveParts,
  wake: (reason: string) => void,
  signal: AbortSignalLike,
): Promise<void> {
  const { platform } = parts;
  const wakeNow = (reason: string) => {
    if (!signal.aborted) wake(reason);
  };
  for (let failures = 0; !signal.aborted; ) {
    const beganAt = platform.now();
    const good = await listen(parts, wakeNow, signal).catch(() => false);
    failures = good && platform.now() - beganAt >= goodLiveMs ? 0 : failures + 1;
    const restMs = Math.min(reconnectMsMax, reconnectMs * 2 ** Math.min(failures, 20));
    await platform.wait(restMs * (0.5 + platform.random() / 2), signal);
    // What came in between was heard by nobody.
    if (good) wakeNow("live again");
  }
}

/** One connection, or one row of long polls, to its end. */
async function listen(
  parts: LiveParts,
  wake: (reason: string) => void,
  signal: AbortSignalLike,
): Promise<boolean> {
  if (parts.requester.streams() === null)
    await parts.requester.send({ method: "GET", path: httpRoutes.time, bytesMax: errorBytesMax });
  return parts.requester.streams() ? hear(parts, wake, signal) : pollLong(parts, wake, signal);
}

async function hear(
  { store, requester, platform }: LiveParts,
  wake: (reason: string) => void,
  signal: AbortSignalLike,
): Promise<boolean> {
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
    const isLive = /^text\/event-stream\b/i.test(fetched.headers.get("content-type") ?? "");
    if (fetched.status !== 200 || !isLive || !reader) throw strangeAnswer(requester.server, fetched.status);
    if (!signal.aborted)
      await hearAll(
        reader,
        createHintParser(() => wake("hint")),
        platform,
      );
    return true;
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
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
): Promise<boolean> {
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
  return true;
}
