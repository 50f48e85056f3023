/**
 * What the parts of a deployed store share: who they belong to, the props as checked, and the key of the bucket they lie in.
 *
 * Props are checked here once; what they say to CloudFormation (tokens) cannot be, and is taken as it is.
 */
import { RemovalPolicy, Token } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { parseApiEnvironment, parseSweepEnvironment } from "../lambdas/environment.ts";
import { StoreError } from "../shared/errors.ts";
import { newSettings, type Settings } from "../shared/settings.ts";
import type { IcecoreStoreProps } from "./props.ts";
import { cdkSettings } from "./settings.ts";

export interface StoreParts {
  /** The construct that everything is made in. */
  readonly scope: Construct;
  readonly props: IcecoreStoreProps;
  readonly settings: Settings;
  /** What stands before every key: "" or "team/". */
  readonly before: string;
  readonly audience: string;
  readonly removalPolicy: RemovalPolicy;
  readonly logRetention: RetentionDays;
}

const defaultAudience = "icecore";

export function createStoreParts(scope: Construct, props: IcecoreStoreProps): StoreParts {
  checkProps(props);
  const root = (props.root ?? "").replace(/^\/+|\/+$/g, "");
  return {
    scope,
    props,
    settings: newSettings(props.settings),
    before: root === "" ? "" : `${root}/`,
    audience: props.audience ?? defaultAudience,
    removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
  };
}

/** Tells all faults at once. */
function checkProps(props: IcecoreStoreProps): void {
  const { jwksUrl, root = "", directSeconds = cdkSettings.directSeconds, sweepStores = 1 } = props;
  const faults = [
    ...(jwksUrl !== undefined && props.tokenSecret ? ["jwksUrl and tokenSecret exclude each other"] : []),
    ...(jwksUrl !== undefined && props.audience === undefined
      ? ["jwksUrl needs audience: an identity provider signs tokens for other apps, too"]
      : []),
    ...(isText(jwksUrl) && !jwksUrl.startsWith("https://") ? ["jwksUrl must begin with https://"] : []),
    ...((props.domainName === undefined) !== (props.certificate === undefined)
      ? ["domainName and certificate go together"]
      : []),
    ...(/^[\w.-]+(\/[\w.-]+)*$/.test(root.replace(/^\/+|\/+$/g, "")) || root === ""
      ? []
      : ['root must be names of letters, digits, "-", "_" and ".", parted by "/"']),
    ...(directSeconds >= 900 && directSeconds <= 3_600 ? [] : ["directSeconds must be 900 to 3600"]),
    ...(Number.isInteger(sweepStores) && sweepStores > 0
      ? []
      : ["sweepStores must be a whole number above 0"]),
    ...(["audience", "issuer", "jwksUrl"] as const).flatMap((name) =>
      props[name] === "" ? [`${name} must not be empty`] : [],
    ),
    ...(props.corsOrigins ?? []).flatMap(faultOfOrigin),
    ...faultsOfEnvironment(props),
  ];
  if (faults.length === 0) return;
  throw new StoreError({
    kind: "rejected",
    what: `IcecoreStore cannot be made from these props: ${faults.join("; ")}`,
    fix: "Correct them where the construct is made.",
  });
}

function isText(value: string | undefined): value is string {
  return value !== undefined && !Token.isUnresolved(value);
}

/** What the functions would refuse at their first request, when all is deployed: their own reading of it, now. */
function faultsOfEnvironment(props: IcecoreStoreProps): readonly string[] {
  const { corsOrigins = [], settings } = props;
  const { principalPerSecond, principalBurst, sweepStores } = { ...cdkSettings, ...props };
  const bucket = {
    ICECORE_BUCKET: "s3://any-bucket",
    ICECORE_SETTINGS: settings === undefined ? undefined : JSON.stringify(settings),
  };
  const api = {
    ICECORE_BUCKET: bucket.ICECORE_BUCKET,
    // Those that are no origins at all are told of in the prop's own words.
    ICECORE_CORS_ORIGINS: corsOrigins
      .filter((origin) => !Token.isUnresolved(origin) && faultOfOrigin(origin).length === 0)
      .join(","),
    ICECORE_RATE_PER_SECOND: String(principalPerSecond),
    ICECORE_RATE_BURST: String(principalBurst),
  };
  const sweep = { ...bucket, ICECORE_SWEEP_STORES: String(sweepStores) };
  return [() => parseApiEnvironment(api, true), () => parseSweepEnvironment(sweep)].flatMap(faultOf);
}

function faultOf(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof StoreError) return [error.what];
    throw error;
  }
}

/** With "*" any page could use the token of a user who visits it, where an app keeps it in reach of pages. */
function faultOfOrigin(origin: string): readonly string[] {
  if (
    Token.isUnresolved(origin) ||
    /^https:\/\/[^/*\s]+$|^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin)
  )
    return [];
  return [`corsOrigins has "${origin}", which is no origin such as https://app.example.com`];
}
