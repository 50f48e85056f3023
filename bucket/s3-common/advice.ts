/** From a fault of S3 to its kind, reason and fix, in plain words. What an adapter's user can do about credentials differs: those come in. */
import type { StoreErrorKind } from "../../shared/errors.ts";
import { type Fault, isDistrust, isPassing } from "./fault.ts";

export type Advice = readonly [kind: StoreErrorKind, reason: string, fix: string];

/** What one adapter says in its own way. */
export interface Words {
  readonly credentialsFix: string;
  readonly regionFix: string;
  /** Codes that only it meets. */
  readonly byCode: Readonly<Record<string, Advice>>;
  /** Of a request that was never sent. */
  readonly unsent: (fault: Fault) => Advice;
}

const signInFix = "Nothing is lost: sign in again or renew the credentials, then go on.";
export const expired: Advice = ["unauthorized", "the credentials have expired", signInFix];
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
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: ["unauthorized", "the session token is not valid", signInFix],
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
};

const slow: Advice = [
  "unavailable",
  "the service did not answer in time or was busy",
  "Nothing is lost: try again later.",
];
export const signInBusy: Advice = [
  "unavailable",
  "the credentials could not be had just now",
  "Nothing is lost: try again later.",
];
const distrusted: Advice = [
  "unavailable",
  "its certificate is not trusted",
  "Check the endpoint's name and certificate.",
];
const refused: Advice = [
  "rejected",
  "the service refused it",
  "Look up in the service's documentation what it means by that.",
];

/** Answers whose status says it all, where the code is not known. */
const byStatus: Readonly<Record<number, Advice>> = {
  401: accessDenied,
  403: accessDenied,
  413: tooLarge,
  501: noConditions,
  507: full,
};

export function createAdvice(words: Words): (fault: Fault) => Advice {
  const { credentialsFix, regionFix } = words;
  const secretWrong: Advice = ["unauthorized", "the secret key is wrong", credentialsFix];
  const elsewhere: Advice = ["rejected", "the bucket is in another region", regionFix];
  const codes: Readonly<Record<string, Advice>> = {
    ...byCode,
    InvalidAccessKeyId: ["unauthorized", "the access key is not known there", credentialsFix],
    SignatureDoesNotMatch: secretWrong,
    InvalidSecurity: secretWrong,
    PermanentRedirect: elsewhere,
    TemporaryRedirect: elsewhere,
    AuthorizationHeaderMalformed: elsewhere,
    IllegalLocationConstraintException: elsewhere,
    ...words.byCode,
  };

  return (fault) => {
    const { sent, status, code, region } = fault;
    if (!sent) return words.unsent(fault);
    if (Object.hasOwn(codes, code)) return codes[code] ?? refused;
    if (isDistrust(code)) return distrusted;
    // What Node says of bytes that are no HTTP.
    if (code.startsWith("HPE_")) return notS3;
    if (status === null) return slow;
    if (status >= 200 && status < 300) return notS3;
    if (isPassing(fault)) return slow;
    if (status < 400 && region !== null) return elsewhere;
    // A code is a word of S3's; a web server has none, whatever its status.
    return byStatus[status] ?? (code === "" ? notS3 : refused);
  };
}
