/**
 * What went wrong with one S3 request, read out of whatever the SDK threw. Pure.
 *
 * Two questions decide everything else: did the request leave this machine, and with which status was it answered? Sent and without a
 * clear answer, a write may have happened. Codes are words of the service, of Node or of the SDK; texts of answers are never repeated,
 * as they may hold keys and tokens.
 */

export interface Fault {
  /** False: it never left this machine, say for want of credentials. */
  readonly sent: boolean;
  /** HTTP status; null: no answer came, or none that could be read. */
  readonly status: number | null;
  /** The service's or the operating system's code, e.g. "NoSuchKey" or "ECONNREFUSED"; "" when there is none. */
  readonly code: string;
  /** The service's clock, in milliseconds since 1970; null without an answer. */
  readonly date: number | null;
  /** Where the service says that the bucket really is. */
  readonly region: string | null;
  /** The service's own number of the request; "" when it gave none. */
  readonly requestId: string;
}

/** Holds what failed before the request was handed to the connection; `cause` is what the SDK threw. */
export class UnsentError extends Error {
  override readonly name = "UnsentError";

  constructor(cause: unknown) {
    super("the request was not sent", { cause });
  }
}

interface Thrown {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  /** Of an AggregateError: one for each address that was tried. */
  readonly errors?: unknown;
  readonly Region?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  readonly $response?: {
    readonly statusCode?: unknown;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
}

export function faultOf(error: unknown): Fault {
  if (error instanceof UnsentError) return unsentFault(asThrown(error.cause));
  const thrown = asThrown(error);
  const headers = thrown.$response?.headers ?? {};
  const status = thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode;
  return {
    sent: true,
    status: typeof status === "number" ? status : null,
    code: codeOf(thrown),
    date: dateOf(headers),
    region: wordIn(headers["x-amz-bucket-region"] ?? thrown.Region, /^[a-z0-9-]{1,40}$/),
    requestId: wordIn(thrown.$metadata?.requestId, /^[\w.:+/=-]{1,100}$/) ?? "",
  };
}

/** The service's clock in the headers of an answer; null when it does not say. */
export function dateOf(headers: Readonly<Record<string, unknown>>): number | null {
  const date = headers.date;
  const ms = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Whatever failed here was asked of somebody else (the sign-in service, a file): its status and date are not the bucket's. */
function unsentFault(thrown: Thrown): Fault {
  const fault = { sent: false, status: null, date: null, region: null, requestId: "" };
  const text = typeof thrown.message === "string" ? thrown.message : "";
  if (/^Region (?:is missing|not accepted)/.test(text)) return { ...fault, code: "NoRegion" };
  // The SDK hands on only the text of what failed on the way to the sign-in service.
  const inText = text.split(/[^\w]+/).find((word) => networkCodes.has(word));
  if (inText !== undefined) return { ...fault, code: inText };
  if (/aws sso login/i.test(text)) return { ...fault, code: "SsoSessionExpired" };
  const status = thrown.$metadata?.httpStatusCode;
  if (typeof status === "number" && isBusy(status)) return { ...fault, code: "ServiceUnavailable" };
  return { ...fault, code: codeOf(thrown) };
}

/** What the SDK says where it has no name; it says "NotFound" of any 404, an S3 service of its own in `Code`. */
const namesWithoutMeaning = ["Error", "Unknown", "NotFound"];

function codeOf(thrown: Thrown): string {
  const inner = [thrown.cause, ...(Array.isArray(thrown.errors) ? thrown.errors : [])].map(asThrown);
  const named = [thrown.code, ...inner.map(({ code }) => code), thrown.name].find(
    (one) => typeof one === "string" && !namesWithoutMeaning.includes(one),
  );
  const code = String(thrown.Code ?? named ?? "").replace(/[^\w.:-]/g, "");
  const text = typeof thrown.message === "string" ? thrown.message : "";
  if (/^(?:EPROTO|ERR_SSL_)/.test(code) && noHandshake.test(`${text} ${code.replaceAll("_", " ")}`))
    return "NoHandshake";
  if (text.startsWith("Checksum mismatch")) return "ChecksumMismatch";
  return code.slice(0, 60);
}

/** OpenSSL's words for a connection that was never encrypted, so that nothing was sent over it. */
const noHandshake =
  /wrong version number|unsupported protocol|handshake failure|unrecognized name|protocol version|packet length too long/i;

function asThrown(error: unknown): Thrown {
  return typeof error === "object" && error !== null ? error : {};
}

function wordIn(text: unknown, shape: RegExp): string | null {
  return typeof text === "string" && shape.test(text) ? text : null;
}

/** Failures of the network: the next try may well succeed. */
const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "TimeoutError",
]);

/** What only asks for another try, whatever the status. The SDK has set its clock by the answer when the time was too far off. */
const passingCodes = new Set([
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "SlowDown",
  "RequestLimitExceeded",
  "InternalError",
  "ServiceUnavailable",
  "ConditionalRequestConflict",
  "OperationAborted",
  // The body was spoilt or cut on its way there.
  "BadDigest",
  "IncompleteBody",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
]);

/** Node's words for a certificate that it does not trust: it ends the connection before it sends anything. */
const distrust = /CERT|LEAF_SIGNATURE|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH/;
/** Node's words for a request that cannot be written down. */
const unwritable = /^ERR_(?:INVALID_|HTTP_INVALID_|UNESCAPED_)/;
/** Mistakes of a program, not of a network. */
const mistakes = /^(?:Type|Range|Reference|Syntax|URI|Assertion)Error$/;

export function isDistrust(code: string): boolean {
  return distrust.test(code);
}

/** True where trying again may help. */
export function isPassing({ sent, status, code }: Fault): boolean {
  if (passingCodes.has(code) || /Throttl/.test(code)) return true;
  if (!sent) return networkCodes.has(code);
  if (status === null) return !neverSent(code) && !mistakes.test(code);
  // 2xx: an answer that broke off, or that nobody could read.
  return (status >= 200 && status < 300) || isBusy(status);
}

/** True where a write may have happened, or may happen later. */
export function mayHaveHappened(fault: Fault): boolean {
  return fault.sent && (fault.status === null ? !neverSent(fault.code) : isPassing(fault));
}

/** Handed to the connection, yet certainly not sent over it, and not the next time either. */
function neverSent(code: string): boolean {
  return code === "NoHandshake" || isDistrust(code) || unwritable.test(code);
}

function isBusy(status: number): boolean {
  return [408, 409, 425, 429].includes(status) || (status >= 500 && ![501, 507].includes(status));
}

/** True where the endpoint did not answer at all. */
export function isSilent({ status }: Fault): boolean {
  return status === null;
}

/** True where S3 says that there is no such object. A web server that is no S3 answers 404 too, but not in S3's words. */
export function isAbsent({ status, code }: Fault): boolean {
  return status === 404 && (code === "NoSuchKey" || code === "NotFound");
}

/** For an answer "unknown" and for errors: a status and a code, never a text. */
export function faultText({ sent, status, code }: Fault): string {
  const answer = !sent ? "not sent" : status === null ? "no answer" : `HTTP ${status}`;
  return code === "" ? answer : `${answer} ${code}`;
}
