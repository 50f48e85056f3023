/** Errors of the S3 bucket over the AWS SDK: what only the SDK meets, and what to do about credentials that it finds by itself. */
import { type Advice, expired, signInBusy } from "../s3-common/advice.ts";
import { createErrors } from "../s3-common/errors.ts";
import { type Fault, isPassing } from "../s3-common/fault.ts";

const credentialsFix =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE, to what this service gave you.";
const regionFix = "Give the bucket's region in its address (region=NAME) or in AWS_REGION.";
const noCredentials: Advice = ["unauthorized", "the credentials could not be had", credentialsFix];
const unmade: Advice = [
  "rejected",
  "the request could not be made",
  "Check the bucket's address and the AWS settings (AWS_… variables, ~/.aws/config).",
];

/** What kept a request from being sent: the word of whoever was asked for credentials is not the bucket's. */
const unsentByCode: Readonly<Record<string, Advice>> = {
  CredentialsProviderError: ["unauthorized", "no credentials were found", credentialsFix],
  SsoSessionExpired: ["unauthorized", "the sign-in has expired", 'Run "aws sso login" again, then go on.'],
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  NoRegion: ["rejected", "no region is set", regionFix],
};

export const s3Error = createErrors({
  credentialsFix,
  regionFix,
  byCode: {
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
  },
  unsent: unsentAdvice,
});

function unsentAdvice(fault: Fault): Advice {
  const { code } = fault;
  if (isPassing(fault)) return signInBusy;
  if (Object.hasOwn(unsentByCode, code)) return unsentByCode[code] ?? unmade;
  return code === "" || /^(?:Type|Range|Syntax|URI|Endpoint)Error$/.test(code) ? unmade : noCredentials;
}
