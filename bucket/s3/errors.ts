/** Turns a fault of S3 into a StoreError in plain words. Owns the table from code to kind, reason and fix. */
import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import { type Fault, faultText, isPassing } from "./fault.ts";
import type { S3Location } from "./location.ts";

type Advice = readonly [kind: StoreErrorKind, reason: string, fix: string];

const credentialsFix =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE, to what this service gave you.";
const signInFix = "Nothing is lost: sign in again or renew the credentials, then go on.";
const secretWrong: Advice = ["unauthorized", "the secret key is wrong", credentialsFix];
const expired: Advice = ["unauthorized", "the credentials have expired", signInFix];
const regionFix = "Give the bucket's region in its address (region=NAME) or in AWS_REGION.";
const notS3: Advice = [
  "incompatible",
  "what answers there does not speak S3",
  "Check the endpoint in the bucket's address: it must be that of the S3 interface, not of a web console or a proxy.",
];

const byCode: Readonly<Record<string, Advice>> = {
  NoSuchBucket: ["rejected", "there is no such bucket", "Check its name and region, or make it first."],
  InvalidBucketName: ["rejected", "this is no bucket's name", "Check the bucket's address."],
  AccessDenied: [
    "unauthorized",
    "these credentials may not do that there",
    "Allow s3:ListBucket on the bucket (without it a missing object looks like a forbidden one), and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects.",
  ],
  AllAccessDisabled: ["unauthorized", "all access to it is disabled", "Ask the bucket's owner."],
  AccountProblem: ["unauthorized", "the account is blocked", "Ask the service."],
  InvalidAccessKeyId: ["unauthorized", "the access key is not known there", credentialsFix],
  SignatureDoesNotMatch: secretWrong,
  InvalidSecurity: secretWrong,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: ["unauthorized", "the session token is not valid", signInFix],
  CredentialsProviderError: ["unauthorized", "no credentials were found", credentialsFix],
  NoRegion: ["rejected", "no region is set", regionFix],
  PermanentRedirect: ["rejected", "the bucket is in another region", regionFix],
  TemporaryRedirect: ["rejected", "the bucket is in another region", regionFix],
  AuthorizationHeaderMalformed: ["rejected", "the bucket is in another region", regionFix],
  IllegalLocationConstraintException: ["rejected", "the bucket is in another region", regionFix],
  NotImplemented: [
    "incompatible",
    "this service has no conditional writes, or not those that a store needs",
    "Use a service that has them, such as Amazon S3, Cloudflare R2, MinIO or Ceph.",
  ],
  EntityTooLarge: ["limit", "the object is too large for this service", "Store something smaller."],
  KeyTooLongError: ["rejected", "the key is too long for this service", "Use a shorter prefix."],
  QuotaExceeded: ["limit", "the quota is used up", "Raise it or free some space, then try again."],
  InsufficientCapacity: ["limit", "the service is full", "Free some space, then try again."],
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
  EPROTO: ["unavailable", "no encrypted connection came about", "Check whether the endpoint speaks https."],
};

const slow: Advice = [
  "unavailable",
  "the service did not answer in time or was busy",
  "Nothing is lost: try again later.",
];

/** What to throw for `fault`, which stopped `doing` (say "read") on `key`. */
export function s3Error(
  fault: Fault,
  { location, doing, key }: { readonly location: S3Location; readonly doing: string; readonly key?: string },
  cause: unknown,
): StoreError {
  const [kind, reason, fix] = adviceFor(fault);
  const what = `Could not ${doing}${key === undefined ? "" : ` ${key}`} in ${location.name}: ${reason} (${faultText(fault)})`;
  const elsewhere = fault.region !== null && fix === regionFix ? ` The service says: ${fault.region}.` : "";
  return new StoreError(
    { kind, what, fix: `${fix}${elsewhere}`, ...(key === undefined ? {} : { key }) },
    cause,
  );
}

function adviceFor(fault: Fault): Advice {
  const { status, code } = fault;
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (known) return known;
  if (/CERT|SSL|TLS/.test(code))
    return ["unavailable", "its certificate is not trusted", "Check the endpoint's name and certificate."];
  if (code.endsWith("ProviderError"))
    return ["unauthorized", "the credentials could not be had", credentialsFix];
  if (status === 200 || status === 206) return notS3;
  if (isPassing(fault)) return slow;
  if (status === 401 || status === 403) return byCode.AccessDenied ?? notS3;
  if (status === 301 || status === 307) return byCode.PermanentRedirect ?? notS3;
  if (status === 501) return byCode.NotImplemented ?? notS3;
  // 404 without S3's word for it, and what else a web server may say.
  return status === null ? slow : notS3;
}
