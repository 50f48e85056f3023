/**
 * httpRemote: a store behind icecore's HTTP API. Needs nothing of its platform but fetch; everything else comes in by the Platform port.
 *
 * It trusts no answer: what is not icecore's JSON, whole and within its size, is "unavailable" and is asked for again. Objects are handed
 * to the protocol's programs as they come, and those check them.
 */
import { StoreError } from "../../shared/errors.ts";
import type { KnownHead } from "../../shared/log/known-head.ts";
import type { TailOutcome } from "../../shared/log/tail.ts";
import { noHead } from "../../shared/log/troubles.ts";
import type { GetAnswer } from "../../shared/ports/bucket.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import {
  parseCreateAnswer,
  parseSendAnswer,
  parseTailAnswer,
  parseWireError,
  type TailAnswer,
} from "../../shared/wire/http.ts";
import { builtPath, heldRevParam, storePath } from "../../shared/wire/http-routes.ts";
import { parseStoreId, type StoreId, storeIdRule } from "../../shared/wire/ids.ts";
import { parseHeadKey } from "../../shared/wire/keys.ts";
import { encodeUpdate, type Update } from "../../shared/wire/update.ts";
import { createWebPlatform } from "../platform.ts";
import { type FetchLike, findFetch } from "./fetch-like.ts";
import { parseAddress } from "./http-address.ts";
import { failureOf, isAbsent, isJson, jsonOf, notUnderstood } from "./http-answer.ts";
import { failure, strangeAnswer } from "./http-errors.ts";
import {
  errorBytesMax,
  retryAfterMsMax,
  retryAfterMsMin,
  sentBytesMax,
  tailBytesMax,
  timeoutMsDefault,
} from "./http-limits.ts";
import { followLive } from "./http-live.ts";
import { createRequester, type HttpAnswer, type PassKeeper, type Requester } from "./http-request.ts";
import { createPassKeeper } from "./read-pass.ts";
import type { Remote, RemoteStore, SendOutcome, TailInput } from "./remote.ts";

export interface HttpRemoteOptions {
  /** @default this engine's own, by createWebPlatform() */
  readonly platform?: Platform;
  /** Asked before each request, and again where the server refuses what it gave. @default requests carry no token */
  readonly token?: () => string | Promise<string>;
  /** @default the platform's own */
  readonly fetch?: FetchLike;
  /** Silence after which a request is given up. @default 30,000 */
  readonly timeoutMs?: number;
}

export interface HttpRemote extends Remote {
  /** Makes a store where the server lets this user; false when it was there already. */
  create(storeId: string): Promise<boolean>;
}

/**
 * The remote at a server's address, HTTPS or on this very machine.
 *
 * @throws StoreError "rejected" for an address that is none or not safe, "incompatible" where there is no fetch.
 * @example
 * const remote = httpRemote("https://notes.example.org", { token: () => session.accessToken });
 */
export function httpRemote(url: string, options: HttpRemoteOptions = {}): HttpRemote {
  const { platform = createWebPlatform(), token, timeoutMs = timeoutMsDefault } = options;
  const address = parseAddress(url);
  const fetch = options.fetch ?? findFetch();
  if (fetch === undefined) throw noFetch();
  const requester = createRequester({ address, fetch, token, platform, timeoutMs });
  return {
    name: address,
    open: (store) => openRemote(store, requester, platform),
    create: (storeId) => createStore(storeId, requester, platform),
  };
}

function openRemote(store: StoreId, requester: Requester, platform: Platform): RemoteStore {
  const readTail = createTail(store, requester, platform);
  const pass = createPassKeeper(store, requester, platform);
  return {
    get: (key, options) => get(store, requester, { key, pass, ...options }, platform),
    tail: readTail,
    send: (update) => send(store, requester, update, platform),
    clockOffsetMs: requester.clockOffsetMs,
    live: (wake, signal) => followLive({ store, requester, platform }, wake, signal),
  };
}

interface Wanted {
  readonly key: string;
  readonly pass: PassKeeper;
  readonly ifNoneMatch?: string;
  readonly bytesMax?: number;
}

async function get(
  store: StoreId,
  requester: Requester,
  wanted: Wanted,
  platform: Platform,
): Promise<GetAnswer> {
  const { key, pass, ifNoneMatch, bytesMax = Number.POSITIVE_INFINITY } = wanted;
  const isHead = parseHeadKey(key) === store;
  const path = isHead ? storePath(store, "head") : builtPath(store, key);
  // A head that names what is no object of this store is not believed.
  if (path === undefined) return { is: "absent", date: platform.now() };
  const headers = isHead ? headHeaders(ifNoneMatch) : {};
  const answer = await requester.send({ method: "GET", path, headers, bytesMax, uncached: isHead, pass });
  const { date, status, body } = answer;
  if (status === 304) return { is: "unchanged", date };
  if (status !== 200) {
    if (await isAbsent(answer, platform)) return { is: "absent", date };
    throw await failureOf(requester, answer, platform);
  }
  if (!isJson(answer)) throw strangeAnswer(requester.server, status);
  if (body.is === "tooLarge") return { ...body, date };
  if ((isHead || !body.proven) && !looksWhole(await jsonOf(answer, platform), isHead))
    throw strangeAnswer(requester.server, status);
  const lastModified = Date.parse(answer.header("last-modified") ?? "") || 0;
  return { is: "found", body: body.bytes, etag: answer.header("etag") ?? "", lastModified, date };
}

/**
 * Without an etag it is read past all caches: that is how a reader makes sure. A poll says that it need not be: else a browser, which is
 * told to keep its own cache out of this, says no-cache to all others as well.
 */
function headHeaders(ifNoneMatch: string | undefined): Readonly<Record<string, string>> {
  return ifNoneMatch
    ? { "if-none-match": ifNoneMatch, "cache-control": "max-age=0" }
    : { "cache-control": "no-cache" };
}

/** JSON to its end, and for a head of ours: what a program would else report as damage in the bucket. */
function looksWhole(json: unknown, isHead: boolean): boolean {
  if (!isHead) return json !== undefined;
  const format = (json as { readonly format?: unknown } | null | undefined)?.format;
  return typeof format === "string" && format.startsWith("icecore-");
}

async function send(
  store: StoreId,
  requester: Requester,
  update: Update,
  platform: Platform,
): Promise<SendOutcome> {
  const body = JSON.stringify(encodeUpdate(update));
  const path = storePath(store, "updates");
  const answer = await requester.send({ method: "POST", path, body, bytesMax: sentBytesMax });
  const json = await jsonOf(answer, platform);
  const sent = parseSendAnswer(json);
  const { status } = answer;
  if (sent.ok && isSaidBy(status, sent.value.is)) {
    if (sent.value.is === "rejected") return sent.value;
    if (sent.value.is === "later") return { ...sent.value, retryAfterMs: patience(sent.value.retryAfterMs) };
    const { timestamp, head, etag } = sent.value;
    return { is: "stored", timestamp, known: { head, etag } };
  }
  const error = parseWireError(json);
  // Of ours, it says that the body is too long, which no try changes; a proxy's limit may be raised.
  if (status === 413 && error.ok) return { is: "rejected", reason: error.value.what };
  if (status === 404 && error.ok && error.value.kind === "absent") throw new StoreError(noHead(store));
  const retryAfterMs = askedToWait(answer);
  if (retryAfterMs !== null)
    return { is: "later", reason: failure(requester.server, status, json).what, retryAfterMs };
  if (status === 200)
    throw sent.ok ? strangeAnswer(requester.server, status) : notUnderstood(requester, sent.reason);
  throw failure(requester.server, status, json);
}

/** The outcome and its status must agree: what a proxy made of an answer is no acknowledgement. */
function isSaidBy(status: number, is: SendOutcome["is"]): boolean {
  if (is === "stored") return status === 200;
  return (is === "rejected" ? [413, 422] : [429, 503]).includes(status);
}

/** A busy server, or a gateway before it, says when to come back: in seconds, or at a time by its own clock. */
function askedToWait({ status, header, date }: HttpAnswer): number | null {
  const told = status === 429 || status === 503 ? header("retry-after") : null;
  if (told === null) return null;
  const ms = /^\d+$/.test(told.trim()) ? 1_000 * Number(told) : Date.parse(told) - date;
  return Number.isNaN(ms) ? null : patience(Math.max(retryAfterMsMin, ms));
}

function patience(ms: number): number {
  return Math.min(retryAfterMsMax, Math.max(1, ms));
}

function createTail(store: StoreId, requester: Requester, platform: Platform) {
  let kept: { readonly etag: string; readonly answer: TailAnswer } | null = null;

  async function read(known: KnownHead): Promise<TailAnswer> {
    const path = `${storePath(store, "tail")}?${heldRevParam}=${known.head.rev}`;
    const headers = kept === null ? {} : { "if-none-match": kept.etag };
    const answer = await requester.send({
      method: "GET",
      path,
      headers,
      bytesMax: tailBytesMax,
      uncached: true,
    });
    if (answer.status === 304 && kept) return kept.answer;
    if (answer.status !== 200) {
      if (await isAbsent(answer, platform)) throw new StoreError(noHead(store));
      throw await failureOf(requester, answer, platform);
    }
    const tail = parseTailAnswer(await jsonOf(answer, platform));
    if (!tail.ok) throw notUnderstood(requester, tail.reason);
    const etag = answer.header("etag");
    kept = etag === null ? null : { etag, answer: tail.value };
    return tail.value;
  }

  return async ({ known, marks }: TailInput): Promise<TailOutcome> => {
    const { epoch, publishedThrough, updates } = await read(known);
    if (epoch !== known.head.epoch || publishedThrough !== known.head.publishedThrough)
      return { is: "moved" };
    // The server has dropped copies and asked for the seal.
    return { is: "tail", updates, seen: {}, marks, known };
  };
}

async function createStore(storeId: string, requester: Requester, platform: Platform): Promise<boolean> {
  const store = parseStoreId(storeId);
  if (store === undefined) throw noStoreId();
  const answer = await requester.send({ method: "PUT", path: storePath(store, ""), bytesMax: errorBytesMax });
  if (answer.status !== 200 && answer.status !== 201) throw await failureOf(requester, answer, platform);
  const made = parseCreateAnswer(await jsonOf(answer, platform));
  if (!made.ok) throw notUnderstood(requester, made.reason);
  return made.value.made;
}

function noFetch(): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: "This platform has no fetch",
    fix: "Give one: httpRemote(url, { fetch, platform }).",
  });
}

function noStoreId(): StoreError {
  return new StoreError({
    kind: "rejected",
    what: "This is no store id",
    fix: `Give another one: ${storeIdRule}.`,
  });
}
