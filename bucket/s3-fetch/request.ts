/**
 * One request of S3 over fetch: signed, sent once, and its answer or its fault.
 *
 * Nothing here is ever sent a second time, save by `sendRead` after the app renewed credentials that were refused. A browser may send a
 * request again by itself when a connection that it had kept broke before an answer; a page cannot forbid that. The protocol allows
 * for it, as for any proxy: a 412 is never read as one's own success. Redirects are not followed, cookies of other sites are not sent.
 * Bodies are not part of the signature: https, which is asked for everywhere but on this machine, keeps them whole.
 */
import { AwsV4Signer } from "aws4fetch";
import { s3AnswerMs, s3ErrorBytesMax, s3SilenceMs, s3UploadBytesPerMs } from "../limits.ts";
import { type Body, readPieces } from "../s3-common/body.ts";
import { FaultError } from "../s3-common/fault.ts";
import { urlOf } from "./address.ts";
import type { Span } from "./clock.ts";
import type { S3Credentials } from "./credentials.ts";
import { answerFault, connectionFault, RenewedError, refusesCredentials, serverTimeIn } from "./fault.ts";
import { type Fetched, type FetchInit, pastCaches, within } from "./fetch-like.ts";
import type { Parts } from "./parts.ts";

export interface S3Request {
  readonly method: FetchInit["method"];
  /** Without the location's prefix; absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses that are an answer here, beside 200 and 204. */
  readonly allowed?: number;
}

export interface S3Answer extends Span {
  readonly status: number;
  readonly date: number;
  /** False: the service's clock does not show in this answer. */
  readonly dated: boolean;
  header(name: string): string | null;
  body(bytesMax: number): Promise<Body>;
  /** Ends it where its body is not wanted. */
  end(): void;
}

/** Throws FaultError for everything but an answer that was asked for; RenewedError where other credentials may help. */
export async function send(parts: Parts, request: S3Request): Promise<S3Answer> {
  const used = await parts.credentials.current();
  const headers = await sign(parts, request, used);
  const answer = await exchange(parts, request, headers);
  if ([200, 204, request.allowed].includes(answer.status)) return answer;
  const error = await refusalOf(parts, request, answer);
  const mayHelp = refusesCredentials(error.fault) && (await parts.credentials.renew(used));
  throw mayHelp ? new RenewedError(error.fault) : error;
}

/** For what changes nothing: once more where the credentials were renewed. */
export async function sendRead(parts: Parts, request: S3Request): Promise<S3Answer> {
  try {
    return await send(parts, request);
  } catch (error) {
    if (error instanceof RenewedError) return send(parts, request);
    throw error;
  }
}

function addressOf({ root, location }: Parts, { key, query = {} }: S3Request): string {
  return urlOf(root, key === undefined ? undefined : location.prefix + key, query);
}

async function sign(
  parts: Parts,
  request: S3Request,
  { accessKeyId, secretAccessKey, sessionToken }: S3Credentials,
): Promise<Record<string, string>> {
  const { method, headers = {} } = request;
  try {
    const signer = new AwsV4Signer({
      method,
      url: addressOf(parts, request),
      headers: { ...headers },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: "s3",
      region: parts.region,
      datetime: new Date(parts.clock.now()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    });
    return Object.fromEntries((await signer.sign()).headers);
  } catch (error) {
    throw new FaultError({ sent: false, code: "CannotSign" }, error);
  }
}

async function exchange(
  parts: Parts,
  request: S3Request,
  headers: Record<string, string>,
): Promise<S3Answer> {
  const { platform, clock, fetch } = parts;
  const { method, body } = request;
  const ending = new AbortController();
  const sentAt = platform.now();
  // The answer comes after the body went out, and a large one takes its time.
  const limitMs = s3AnswerMs + Math.ceil((body?.length ?? 0) / s3UploadBytesPerMs);
  const asked = Promise.resolve().then(() =>
    fetch(addressOf(parts, request), {
      method,
      headers,
      signal: ending.signal,
      redirect: "manual",
      // No bucket is handed bytes that other threads share, which fetch would refuse.
      ...(body === undefined ? pastCaches() : { body: body as Uint8Array<ArrayBuffer> }),
    }),
  );
  const fetched = await within(asked, limitMs, platform).catch((error) => {
    ending.abort();
    throw connectionFault(error);
  });
  const span = { sentAt, receivedAt: platform.now() };
  const header = (name: string) => fetched.headers.get(name);
  const told = timeIn(header("date"));
  if (told !== null) clock.observe(told, span);
  const modified = timeIn(header("last-modified"));
  if (modified !== null) clock.observeModified(modified, span);
  return {
    // A browser shows nothing of a redirect that it does not follow.
    status: fetched.type === "opaqueredirect" ? 302 : fetched.status,
    date: clock.date(told),
    dated: told !== null,
    ...span,
    header,
    body: (bytesMax) =>
      readPieces(piecesOf(fetched, ending, platform), { announced: announcedBytes(fetched), bytesMax }),
    end: () => ending.abort(),
  };
}

/** The time in a header; null for none. */
export function timeIn(text: string | null): number | null {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? null : ms;
}

/**
 * The length of a body as it comes. One that is unpacked on the way has another: then nothing is announced. Where CORS hides that it was
 * packed, more bytes come than were announced, which is no reason to complain.
 */
function announcedBytes({ headers }: Fetched): number | undefined {
  const length = headers.get("content-length");
  const encoding = headers.get("content-encoding") ?? "";
  const isPlain = ["", "identity"].includes(encoding.trim().toLowerCase());
  return isPlain && length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Ends the request where nobody takes its pieces to their end. */
async function* piecesOf(
  fetched: Fetched,
  ending: AbortController,
  platform: Parts["platform"],
): AsyncGenerator<Uint8Array> {
  if (fetched.body === null) return;
  const reader = fetched.body?.getReader();
  let whole = false;
  try {
    while (!whole) {
      const next = reader?.read() ?? allAtOnce(fetched);
      const { done, value } = await within(next, s3SilenceMs, platform).catch((error) => {
        throw connectionFault(error);
      });
      whole = done;
      if (value !== undefined) yield value;
    }
  } finally {
    if (!whole) {
      void reader?.cancel().catch(() => undefined);
      ending.abort();
    }
  }
}

/** Where an engine gives no pieces. */
async function allAtOnce(fetched: Fetched): Promise<{ readonly done: boolean; readonly value: Uint8Array }> {
  return { done: true, value: new Uint8Array(await fetched.arrayBuffer()) };
}

async function refusalOf(parts: Parts, { method }: S3Request, answer: S3Answer): Promise<FaultError> {
  const { clock, platform, tries } = parts;
  tries.answered();
  const { status, header, dated } = answer;
  if (status === 302 && header("location") === null)
    return new FaultError({ status, code: "Redirect", date: answer.date });
  const text = method === "HEAD" ? "" : await textOf(answer, platform);
  const error = answerFault({ status, text, date: answer.date, header });
  if (error.fault.code !== "RequestTimeTooSkewed" || dated) return error;
  const time = serverTimeIn(text);
  clock.forget();
  if (time === null) return error;
  clock.observe(Math.floor(time / 1_000) * 1_000, answer);
  return answerFault({ status, text, date: clock.date(null), header });
}

/** "" for what breaks off or is no text: the status says enough. */
async function textOf(answer: S3Answer, platform: Parts["platform"]): Promise<string> {
  try {
    const body = await answer.body(s3ErrorBytesMax);
    return body.is === "whole" ? platform.decodeText(body.bytes) : "";
  } catch {
    return "";
  }
}
