/**
 * One request to the server and its whole answer: with a token, within time limits, and read no further than it may be long.
 *
 * Whatever happens on the way is a StoreError "unavailable": it may or may not have been done. The token goes into a header and nowhere
 * else; a cause that repeats it is left out.
 */
import { bucketNow, type ClockOffset, observeClock } from "../../shared/log/clock.ts";
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { readPassScheme } from "../../shared/wire/read-pass.ts";
import { type Ending, type Fetched, type FetchInit, type FetchLike, newEnding } from "./fetch-like.ts";
import { type HttpBody, readBody } from "./http-body.ts";
import { noAnswer, noToken } from "./http-errors.ts";
import { within } from "./within.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of a longer answer only the start is read. */
  readonly bytesMax: number;
  /** On top of the usual time limit: how long the server is asked to wait. */
  readonly waitMs?: number;
  /** Never out of the platform's own cache. */
  readonly uncached?: boolean;
  /** Ends the request early, where the platform can. */
  readonly signal?: AbortSignalLike;
  /** A read that a shared cache may answer: with a pass in place of the token, where one is asked for. */
  readonly pass?: PassKeeper;
}

export interface PassKeeper {
  /** Null: none was asked for yet. */
  current(): Promise<string | null>;
  /** Another one than what was refused; null where the server has none. */
  renew(used: string | null): Promise<string | null>;
}

export interface HttpAnswer {
  readonly status: number;
  header(name: string): string | null;
  readonly body: HttpBody;
  /** The server's clock, as well as it is known. */
  readonly date: number;
}

export interface Requester {
  /** For people and errors. */
  readonly server: string;
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** An answer whose body is still to come, and how to end it. */
  open(request: HttpRequest): Promise<{ readonly fetched: Fetched; readonly ending: Ending }>;
  clockOffsetMs(): number | null;
  /** Bodies come in pieces here; null: no answer yet to tell. */
  streams(): boolean | null;
}

export interface RequesterOptions {
  readonly address: string;
  readonly fetch: FetchLike;
  readonly token: (() => string | Promise<string>) | undefined;
  readonly platform: Platform;
  readonly timeoutMs: number;
}

export function createRequester(options: RequesterOptions): Requester {
  const { address, fetch, platform, timeoutMs } = options;
  let clock: ClockOffset = null;
  let streams: boolean | null = null;

  async function authorization(): Promise<string | null> {
    if (options.token === undefined) return null;
    const token = await Promise.resolve()
      .then(options.token)
      .catch(() => undefined);
    if (token === undefined) throw noToken("The app's token function failed");
    if (!isToken(token)) throw noToken("The app's token is no token");
    return token;
  }

  async function fetchOnce(request: HttpRequest, token: string | null) {
    const ending = newEnding(request.signal);
    const sentAt = platform.now();
    const asked = fetch(address + request.path, initOf(request, token, ending));
    const fetched = await within(asked, timeoutMs + (request.waitMs ?? 0), platform).catch((error) => {
      ending.end();
      throw noAnswer(address, `did not answer (${reasonOf(error)})`, withoutToken(error, token));
    });
    // Without a body there is nothing to tell by.
    if (fetched.body !== null) streams = typeof fetched.body?.getReader === "function";
    observe(fetched, sentAt);
    return { fetched, ending };
  }

  /** A token, or pass, that ended a moment ago is asked for anew, once. */
  async function open(request: HttpRequest) {
    const { pass } = request;
    const token = (await pass?.current()) ?? (await authorization());
    const first = await fetchOnce(request, token);
    const { status, headers } = first.fetched;
    const wantsPass = pass !== undefined && asksForPass({ status, header: (name) => headers.get(name) });
    if (status !== 401 || (token === null && !wantsPass)) return first;
    const next = await (wantsPass ? pass.renew(token) : authorization());
    if (next === null || next === token) return first;
    first.ending.end();
    return fetchOnce(request, next);
  }

  /** An answer out of a cache has the clock of when it was made. */
  function observe({ headers }: Fetched, sentAt: number): void {
    const date = Date.parse(headers.get("date") ?? "");
    const isOld = Number(headers.get("age") ?? 0) > 0;
    if (Number.isNaN(date) || isOld) return;
    clock = observeClock(clock, { date, sentAt, receivedAt: platform.now() });
  }

  return {
    server: address,
    open,
    async send(request) {
      const { fetched, ending } = await open(request);
      const limits = { bytesMax: request.bytesMax, silenceMs: timeoutMs, platform };
      const body = await readBody(fetched, limits).catch((error) => {
        ending.end();
        throw noAnswer(address, `broke off its answer (${reasonOf(error)})`, error);
      });
      if (body.is === "tooLarge") ending.end();
      else ending.release();
      const date = bucketNow(clock, platform.now());
      return { status: fetched.status, header: (name) => fetched.headers.get(name), body, date };
    },
    clockOffsetMs: () => (clock === null ? null : bucketNow(clock, 0)),
    streams: () => streams,
  };
}

/** What goes into a header whole. */
export function isToken(text: unknown): text is string {
  return typeof text === "string" && /^[\x21-\x7e]+$/.test(text);
}

/** The cache before the bucket does: it cannot check a user's token. */
export function asksForPass({ status, header }: Pick<HttpAnswer, "status" | "header">): boolean {
  return status === 401 && header("www-authenticate") === readPassScheme;
}

function initOf(request: HttpRequest, token: string | null, ending: Ending): FetchInit {
  const { method, headers = {}, body, uncached = false } = request;
  return {
    method,
    headers: {
      accept: "application/json",
      ...headers,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body }),
    ...(ending.signal === undefined ? {} : { signal: ending.signal }),
    ...(uncached ? { cache: "no-store" as const } : {}),
    // Neither a token nor an update goes where nobody said that it should.
    redirect: "error",
    credentials: "omit",
  };
}

/** A code such as ECONNREFUSED, or a class; never a text, which may repeat a header. */
function reasonOf(error: unknown): string {
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown }; name?: unknown };
  const found = [cause?.code, code, name].find((one) => typeof one === "string" && /^\w{3,60}$/.test(one));
  return String(found ?? "it failed");
}

function withoutToken(error: unknown, token: string | null): unknown {
  for (let at = error; token !== null && at instanceof Error; at = at.cause)
    if (`${at.message}${at.stack ?? ""}`.includes(token)) return undefined;
  return error;
}
