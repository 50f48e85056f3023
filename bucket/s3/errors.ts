/** Turns a fault of S3 into a StoreError in plain words. Owns the table from code to kind, reason and fix. */
import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import { type Fault, faultText, isDistrust, isPassing } from "./fault.ts";
import type { S3Location } from "./location.ts";

type Advice = readonly [kind: StoreErrorKind, reason: string, fix: string];

const credentialsFix =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE, to what this service gave you.";
const signInFix = "Nothing is lost: sign in again or renew the credentials, then go on.";
const secretWrong: Advice = ["unauthorized", "the secret key is wrong", credentialsFix];
const expired: Advice = ["unauthorized", "the credentials have expired", signInFix];
const regionFix = "Give the bucket's region in its address (region=NAME) or in AWS_REGION.";
const noCredentials: Advice = ["unauthorized", "the credentials could not be had", credentialsFix];
const full: Advice = ["limit", "the service is full", "Free some space, then try again."];
const tooLarge: Advice = ["limit", "the object is too large for this service", "Store something smaller."];
const notS3: Advice = [
  "incompatible",
  "what answers there does not speak S3",
  "Check the endpoint in the bucket's address: it must be that of the S3 interface, not of a web console or a proxy.",
];

const accessDenied: Advice = [
  "unauthorized",
  "these credentials may not do that there",
  "Allow s3:ListBucket on the bucket (without it a missing object looks like a forbidden one), and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects.",
];
const elsewhere: Advice = ["rejected", "the bucket is in another region", regionFix];
const noConditions: Advice = [
  "incompatible",
  "this service has no conditional writes, or not those that a store needs",
  "Use a service that has them, such as Amazon S3, Cloudflare R2, MinIO or Ceph.",
];

const byCode: Readonly<Record<string, Advice>> = {
  NoSuchBucket: ["rejected", "there is no such bucket", "Check its name and region, or make it first."],
  InvalidBucketName: ["rejected", "this is no bucket's name", "Check the bucket's address."],
  AccessDenied: accessDenied,
  AllAccessDisabled: ["unauthorized", "all access to it is disabled", "Ask the bucket's owner."],
  AccountProblem: ["unauthorized", "the account is blocked", "Ask the service."],
  InvalidAccessKeyId: ["unauthorized", "the access key is not known there", credentialsFix],
  SignatureDoesNotMatch: secretWrong,
  InvalidSecurity: secretWrong,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: ["unauthorized", "the session token is not valid", signInFix],
  PermanentRedirect: elsewhere,
  TemporaryRedirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  NotImplemented: noConditions,
  BadList: [
    "incompatible",
    "it does not list as S3 does: below the prefix, in order, after the given key",
    "Use a service that does; directory buckets and some old services do not.",
  ],
  EntityTooLarge: tooLarge,
  KeyTooLongError: ["rejected", "the key is too long for this service", "Use a shorter prefix."],
  QuotaExceeded: ["limit", "the quota is used up", "Raise it or free some space, then try again."],
  InsufficientCapacity: full,
  XMinioStorageFull: full,
  InvalidObjectState: [
    "unavailable",
    "the object was moved to an archive",
    "Restore it, and take the lifecycle rule away that moved it.",
  ],
  RequestTimeTooSkewed: [
    "unavailable",
    "this machine's clock is too far from the service's",
    "Set this machine's clock (NTP), then try again.",
  ],
  ECONNREFUSED: [
    "unavailable",
    "nothing listens at that address",
    "Check the endpoint, and that the service runs; then try again.",
  ],
  ENOTFOUND: [
    "unavailable",
    "no machine has that name",
    "Check the endpoint, the bucket's name and this machine's network.",
  ],
  NoHandshake: [
    "unavailable",
    "no encrypted connection came about",
    "Check whether the endpoint speaks https.",
  ],
  ERR_INVALID_CHAR: [
    "unauthorized",
    "a header cannot be sent as it is, most likely because a credential ends in a line break",
    credentialsFix,
  ],
  ChecksumMismatch: [
    "unavailable",
    "what came is not what its checksum says",
    "Try again; if it stays so, something on the way changes bodies.",
  ],
};

const slow: Advice = [
  "unavailable",
  "the service did not answer in time or was busy",
  "Nothing is lost: try again later.",
];
const signInBusy: Advice = [
  "unavailable",
  "the credentials could not be had just now",
  "Nothing is lost: try again later.",
];
const unmade: Advice = [
  "rejected",
  "the request could not be made",
  "Check the bucket's address and the AWS settings (AWS_… variables, ~/.aws/config).",
];
const refused: Advice = [
  "rejected",
  "the service refused it",
  "Look up in the service's documentation what it means by that.",
];

/** What kept a request from being sent: the word of whoever was asked for credentials is not the bucket's. */
const unsentByCode: Readonly<Record<string, Advice>> = {
  CredentialsProviderError: ["unauthorized", "no credentials were found", credentialsFix],
  SsoSessionExpired: ["unauthorized", "the sign-in has expired", 'Run "aws sso login" again, then go on.'],
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  NoRegion: ["rejected", "no region is set", regionFix],
};

/** Answers whose status says it all, where the code is not known. */
const byStatus: Readonly<Record<number, Advice>> = {
  401: accessDenied,
  403: accessDenied,
  413: tooLarge,
  501: noConditions,
  507: full,
};

/** What to throw for `fault`, which stopped `doing` (say "read") on `key`. */
export function s3Error(
  fault: Fault,
  { location, doing, key }: { readonly location: S3Location; readonly doing: string; readonly key?: string },
  error: unknown,
): StoreError {
  const [kind, reason, fix] = adviceFor(fault);
  const what = `Could not ${doing}${key === undefined ? "" : ` ${key}`} in ${location.name}: ${reason} (${faultText(fault)})`;
  const place = fault.region !== null && fix === regionFix ? ` The service says: ${fault.region}.` : "";
  return new StoreError(
    { kind, what, fix: `${fix}${place}`, ...(key === undefined ? {} : { key }) },
    causeOf(fault, error),
  );
}

/**
 * Only what is known to be harmless of what the SDK threw: its errors repeat the answer, which may hold a session token (ExpiredToken),
 * the signed request (SignatureDoesNotMatch) or a body, and what a credential process printed. Whoever logs an error logs its cause too.
 */
function causeOf(fault: Fault, error: unknown): Error {
  const { sent, status, code, requestId } = fault;
  const fields = { code, status };
  // Nobody answered: these are the words of Node, with the address that was tried.
  if (sent && status === null && error instanceof Error) {
    const { message, stack } = error;
    return Object.assign(new Error(message), { ...fields, ...(stack === undefined ? {} : { stack }) });
  }
  const id = requestId === "" ? "" : `, request ${requestId}`;
  return Object.assign(new Error(`${faultText(fault)}${id}`), fields);
}

function adviceFor(fault: Fault): Advice {
  const { sent, status, code, region } = fault;
  if (!sent) return unsentAdvice(fault);
  if (Object.hasOwn(byCode, code)) return byCode[code] ?? refused;
  if (isDistrust(code))
    return ["unavailable", "its certificate is not trusted", "Check the endpoint's name and certificate."];
  // What Node says of bytes that are no HTTP.
  if (code.startsWith("HPE_")) return notS3;
  if (status === null) return slow;
  if (status >= 200 && status < 300) return notS3;
  if (isPassing(fault)) return slow;
  if (status < 400 && region !== null) return elsewhere;
  // A code is a word of S3's; a web server has none, whatever its status.
  return byStatus[status] ?? (code === "" ? notS3 : refused);
}

function unsentAdvice(fault: Fault): Advice {
  const { code } = fault;
  if (isPassing(fault)) return signInBusy;
  if (Object.hasOwn(unsentByCode, code)) return unsentByCode[code] ?? unmade;
  return code === "" || /^(?:Type|Range|Syntax|URI|Endpoint)Error$/.test(code) ? unmade : noCredentials;
}
