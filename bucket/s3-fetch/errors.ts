/** Errors of the S3 bucket over fetch: what only a browser meets, what CORS needs, and what to do about credentials that the app gives. */
import { StoreError } from "../../shared/errors.ts";
import { type Advice, signInBusy } from "../s3-common/advice.ts";
import { createErrors, type Place } from "../s3-common/errors.ts";
import { type Fault, isPassing } from "../s3-common/fault.ts";

const credentialsFix =
  "Let the app's credentials function give what this service gave: accessKeyId, secretAccessKey and, of a session, sessionToken.";
export const regionFix = "Give the bucket's region in its address (region=NAME).";
const exposed = "expose the headers ETag, Date, Last-Modified and Content-Encoding";

const byCode: Readonly<Record<string, Advice>> = {
  FetchFailed: [
    "unavailable",
    "nothing answered, or this page may not see the answer",
    `Check the network. Where it never works in a browser, the bucket's CORS rules must allow the page's origin, the methods GET, HEAD, PUT and DELETE and all headers, and ${exposed}.`,
  ],
  HiddenEtag: [
    "incompatible",
    "its answers hide their ETag from this page",
    `Let the bucket's CORS rules ${exposed}.`,
  ],
  Redirect: [
    "rejected",
    "it sends to another place, most likely the bucket's own region",
    `${regionFix} With an endpoint, check that too.`,
  ],
};

const unsentByCode: Readonly<Record<string, Advice>> = {
  FetchFailed: signInBusy,
  NoCredentials: ["unauthorized", "the app's function gave no credentials", credentialsFix],
  CannotSign: [
    "incompatible",
    "this engine cannot sign requests",
    "It needs crypto.subtle, which browsers have on pages that came over https or from this machine.",
  ],
};
const noCredentials: Advice = [
  "unauthorized",
  "the app's credentials function failed",
  "Sign in again; what is unsent is kept.",
];

const errorOf = createErrors({ credentialsFix, regionFix, byCode, unsent: unsentAdvice });

/** What to throw for a fault; what the app threw as a StoreError is its own word. */
export function fetchError(fault: Fault, place: Place, error: unknown): StoreError {
  return error instanceof StoreError ? error : errorOf(fault, place, error);
}

function unsentAdvice(fault: Fault): Advice {
  if (isPassing(fault)) return signInBusy;
  return Object.hasOwn(unsentByCode, fault.code)
    ? (unsentByCode[fault.code] ?? noCredentials)
    : noCredentials;
}
