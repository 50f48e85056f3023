/** Turns a fault of S3 into a StoreError: what could not be done, to what, where, why (advice.ts), and what to do next. */
import { StoreError } from "../../shared/errors.ts";
import { createAdvice, type Words } from "./advice.ts";
import { type Fault, faultText } from "./fault.ts";
import type { S3Location } from "./location.ts";

export interface Place {
  readonly location: S3Location;
  /** What was being done, say "read". */
  readonly doing: string;
  readonly key?: string;
}

/** Gives what makes the error to throw for a fault that stopped something; `error` is what was thrown. */
export function createErrors(words: Words): (fault: Fault, place: Place, error: unknown) => StoreError {
  const adviceFor = createAdvice(words);

  return (fault, { location, doing, key }, error) => {
    const [kind, reason, fix] = adviceFor(fault);
    const what = `Could not ${doing}${key === undefined ? "" : ` ${key}`} in ${location.name}: ${reason} (${faultText(fault)})`;
    const place =
      fault.region !== null && fix === words.regionFix ? ` The service says: ${fault.region}.` : "";
    return new StoreError(
      { kind, what, fix: `${fix}${place}`, ...(key === undefined ? {} : { key }) },
      causeOf(fault, error),
    );
  };
}

/**
 * Only what is known to be harmless of what was thrown: the SDK's errors repeat the answer, which may hold a session token (ExpiredToken),
 * the signed request (SignatureDoesNotMatch) or a body, and what a credential process printed. Whoever logs an error logs its cause too.
 */
function causeOf(fault: Fault, error: unknown): Error {
  const { sent, status, code, requestId } = fault;
  const fields = { code, status };
  // Nobody answered: these are the words of Node or the browser, with the address that was tried.
  if (sent && status === null && error instanceof Error) {
    const { message, stack } = error;
    return Object.assign(new Error(message), { ...fields, ...(stack === undefined ? {} : { stack }) });
  }
  const id = requestId === "" ? "" : `, request ${requestId}`;
  return Object.assign(new Error(`${faultText(fault)}${id}`), fields);
}
