/**
 * What went wrong with one S3 request, read out of whatever the SDK threw. Pure.
 *
 * The one question that decides everything else is whether the service answered, and with which status: without an answer a write may
 * have happened. Codes are the service's own words; texts of answers are never repeated, as they may hold keys and tokens.
 */

export interface Fault {
  /** HTTP status; null: no answer came, or none that could be read. */
  readonly status: number | null;
  /** The service's or the operating system's code, e.g. "NoSuchKey" or "ECONNREFUSED"; "" when there is none. */
  readonly code: string;
  /** The service's clock, in milliseconds since 1970; null without an answer. */
  readonly date: number | null;
  /** Where the service says that the bucket really is. */
  readonly region: string | null;
}

interface Thrown {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly $response?: {
    readonly statusCode?: unknown;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
}

export function faultOf(error: unknown): Fault {
  const thrown = (typeof error === "object" && error !== null ? error : {}) as Thrown;
  const headers = thrown.$response?.headers ?? {};
  const status = thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode;
  const region = headers["x-amz-bucket-region"];
  return {
    status: typeof status === "number" ? status : null,
    code: codeOf(thrown),
    date: dateOf(headers),
    region: typeof region === "string" && /^[a-z0-9-]{1,40}$/.test(region) ? region : null,
  };
}

/** The service's clock in the headers of an answer; null when it does not say. */
export function dateOf(headers: Readonly<Record<string, unknown>>): number | null {
  const date = headers.date;
  const ms = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function codeOf(thrown: Thrown): string {
  const cause = typeof thrown.cause === "object" && thrown.cause !== null ? (thrown.cause as Thrown) : {};
  const named = [thrown.Code, thrown.code, cause.code, thrown.name].find(
    (one) => typeof one === "string" && one !== "Error" && one !== "Unknown",
  );
  // The SDK has no name for it.
  if (named === undefined) return thrown.message === "Region is missing" ? "NoRegion" : "";
  return String(named).slice(0, 60);
}

/** Failures of the network: no answer, and the next try may well succeed. */
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
  "AbortError",
  "UND_ERR_SOCKET",
]);

/** What only asks for another try, whatever the status. The SDK has set its clock by the answer when the time was too far off. */
const passingCodes = new Set([
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "RequestLimitExceeded",
  "InternalError",
  "ServiceUnavailable",
  "ConditionalRequestConflict",
  "OperationAborted",
]);

/** True where trying again may help: for a write it means that the outcome is unknown. */
export function isPassing({ status, code }: Fault): boolean {
  if (passingCodes.has(code)) return true;
  if (status === null) return networkCodes.has(code);
  // 200: an answer that broke off, or that nobody could read.
  return [200, 206, 408, 409, 425, 429].includes(status) || (status >= 500 && status !== 501);
}

/** True where the endpoint did not answer at all. */
export function isSilent(fault: Fault): boolean {
  return fault.status === null && networkCodes.has(fault.code);
}

/** For an answer "unknown": a status and a code, never a text. */
export function faultText({ status, code }: Fault): string {
  const words = [status === null ? "no answer" : `HTTP ${status}`, code].filter((word) => word !== "");
  return words.join(" ");
}
