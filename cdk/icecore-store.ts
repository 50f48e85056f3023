/**
 * IcecoreStore: a whole store in an AWS account: bucket, API, rollup, sweep, CloudFront, alarms. Owns which part knows which other.
 *
 * Safe by default: nothing is open without a token, each function holds the least rights, the bucket keeps every version for a month and
 * outlives the stack, and its own policy refuses whatever would break the protocol.
 */
import { CfnOutput, Duration } from "aws-cdk-lib";
import type { EventApi } from "aws-cdk-lib/aws-appsync";
import type { Distribution } from "aws-cdk-lib/aws-cloudfront";
import type { Alarm, Dashboard } from "aws-cdk-lib/aws-cloudwatch";
import { ArnPrincipal, type Grant, type IGrantable, type Role } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { createAlarms } from "./alarms.ts";
import { createDashboard } from "./dashboard.ts";
import { createDirectRole } from "./direct-role.ts";
import { createDistribution } from "./distribution.ts";
import { createHintsApi } from "./hints-api.ts";
import { createHttpApi } from "./http-api.ts";
import { createNewsQueues, type NewsQueues } from "./news-queue.ts";
import { bucketAccess, grantAccess } from "./permissions.ts";
import type { IcecoreStoreProps } from "./props.ts";
import { createSecrets } from "./secrets.ts";
import { cdkSettings } from "./settings.ts";
import { createStoreBucket, sendNews } from "./store-bucket.ts";
import {
  bucketAddress,
  createCredentialsFunction,
  createListenFunction,
  createStoreFunctions,
  type Secrets,
  type StoreFunction,
} from "./store-functions.ts";
import { createStoreParts, type StoreParts } from "./store-parts.ts";
import { scheduleSweeps } from "./sweep-schedule.ts";

/**
 * Stores of one model in an AWS account. A bucket, and everything that reads and writes it.
 *
 * @throws StoreError "rejected" when props contradict each other, or the model file is missing or cannot be bundled.
 * @example
 * const store = new IcecoreStore(this, "Store", { modelFile: "model.ts" });
 * new CfnOutput(this, "Address", { value: store.url });
 */
export class IcecoreStore extends Construct {
  /** Where clients reach the store, as in "https://d111111abcdef8.cloudfront.net". */
  readonly url: string;
  readonly bucket: Bucket;
  readonly bucketName: string;
  /** The bucket for `icecore --bucket`: "s3://NAME/ROOT?region=REGION". */
  readonly bucketAddress: string;
  readonly distribution: Distribution;
  readonly apiFunction: LambdaFunction;
  readonly rollupFunction: LambdaFunction;
  readonly sweepFunction: LambdaFunction;
  /** Only in direct mode. */
  readonly credentialsFunction: LambdaFunction | undefined;
  /** Only in direct mode: whose sessions clients get. */
  readonly directRole: Role | undefined;
  /** What signs users' tokens; undefined where an identity provider does. */
  readonly tokenSecret: ISecret | undefined;
  /** News that no try of the rollup could deal with. */
  readonly deadLetterQueue: Queue;
  /** Only with `hints`. */
  readonly hintsApi: EventApi | undefined;
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard;
  readonly #before: string;

  constructor(scope: Construct, id: string, props: IcecoreStoreProps) {
    super(scope, id);
    const parts = createStoreParts(this, props);
    const queues = createNewsQueues(parts);
    const bucket = createStoreBucket(parts);
    sendNews(bucket, queues.news, parts.before);
    const secrets = createSecrets(parts);
    const functions = createStoreFunctions(parts, bucket, secrets);
    readNews(functions.rollup, queues);
    scheduleSweeps(parts, functions.sweep, queues.missedSweeps);
    const direct = props.directMode ? createDirectMode(parts, bucket, secrets) : undefined;
    const httpApi = createHttpApi(parts, { api: functions.api, credentials: direct?.credentials });
    this.distribution = createDistribution(parts, { bucket, httpApi, readPassSecret: secrets.readPass });
    const listen = props.hints ? createListenFunction(parts, bucket, secrets) : undefined;
    this.hintsApi = listen && createHintsApi(parts, { api: functions.api, listen });
    const watched = { ...functions, credentials: direct?.credentials, listen, queues, httpApi };
    this.alarms = createAlarms(parts, watched);
    this.dashboard = createDashboard(parts, watched, this.alarms);

    this.#before = parts.before;
    this.bucket = bucket;
    this.bucketName = bucket.bucketName;
    this.bucketAddress = bucketAddress(this, bucket, parts.before);
    this.url = `https://${props.domainName ?? this.distribution.distributionDomainName}`;
    this.apiFunction = functions.api.lambda;
    this.rollupFunction = functions.rollup.lambda;
    this.sweepFunction = functions.sweep.lambda;
    this.credentialsFunction = direct?.credentials.lambda;
    this.directRole = direct?.role;
    this.tokenSecret = secrets.token;
    this.deadLetterQueue = queues.deadLetters;
    this.#addOutputs();
  }

  /** Lets `grantee` read stores as a client does that reads the bucket itself: heads, what they name, and the tail. */
  grantRead(grantee: IGrantable): Grant {
    return grantAccess(this.bucket, bucketAccess.read, { grantee, before: this.#before });
  }

  /** Lets `grantee` look at everything: `icecore stores`, `log`, `replay`, `verify`, `export`. */
  grantInspect(grantee: IGrantable): Grant {
    return grantAccess(this.bucket, bucketAccess.inspect, { grantee, before: this.#before });
  }

  /** Lets `grantee` append updates of any app to any store, and read. */
  grantWrite(grantee: IGrantable): Grant {
    return grantAccess(this.bucket, bucketAccess.write, { grantee, before: this.#before });
  }

  /** Lets `grantee` run rollups: `icecore rollup`, also with --watch. */
  grantRollup(grantee: IGrantable): Grant {
    return grantAccess(this.bucket, bucketAccess.rollupByHand, { grantee, before: this.#before });
  }

  #addOutputs(): void {
    new CfnOutput(this, "Url", { value: this.url, description: "Where clients reach the store" });
    new CfnOutput(this, "BucketAddress", { value: this.bucketAddress, description: "For icecore --bucket" });
    if (this.tokenSecret)
      new CfnOutput(this, "TokenSecretArn", {
        value: this.tokenSecret.secretArn,
        description: "What signs users' tokens",
      });
    if (!this.hintsApi) return;
    new CfnOutput(this, "HintsUrl", {
      value: `https://${this.hintsApi.httpDns}`,
      description: "For appSyncHints: url",
    });
    new CfnOutput(this, "HintsRealtimeUrl", {
      value: `wss://${this.hintsApi.realtimeDns}`,
      description: "For appSyncHints: realtimeUrl",
    });
  }
}

interface DirectMode {
  readonly credentials: StoreFunction;
  readonly role: Role;
}

/** The function names the role, the role trusts the function's role: that of the function is made first. */
function createDirectMode(parts: StoreParts, bucket: Bucket, secrets: Secrets): DirectMode {
  const credentials = createCredentialsFunction(parts, bucket, secrets);
  const role = createDirectRole(parts, bucket, new ArnPrincipal(credentials.role.roleArn));
  role.grantAssumeRole(credentials.role);
  credentials.lambda.addEnvironment("ICECORE_DIRECT_ROLE_ARN", role.roleArn);
  return { credentials, role };
}

function readNews({ lambda }: StoreFunction, { news }: NewsQueues): void {
  lambda.addEventSource(
    new SqsEventSource(news, {
      batchSize: cdkSettings.rollupBatchMax,
      maxBatchingWindow: Duration.seconds(cdkSettings.rollupBatchWindowSeconds),
      maxConcurrency: cdkSettings.rollupsAtOnceMax,
      reportBatchItemFailures: true,
    }),
  );
}
