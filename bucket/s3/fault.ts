/** Reads the fault of one S3 request out of whatever the SDK threw. Pure. */
import {
  asThrown,
  codeOf,
  type Fault,
  FaultError,
  isBusy,
  isNetworkCode,
  noFault,
  regionIn,
  requestIdIn,
  type Thrown,
} from "../s3-common/fault.ts";

/** Holds what failed before the request was handed to the connection; `cause` is what the SDK threw. */
export class UnsentError extends Error {
  override readonly name = "UnsentError";

  constructor(cause: unknown) {
    super("the request was not sent", { cause });
  }
}

interface SdkThrown extends Thrown {
  readonly Code?: unknown;
  readonly Region?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  readonly $response?: {
    readonly statusCode?: unknown;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
}

export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  if (error instanceof UnsentError) return unsentFault(asThrown<SdkThrown>(error.cause));
  const thrown = asThrown<SdkThrown>(error);
  const headers = thrown.$response?.headers ?? {};
  const status = thrown.$metadata?.httpStatusCode ?? thrown.$response?.statusCode;
  return {
    sent: true,
    status: typeof status === "number" ? status : null,
    code: wordOf(thrown),
    date: dateOf(headers),
    region: regionIn(headers["x-amz-bucket-region"] ?? thrown.Region),
    requestId: requestIdIn(thrown.$metadata?.requestId),
  };
}

/** The service's clock in the headers of an answer; null when it does not say. */
export function dateOf(headers: Readonly<Record<string, unknown>>): number | null {
  const date = headers.date;
  const ms = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Whatever failed here was asked of somebody else (the sign-in service, a file): its status and date are not the bucket's. */
function unsentFault(thrown: Partial<SdkThrown>): Fault {
  const fault = { ...noFault, sent: false };
  const text = typeof thrown.message === "string" ? thrown.message : "";
  if (/^Region (?:is missing|not accepted)/.test(text)) return { ...fault, code: "NoRegion" };
  // The SDK hands on only the text of what failed on the way to the sign-in service.
  const inText = text.split(/[^\w]+/).find(isNetworkCode);
  if (inText !== undefined) return { ...fault, code: inText };
  if (/aws sso login/i.test(text)) return { ...fault, code: "SsoSessionExpired" };
  const status = thrown.$metadata?.httpStatusCode;
  if (typeof status === "number" && isBusy(status)) return { ...fault, code: "ServiceUnavailable" };
  return { ...fault, code: wordOf(thrown) };
}

/** The SDK gives the service's own word in `Code`. */
function wordOf(thrown: Partial<SdkThrown>): string {
  const { message } = thrown;
  if (typeof message === "string" && message.startsWith("Checksum mismatch")) return "ChecksumMismatch";
  return codeOf(thrown, thrown.Code);
}
