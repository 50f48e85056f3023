/**
 * The functions, each with a role of its own that holds one row of the table in permissions.ts, the right to write its own log, and
 * nothing else. The environment is what lambdas/environment.ts reads.
 */
import { Duration, Names, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { LambdaEntry } from "../lambdas/bundle.ts";
import { acknowledge } from "./acknowledge.ts";
import { createFunctionCode } from "./function-code.ts";
import { type BucketAccess, bucketAccess, grantAccess } from "./permissions.ts";
import { cdkSettings } from "./settings.ts";
import type { StoreParts } from "./store-parts.ts";

/** The namespace of the functions' own metrics. */
export const metricsNamespace = "icecore";

export interface StoreFunction {
  readonly lambda: LambdaFunction;
  /** The dimension `service` of its metrics. */
  readonly service: string;
  readonly role: Role;
}

export interface StoreFunctions {
  readonly api: StoreFunction;
  readonly rollup: StoreFunction;
  readonly sweep: StoreFunction;
}

export interface Secrets {
  /** Undefined where an identity provider signs the tokens. */
  readonly token: ISecret | undefined;
  readonly readPass: ISecret;
}

type Environment = Readonly<Record<string, string>>;

interface Wanted {
  readonly id: string;
  readonly entry: LambdaEntry;
  /** Null: it has no business in the bucket. */
  readonly access: BucketAccess | null;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly description: string;
  readonly environment: Environment;
}

export function createStoreFunctions(parts: StoreParts, bucket: Bucket, secrets: Secrets): StoreFunctions {
  const { props } = parts;
  const memoryMb = props.rollupMemoryMb ?? cdkSettings.rollupMemoryMb;
  const api = createFunction(parts, bucket, {
    id: "Api",
    entry: "api",
    access: bucketAccess.api,
    memoryMb: cdkSettings.apiMemoryMb,
    timeoutSeconds: cdkSettings.apiTimeoutSeconds,
    description: "icecore: takes in updates and answers for the tail",
    environment: {
      ...authEnvironment(parts, secrets),
      ICECORE_READ_PASS_SECRET_ID: secrets.readPass.secretArn,
    },
  });
  allowSecrets(api, [secrets.token, secrets.readPass]);
  const rollup = createFunction(parts, bucket, {
    id: "Rollup",
    entry: "rollup",
    access: bucketAccess.rollup,
    timeoutSeconds: cdkSettings.rollupTimeoutSeconds,
    description: "icecore: seals, publishes and folds stores with news",
    memoryMb,
    environment: {},
  });
  const sweep = createFunction(parts, bucket, {
    id: "Sweep",
    entry: "sweep",
    access: bucketAccess.sweep,
    timeoutSeconds: cdkSettings.sweepTimeoutSeconds,
    description: "icecore: visits all stores in turn, for what no news told",
    memoryMb,
    environment: { ICECORE_SWEEP_STORES: String(props.sweepStores ?? cdkSettings.sweepStores) },
  });
  return { api, rollup, sweep };
}

/** Of direct mode. */
export function createCredentialsFunction(
  parts: StoreParts,
  bucket: Bucket,
  secrets: Secrets,
): StoreFunction {
  const made = createFunction(parts, bucket, {
    id: "Credentials",
    entry: "credentials",
    access: bucketAccess.credentials,
    memoryMb: cdkSettings.credentialsMemoryMb,
    timeoutSeconds: cdkSettings.credentialsTimeoutSeconds,
    description: "icecore: hands out short-lived credentials for one app's own updates",
    environment: {
      ...authEnvironment(parts, secrets),
      ICECORE_DIRECT_SECONDS: String(parts.props.directSeconds ?? cdkSettings.directSeconds),
    },
  });
  allowSecrets(made, [secrets.token]);
  return made;
}

/** Of hints: AppSync asks it who may listen. */
export function createListenFunction(parts: StoreParts, bucket: Bucket, secrets: Secrets): StoreFunction {
  const made = createFunction(parts, bucket, {
    id: "Listen",
    entry: "listen",
    access: null,
    memoryMb: cdkSettings.listenMemoryMb,
    timeoutSeconds: cdkSettings.listenTimeoutSeconds,
    description: "icecore: says who may listen for hints",
    environment: authEnvironment(parts, secrets),
  });
  allowSecrets(made, [secrets.token]);
  return made;
}

function createFunction(parts: StoreParts, bucket: Bucket, wanted: Wanted): StoreFunction {
  const { props, before } = parts;
  const { id, entry } = wanted;
  const scope = new Construct(parts.scope, id);
  const service = `${Names.uniqueResourceName(parts.scope, { maxLength: 80, separator: "-" })}-${entry}`;
  const logGroup = new LogGroup(scope, "Log", {
    retention: parts.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  logGroup.grantWrite(role);
  if (wanted.access) grantAccess(bucket, wanted.access, { grantee: role, before });
  const lambda = new LambdaFunction(scope, "Function", {
    code: createFunctionCode(scope, {
      entry,
      modelFile: props.modelFile,
      ...(props.authFile === undefined ? {} : { authFile: props.authFile }),
    }),
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: wanted.memoryMb,
    timeout: Duration.seconds(wanted.timeoutSeconds),
    description: wanted.description,
    tracing: Tracing.ACTIVE,
    role,
    logGroup,
    environment: {
      ...commonEnvironment(parts, bucket),
      POWERTOOLS_SERVICE_NAME: service,
      ...wanted.environment,
    },
  });
  acknowledgeAccess(parts, role, { bucket, access: wanted.access });
  return { lambda, service, role };
}

function commonEnvironment({ scope, props, before }: StoreParts, bucket: Bucket): Environment {
  return {
    ICECORE_BUCKET: bucketAddress(scope, bucket, before),
    ...(props.settings === undefined ? {} : { ICECORE_SETTINGS: JSON.stringify(props.settings) }),
    POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
    POWERTOOLS_LOG_LEVEL: "INFO",
    NODE_OPTIONS: "--enable-source-maps",
  };
}

function authEnvironment({ props, audience }: StoreParts, { token }: Secrets): Environment {
  const { jwksUrl, issuer, corsOrigins = [], secretsEdition } = props;
  return {
    ICECORE_AUDIENCE: audience,
    ...(issuer === undefined ? {} : { ICECORE_ISSUER: issuer }),
    ...(jwksUrl === undefined ? {} : { ICECORE_JWKS_URL: jwksUrl }),
    ...(token === undefined ? {} : { ICECORE_TOKEN_SECRET_ID: token.secretArn }),
    ...(corsOrigins.length === 0 ? {} : { ICECORE_CORS_ORIGINS: corsOrigins.join(",") }),
    // Nobody reads it: another value makes Lambda start its functions anew, and those read their secrets.
    ...(secretsEdition === undefined ? {} : { ICECORE_SECRETS_EDITION: secretsEdition }),
    ICECORE_RATE_PER_SECOND: String(props.principalPerSecond ?? cdkSettings.principalPerSecond),
    ICECORE_RATE_BURST: String(props.principalBurst ?? cdkSettings.principalBurst),
  };
}

/** `s3://BUCKET/ROOT?region=NAME`, as `icecore --bucket` takes it. */
export function bucketAddress(scope: Construct, bucket: Bucket, before: string): string {
  const root = before === "" ? "" : `/${before.slice(0, -1)}`;
  return `s3://${bucket.bucketName}${root}?region=${Stack.of(scope).region}`;
}

function allowSecrets({ lambda }: StoreFunction, secrets: readonly (ISecret | undefined)[]): void {
  for (const secret of secrets) secret?.grantRead(lambda);
}

function acknowledgeAccess(
  { before }: StoreParts,
  role: Role,
  { bucket, access }: { readonly bucket: Bucket; readonly access: BucketAccess | null },
): void {
  const logicalId = Stack.of(bucket).getLogicalId(bucket.node.defaultChild as CfnBucket);
  const { get = [], put = [], delete: deletable = [] } = access ?? {};
  const prefixes = [...new Set([...get, ...put, ...deletable])];
  acknowledge(
    role,
    "Keys of objects are made at run time, by store, time and app; the wildcard ends at one kind of object.",
    prefixes.map((prefix) => `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${before}${prefix}*]`),
  );
  acknowledge(role, "X-Ray knows no resources: its actions can only be allowed on all of them.", [
    "AwsSolutions-IAM5[Resource::*]",
  ]);
}
