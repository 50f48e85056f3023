/**
 * Checks of IcecoreStoreProps, when the app is synthesised: whatever AWS would refuse in the middle of a deployment, or a function at its first
 * request, is told before, all of it at once. What only CloudFormation knows (tokens) is taken as it is.
 */
import { Token } from "aws-cdk-lib";
import { sessionPolicyCharsMax } from "../lambdas/direct-limits.ts";
import { directPolicy } from "../lambdas/direct-policy.ts";
import { parseApiEnvironment, parseSweepEnvironment } from "../lambdas/environment.ts";
import { StoreError } from "../shared/errors.ts";
import { parseAppId, parseStoreId } from "../shared/wire/ids.ts";
import { readFunctionBytesMax, readFunctionCode } from "./edge/read-function.ts";
import type { IcecoreStoreProps } from "./props.ts";
import { cdkSettings } from "./settings.ts";

type Faults = readonly string[];

/** Throws StoreError "rejected" with all faults. */
export function checkProps(props: IcecoreStoreProps): void {
  const faults = [
    ...ofTokens(props),
    ...ofAddress(props),
    ...ofBucket(props),
    ...ofNumbers(props),
    ...ofOrigins(props),
    ...ofEnvironment(props),
  ];
  if (faults.length === 0) return;
  throw new StoreError({
    kind: "rejected",
    what: `IcecoreStore cannot be made from these props: ${faults.join("; ")}`,
    fix: "Correct them where the construct is made.",
  });
}

/** `root` without slashes at its ends. */
export function trimmedRoot({ root = "" }: IcecoreStoreProps): string {
  return root.replace(/^\/+|\/+$/g, "");
}

/** A fault, where it is one. */
function when(isFault: boolean, what: string): Faults {
  return isFault ? [what] : [];
}

function isText(value: string | undefined): value is string {
  return value !== undefined && !Token.isUnresolved(value);
}

/** Of CloudFront's comment, which has room for 128 characters. */
const editionShape = /^[\w.:-]{1,40}$/;

function ofTokens(props: IcecoreStoreProps): Faults {
  const { jwksUrl, tokenSecret, audience, issuer, secretsEdition } = props;
  const given = { audience, issuer, jwksUrl };
  return [
    ...when(jwksUrl !== undefined && tokenSecret !== undefined, "jwksUrl and tokenSecret exclude each other"),
    ...when(
      jwksUrl !== undefined && audience === undefined,
      "jwksUrl needs audience: an identity provider signs tokens for other apps, too",
    ),
    ...when(isText(jwksUrl) && !jwksUrl.startsWith("https://"), "jwksUrl must begin with https://"),
    ...when(
      isText(secretsEdition) && !editionShape.test(secretsEdition),
      'secretsEdition must be 1 to 40 of letters, digits, "-", "_", "." and ":"',
    ),
    ...Object.entries(given).flatMap(([name, value]) => when(value === "", `${name} must not be empty`)),
  ];
}

const hostShape = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i;
const aclShape = /^arn:[\w-]+:wafv2:us-east-1:\d{12}:global\/webacl\//;

function ofAddress({ domainName, certificate, webAclArn }: IcecoreStoreProps): Faults {
  const arn = certificate?.certificateArn;
  // One that is imported says so in its ARN, one that is made here by its stack.
  const region = isText(arn) ? arn.split(":")[3] : certificate?.env.region;
  return [
    ...when(
      (domainName === undefined) !== (certificate === undefined),
      "domainName and certificate go together",
    ),
    ...when(
      isText(domainName) && !hostShape.test(domainName),
      "domainName must be a host's name such as store.example.com",
    ),
    ...when(
      isText(region) && region !== "us-east-1",
      "certificate must lie in us-east-1: CloudFront takes no other",
    ),
    ...when(
      isText(webAclArn) && !aclShape.test(webAclArn),
      "webAclArn must be the ARN of a web ACL of scope CLOUDFRONT, in us-east-1",
    ),
  ];
}

const bucketShape = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const reserved = /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|--x-s3|--table-s3|\.mrap)$/;
const rootShape = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;
/** Stands some twenty times in the policy of a role, which holds 10 KB. */
const rootCharsMax = 200;

function ofBucket(props: IcecoreStoreProps): Faults {
  const { bucketName } = props;
  const root = trimmedRoot(props);
  const isRoot = root === "" || (rootShape.test(root) && !/\.versions(?:\/|$)/.test(root));
  return [
    ...when(
      isText(bucketName) && !bucketShape.test(bucketName),
      "bucketName must be 3 to 63 of a-z, 0-9 and -, a letter or digit first and last",
    ),
    ...when(
      isText(bucketName) && bucketName.includes("."),
      "bucketName must not have dots: no certificate of S3 is for such a name",
    ),
    ...when(isText(bucketName) && reserved.test(bucketName), "bucketName is of a kind that S3 has reserved"),
    ...when(
      !isRoot || root.length > rootCharsMax,
      `root must be names of letters, digits, "-", "_" and ".", parted by "/", none beginning with a dot or ending in .versions, ${rootCharsMax} characters at most`,
    ),
    ...(isRoot ? ofSessions(props, root) : []),
  ];
}

/** What STS would refuse when the first client of the longest store id asks for credentials. */
function ofSessions({ bucketName, directMode }: IcecoreStoreProps, root: string): Faults {
  const store = parseStoreId("s".repeat(64));
  const app = parseAppId("0".repeat(26));
  if (!directMode || store === undefined || app === undefined) return [];
  // CloudFormation's own names have as many characters at most.
  const name = isText(bucketName) ? bucketName : "b".repeat(63);
  const policy = directPolicy({ bucketArn: `arn:aws:s3:::${name}`, root, store, app, createOnly: true });
  return when(
    JSON.stringify(policy).length > sessionPolicyCharsMax,
    "directMode needs a shorter root or bucketName: a session's policy would be too long for store ids of 64 characters",
  );
}

function ofNumbers(props: IcecoreStoreProps): Faults {
  const { directSeconds, sweepStores, rollupMemoryMb, requestsPerSecond, requestsBurst } = props;
  const isWhole = (value: number | undefined, min: number, max = Number.POSITIVE_INFINITY) =>
    value === undefined ||
    Token.isUnresolved(value) ||
    (Number.isInteger(value) && value >= min && value <= max);
  const { directSeconds: secondsMax } = cdkSettings;
  return [
    ...when(!isWhole(directSeconds, 900, secondsMax), `directSeconds must be 900 to ${secondsMax}`),
    ...when(!isWhole(sweepStores, 1), "sweepStores must be a whole number above 0"),
    ...when(!isWhole(rollupMemoryMb, 128, 10_240), "rollupMemoryMb must be a whole number, 128 to 10240"),
    ...when(!isWhole(requestsPerSecond, 1), "requestsPerSecond must be a whole number above 0"),
    ...when(!isWhole(requestsBurst, 1), "requestsBurst must be a whole number above 0"),
  ];
}

/** Beside what a user may give: the other variables of a function and their names. */
const environmentCharsMax = 4_096 - 1_000;

function ofOrigins(props: IcecoreStoreProps): Faults {
  const { corsOrigins = [], settings } = props;
  if (Token.isUnresolved(corsOrigins))
    return [
      "corsOrigins is a list that is known only when it is deployed: give a list, whose texts may be so",
    ];
  const faults = corsOrigins.flatMap(ofOrigin);
  if (faults.length > 0) return faults;
  const chars = corsOrigins.join(",").length + JSON.stringify(settings ?? {}).length;
  const code = readFunctionCode({ secret: "x".repeat(cdkSettings.secretChars), root: "", corsOrigins });
  return when(
    chars > environmentCharsMax || code.length + trimmedRoot(props).length > readFunctionBytesMax,
    `corsOrigins and settings are too long: together they may have ${environmentCharsMax} characters`,
  );
}

/** With "*" any page could use the token of a user who visits it, where an app keeps it in reach of pages. */
function ofOrigin(origin: string): Faults {
  if (Token.isUnresolved(origin)) return [];
  const isOrigin = /^https:\/\/[^/*\s]+$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin);
  return when(!isOrigin, `corsOrigins has "${origin}", which is no origin such as https://app.example.com`);
}

/** What the functions would refuse at their first request, when all is deployed: their own reading of it, now. */
function ofEnvironment(props: IcecoreStoreProps): Faults {
  const { settings } = props;
  const { principalPerSecond, principalBurst, sweepStores } = { ...cdkSettings, ...props };
  const bucket = {
    ICECORE_BUCKET: "s3://any-bucket",
    ICECORE_SETTINGS: settings === undefined ? undefined : JSON.stringify(settings),
  };
  const api = {
    ICECORE_BUCKET: bucket.ICECORE_BUCKET,
    ICECORE_CORS_ORIGINS: readable(props.corsOrigins).join(","),
    ICECORE_RATE_PER_SECOND: String(principalPerSecond),
    ICECORE_RATE_BURST: String(principalBurst),
  };
  const sweep = { ...bucket, ICECORE_SWEEP_STORES: String(sweepStores) };
  return [() => parseApiEnvironment(api, true), () => parseSweepEnvironment(sweep)].flatMap(faultOf);
}

/** Those that are no origins at all are told of in the prop's own words. */
function readable(origins: readonly string[] = []): readonly string[] {
  if (Token.isUnresolved(origins)) return [];
  return origins.filter((origin) => !Token.isUnresolved(origin) && ofOrigin(origin).length === 0);
}

function faultOf(parse: () => unknown): Faults {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof StoreError) return [error.what];
    throw error;
  }
}
