/**
 * Answers of the API: JSON, packed where it is long and the client takes it, and refusals as data with their status.
 *
 * A refusal tells what a StoreError tells and nothing else: no stack, no cause, nothing of what was stored.
 */
import type { Host } from "../shared/drive/run.ts";
import { StoreError, type StoreErrorKind } from "../shared/errors.ts";
import type { Json } from "../shared/json.ts";
import { encodeWireError, type WireError } from "../shared/wire/http.ts";

/** A body in both forms: plain, and gzip where that saves something. */
export interface Packed {
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array | null;
}

export async function pack(body: Json, { platform, settings }: Host): Promise<Packed> {
  const plain = platform.encodeText(JSON.stringify(body));
  return { plain, gzip: plain.length > settings.gzipBytesMin ? await platform.gzip(plain) : null };
}

export interface AnswerOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A packed body as this request takes it. */
export function packedAnswer(
  request: Request,
  { plain, gzip }: Packed,
  options: AnswerOptions = {},
): Response {
  const packed = gzip !== null && takesGzip(request);
  const headers: Record<string, string> = { ...jsonHeaders, vary, ...options.headers };
  if (packed) headers["content-encoding"] = "gzip";
  return answerBytes(packed ? gzip : plain, options.status ?? 200, headers);
}

/** A short body. */
export function jsonAnswer(body: Json, { status = 200, headers = {} }: AnswerOptions = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...jsonHeaders, ...noStore, ...headers } });
}

export function answerBytes(
  bytes: Uint8Array,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  // A view of it: fetch's own types want to know that no other thread shares the memory.
  return new Response(bytes as Uint8Array<ArrayBuffer>, { status, headers: { ...headers } });
}

/** A cache that is shared must give nobody what another one's token got. */
const vary = "accept-encoding, authorization";
export const noStore = { "cache-control": "no-store" };
export const jsonHeaders = { "content-type": "application/json", "x-content-type-options": "nosniff" };

/** No cache that is shared keeps it; the asker's own may, as long as before. */
export function keptByAskerAlone(answer: Response): Response {
  const kept = answer.headers.get("cache-control") ?? "";
  if (!kept.includes("no-store"))
    answer.headers.set("cache-control", `private, ${kept.replace(/,\s*s-maxage=\d+/, "")}`);
  return answer;
}

/** RFC 9110's list with weights, as far as it concerns gzip. */
export function takesGzip(request: Request): boolean {
  const accepted = (request.headers.get("accept-encoding") ?? "").toLowerCase().split(",");
  return accepted.some((one) => /^\s*(?:gzip|x-gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/.test(one));
}

/** A refusal with its status, as one thing to throw. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly error: WireError;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, error: WireError, headers: Readonly<Record<string, string>> = {}) {
    super(`${error.what}. ${error.fix}`);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

export function absent(what: string, fix: string): Refusal {
  return new Refusal(404, { kind: "absent", what, fix });
}

const statuses: Readonly<Record<StoreErrorKind, number>> = {
  unavailable: 503,
  conflict: 503,
  closed: 503,
  rejected: 422,
  limit: 413,
  unauthorized: 403,
  // Of the store, not of the request: nothing that the client sends would change it.
  incompatible: 500,
  corrupt: 500,
};

/**
 * What was thrown, as a refusal. Troubles of a store are told; those of what the server itself needs (its bucket, its
 * credentials, its keys) are the operator's and stand in the log alone.
 */
export function toRefusal(error: unknown, retryAfterMs: number): Refusal {
  if (error instanceof Refusal) return error;
  if (!(error instanceof StoreError))
    return new Refusal(500, {
      kind: "unavailable",
      what: "The server failed",
      fix: "Try again later; its log has the reason.",
    });
  const { kind, what, fix, store } = error;
  if (store === undefined)
    return new Refusal(503, {
      kind: "unavailable",
      what: "The server cannot reach what it needs at the moment",
      fix: "Try again later; its log has the reason.",
      retryAfterMs,
    });
  const status = statuses[kind];
  return new Refusal(status, { kind, what, fix, ...(status === 503 ? { retryAfterMs } : {}) });
}

export function refusalAnswer({ status, error, headers }: Refusal): Response {
  const wait = error.retryAfterMs === undefined ? {} : retryAfter(error.retryAfterMs);
  return jsonAnswer(encodeWireError(error), { status, headers: { ...wait, ...headers } });
}

/** Whole seconds, as the header wants them. */
export function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { "retry-after": String(Math.max(1, Math.ceil(ms / 1_000))) };
}
