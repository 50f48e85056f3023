/**
 * Direct mode's credentials: of a session of one role, cut down by its policy to what one app may do (direct-policy.ts).
 *
 * What they allow is what both the role and the session's policy allow, so neither a wider role nor a client's wish gives more. They end
 * by themselves; nothing is kept here. The session is named after the app, so the bucket's access log says who did what.
 * Whatever goes wrong is the service's trouble, never "unauthorized": the user who asks is allowed to, or was refused before.
 */
import { AssumeRoleCommand, type Credentials, STSClient } from "@aws-sdk/client-sts";
import { cleanCode } from "../bucket/s3-common/fault.ts";
import { parseS3Location, type S3Location } from "../bucket/s3-common/location.ts";
import { StoreError, type StoreErrorKind } from "../shared/errors.ts";
import type { DirectGrant } from "../shared/wire/http-access.ts";
import type { AppId, StoreId } from "../shared/wire/ids.ts";
import {
  directSecondsMax,
  directSecondsMin,
  sessionPolicyCharsMax,
  stsAnswerMs,
  stsConnectMs,
  stsTriesMax,
} from "./direct-limits.ts";
import { directPolicy } from "./direct-policy.ts";

export interface StsGrantOptions {
  /** Of the role that is assumed: `arn:aws:iam::111122223333:role/icecore-direct`. */
  readonly roleArn: string;
  /** How long credentials hold: 900 to 3,600. */
  readonly seconds: number;
  /** The bucket's, as clients are told it. On AWS it names the region, which a browser has from nowhere else. */
  readonly address: string;
  /** Whether updates must be new objects by policy, too. @default true; false for services that do not know it, such as Ceph 16 */
  readonly createOnly?: boolean;
}

export interface StsGrant {
  /** Who asks must have been checked: may write to `store`, and `app` is theirs. */
  grant(asked: { readonly store: StoreId; readonly app: AppId }): Promise<DirectGrant>;
}

/**
 * Makes what gives out direct mode's credentials. With an endpoint in the address, STS is asked there, too.
 *
 * @throws StoreError "rejected" for settings that cannot work; `grant` throws "unavailable" where STS gave none, and "limit" where the
 * names are too long for a policy.
 * @example
 * const direct = createStsGrant({ roleArn, seconds: 3_600, address: "s3://notes?region=eu-central-1" });
 * const app = createApp({ bucket, platform, direct });
 */
export function createStsGrant({ roleArn, seconds, address, createOnly = true }: StsGrantOptions): StsGrant {
  const location = parseS3Location(address);
  const bucketArn = `arn:${partitionOf(roleArn)}:s3:::${location.bucket}`;
  checkSeconds(seconds);
  checkRegion(location);
  const client = createClient(location);

  return {
    async grant({ store, app }) {
      const policy = directPolicy({ bucketArn, root: location.prefix, store, app, createOnly });
      const command = new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: `icecore-${app}`,
        DurationSeconds: seconds,
        Policy: textOf(JSON.stringify(policy), store),
      });
      const { Credentials: given } = await client.send(command).catch((error) => {
        throw noCredentials(error, roleArn);
      });
      return { ...partsOf(given, roleArn), address };
    },
  };
}

function createClient({ endpoint, region }: S3Location): STSClient {
  return new STSClient({
    ...(endpoint === null ? {} : { endpoint }),
    // Where no region is named there is an endpoint, and what nearly all of those take.
    region: region ?? "us-east-1",
    maxAttempts: stsTriesMax,
    requestHandler: {
      connectionTimeout: stsConnectMs,
      requestTimeout: stsAnswerMs,
      throwOnRequestTimeout: true,
    },
  });
}

/** `arn:aws-cn:iam::…` -> `aws-cn`: the bucket is where the role is. */
function partitionOf(roleArn: string): string {
  const partition = /^arn:([a-z0-9-]{1,20}):iam::(?:\d{12})?:role\/[\w+=,.@/-]{1,576}$/.exec(roleArn)?.[1];
  if (partition !== undefined) return partition;
  throw new StoreError({
    kind: "rejected",
    what: "The role for direct mode is no role's ARN",
    fix: "Give one like arn:aws:iam::111122223333:role/icecore-direct.",
  });
}

function checkSeconds(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= directSecondsMin && seconds <= directSecondsMax) return;
  throw new StoreError({
    kind: "rejected",
    what: `Direct mode's credentials cannot hold ${seconds} seconds`,
    fix: `Give a whole number from ${directSecondsMin} to ${directSecondsMax}.`,
  });
}

function checkRegion({ endpoint, region, name }: S3Location): void {
  if (endpoint !== null || region !== null) return;
  throw new StoreError({
    kind: "rejected",
    what: `${name} names no region, and a client in direct mode has it from nowhere else`,
    fix: "Give it in the address: s3://BUCKET?region=NAME.",
  });
}

function textOf(policy: string, store: StoreId): string {
  if (policy.length <= sessionPolicyCharsMax) return policy;
  throw tooLong(`The policy for an app of store "${store}" has ${policy.length} characters`, store);
}

function tooLong(what: string, store?: StoreId): StoreError {
  return new StoreError({
    kind: "limit",
    what,
    fix: `STS takes ${sessionPolicyCharsMax}: use a shorter bucket name, root or store id.`,
    ...(store === undefined ? {} : { store }),
  });
}

function partsOf(given: Credentials | undefined, roleArn: string): Omit<DirectGrant, "address"> {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
  const expiresAt = Expiration?.getTime() ?? Number.NaN;
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Number.isNaN(expiresAt))
    throw noCredentials({ name: "IncompleteAnswer" }, roleArn);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiresAt,
  };
}

type Advice = readonly [kind: StoreErrorKind, fix: string];

const adviceByCode: Readonly<Record<string, Advice>> = {
  AccessDenied: [
    "unavailable",
    "Let the role's trust policy name this service's own role, and allow this one sts:AssumeRole on it.",
  ],
  NoSuchEntity: ["unavailable", "Make the role first."],
  RegionDisabledException: ["unavailable", "Activate STS in the bucket's region for this account."],
  MalformedPolicyDocument: ["unavailable", "Report this: the policy is icecore's own."],
};
const later: Advice = [
  "unavailable",
  "It is asked for again later; look whether STS can be reached from here.",
];

/** Only what is known to be harmless of what was thrown: a code, a status and the number of the request. */
function noCredentials(error: unknown, roleArn: string): StoreError {
  const { name, Code, code, $metadata } = Object(error) as SdkThrown;
  const word = [Code, code, name].map((one) => cleanCode(one)).find((one) => one !== "") ?? "";
  if (word === "PackedPolicyTooLarge" || word === "PackedPolicyTooLargeException")
    return tooLong("The policy for an app is too large for STS, as it packs it");
  const [kind, fix] = Object.hasOwn(adviceByCode, word) ? (adviceByCode[word] ?? later) : later;
  const cause = Object.assign(new Error(`STS: ${word}`), {
    code: word,
    status: $metadata?.httpStatusCode,
    requestId: $metadata?.requestId,
  });
  return new StoreError({ kind, what: `STS gave no credentials of ${roleArn} (${word})`, fix }, cause);
}

interface SdkThrown {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}
