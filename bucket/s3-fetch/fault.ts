/** Reads the fault of one S3 request: out of what fetch threw, or out of an answer that is no success. */
import { CutBodyError } from "../s3-common/body.ts";
import {
  asThrown,
  cleanCode,
  codeOf,
  type Fault,
  FaultError,
  noFault,
  regionIn,
  requestIdIn,
} from "../s3-common/fault.ts";
import { parseXml, textIn } from "./xml.ts";

/** The credentials were refused, and there are others now: the request did nothing and may be sent anew. */
export class RenewedError extends FaultError {}

export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault;
  if (error instanceof CutBodyError) return { ...noFault, code: error.code };
  return { ...noFault, sent: false, code: codeOf(asThrown(error)) };
}

/** Of a request that was handed to fetch: a browser names no reason, whatever it is. */
export function connectionFault(error: unknown): FaultError {
  return error instanceof FaultError ? error : new FaultError({ code: connectionCode(error) }, error);
}

/** Node tells a code, a browser nothing: no network, no such host and no leave by CORS are all one. */
export function connectionCode(error: unknown): string {
  const { code } = faultOf(error);
  return /^(?:(?:Type|Network|Abort)Error|)$/.test(code) ? "FetchFailed" : code;
}

export interface Refused {
  readonly status: number;
  readonly text: string;
  readonly date: number;
  header(name: string): string | null;
}

/** Of an answer in S3's words, or in a web server's. */
export function answerFault({ status, text, date, header }: Refused): FaultError {
  const root = parseXml(text);
  const error = root?.name === "Error" ? root : null;
  return new FaultError({
    status,
    code: cleanCode(textIn(error, "Code")),
    date,
    region: regionIn(header("x-amz-bucket-region") ?? textIn(error, "Region")),
    requestId: requestIdIn(header("x-amz-request-id") ?? textIn(error, "RequestId")),
  });
}

/** The service's clock, where it says so in the body of a refusal. */
export function serverTimeIn(text: string): number | null {
  const ms = Date.parse(textIn(parseXml(text), "ServerTime") ?? "");
  return Number.isNaN(ms) ? null : ms;
}

const refusals = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "TokenRefreshRequired",
  "InvalidToken",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
]);

/** True where other credentials may help. What they may not do (AccessDenied) other ones of the same app may not do either. */
export function refusesCredentials({ status, code }: Fault): boolean {
  return refusals.has(code) || status === 401;
}
