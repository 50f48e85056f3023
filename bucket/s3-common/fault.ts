/**
 * What went wrong with one S3 request, whoever sent it. Pure.
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

export const noFault: Fault = { sent: true, status: null, code: "", date: null, region: null, requestId: "" };

/** A fault that is known as one already. */
export class FaultError extends Error {
  override readonly name = "FaultError";
  readonly fault: Fault;

  constructor(fault: Partial<Fault>, cause?: unknown) {
    const whole = { ...noFault, ...fault };
    super(faultText(whole), cause === undefined ? undefined : { cause });
    this.fault = whole;
  }
}

/** For an answer that is no S3 service's, whatever its status. */
export function notS3(): FaultError {
  return new FaultError({ status: 404 });
}

/** S3 by its words, but not by what it lists. */
export function badList(): FaultError {
  return new FaultError({ status: 400, code: "BadList" });
}

/** What any of them may throw, as far as it tells something. */
export interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  /** Of an AggregateError: one for each address that was tried. */
  readonly errors?: unknown;
}

export function asThrown<T extends Thrown>(error: unknown): Partial<T> {
  return typeof error === "object" && error !== null ? error : {};
}

/** What is said where there is no name; the SDK says "NotFound" of any 404. */
const namesWithoutMeaning = ["Error", "Unknown", "NotFound"];

/** The code of a failure of the network, or the name of what was thrown. `told` is the service's own code. */
export function codeOf(thrown: Thrown, told?: unknown): string {
  const inner = [thrown.cause, ...(Array.isArray(thrown.errors) ? thrown.errors : [])].map(asThrown);
  const named = [thrown.code, ...inner.map(({ code }) => code), thrown.name].find(
    (one) => typeof one === "string" && !namesWithoutMeaning.includes(one),
  );
  const code = cleanCode(told ?? named);
  const texts = [thrown, ...inner].map(({ message }) => (typeof message === "string" ? message : ""));
  const isTls = /^(?:EPROTO|ERR_SSL_)/.test(code);
  if (isTls && noHandshake.test([...texts, code.replaceAll("_", " ")].join(" "))) return "NoHandshake";
  return code;
}

/** Letters, digits and a few signs of a code, and few of them: it goes into errors and logs. */
export function cleanCode(told: unknown): string {
  return String(told ?? "")
    .replace(/[^\w.:-]/g, "")
    .slice(0, 60);
}

/** OpenSSL's words for a connection that was never encrypted, so that nothing was sent over it. */
const noHandshake =
  /wrong version number|unsupported protocol|handshake failure|unrecognized name|protocol version|packet length too long/i;

export function regionIn(text: unknown): string | null {
  return wordIn(text, /^[a-z0-9-]{1,40}$/);
}

export function requestIdIn(text: unknown): string {
  return wordIn(text, /^[\w.:+/=-]{1,100}$/) ?? "";
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

export function isNetworkCode(code: string): boolean {
  return networkCodes.has(code);
}

/** What only asks for another try, whatever the status. The signing clock has been set by the answer when the time was too far off. */
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

export function isBusy(status: number): boolean {
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
