/**
 * The bucket: the only database of a store. What the protocol asks of it is written into its own policy, so that no role in the account,
 * not even an administrator's by mistake, breaks it: every write is conditional, all but a head is always a new object, a head is never deleted.
 */
import { Duration } from "aws-cdk-lib";
import { AnyPrincipal, Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  HttpMethods,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { appsPrefix, builtKinds, builtRoot, headsPrefix, updatesRoot } from "../shared/wire/keys.ts";
import { acknowledge } from "./acknowledge.ts";
import { objectsBelow } from "./permissions.ts";
import { cdkSettings } from "./settings.ts";
import type { StoreParts } from "./store-parts.ts";

/** What clients of direct mode read of an answer (bucket/s3-fetch). */
const exposedHeaders = ["ETag", "Date", "Last-Modified", "Content-Encoding"];

export function createStoreBucket(parts: StoreParts): Bucket {
  const { scope, props, before, removalPolicy } = parts;
  const bucket = new Bucket(scope, "Bucket", {
    ...(props.bucketName === undefined ? {} : { bucketName: props.bucketName }),
    ...(props.accessLogBucket === undefined
      ? {}
      : { serverAccessLogsBucket: props.accessLogBucket, serverAccessLogsPrefix: "icecore-s3/" }),
    versioned: true,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy,
    lifecycleRules: [
      // No rule expires a current object: heads and updates are the log (docs/protocol.md, "What is assumed").
      {
        id: "OldVersions",
        noncurrentVersionExpiration: Duration.days(cdkSettings.oldVersionsDays),
        expiredObjectDeleteMarker: true,
        abortIncompleteMultipartUploadAfter: Duration.days(cdkSettings.partUploadDays),
      },
      // Where rules overlap S3 takes the shorter time. What a rollup deleted is in segments, whose old versions stay for the month.
      {
        id: "OldVersionsOfUpdates",
        prefix: before + updatesRoot,
        noncurrentVersionExpiration: Duration.days(cdkSettings.oldUpdatesDays),
        expiredObjectDeleteMarker: true,
      },
    ],
  });
  allowPages(bucket, parts);
  for (const statement of protocolStatements(bucket, before)) bucket.addToResourcePolicy(statement);
  // Without it a bucket that outlives its stack would be the less safe one.
  bucket.policy?.applyRemovalPolicy(removalPolicy);
  if (props.accessLogBucket === undefined)
    acknowledge(bucket, "Every poll of every client would be a line; who wants them gives accessLogBucket.", [
      "AwsSolutions-S1",
    ]);
  return bucket;
}

/** Only direct mode brings pages to the bucket itself; all others meet CloudFront. */
function allowPages(bucket: Bucket, { props }: StoreParts): void {
  const { corsOrigins = [], directMode } = props;
  if (!directMode || corsOrigins.length === 0) return;
  bucket.addCorsRule({
    allowedOrigins: [...corsOrigins],
    allowedMethods: [HttpMethods.GET, HttpMethods.HEAD, HttpMethods.PUT],
    allowedHeaders: ["*"],
    exposedHeaders,
    maxAge: cdkSettings.corsAgeSeconds,
  });
}

/** Denials for everybody. A part of a multipart upload has no condition, so none can be made. */
function protocolStatements(bucket: Bucket, before: string): readonly PolicyStatement[] {
  const deny = (sid: string, action: string, rest: { resources: string[]; conditions?: object }) =>
    new PolicyStatement({
      sid,
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: [action],
      ...rest,
    });
  return [
    deny("UpdatesAreNewObjects", "s3:PutObject", {
      resources: objectsBelow(bucket, before, [updatesRoot]),
      conditions: { Null: { "s3:if-none-match": "true" } },
    }),
    // Heads alone are swapped; and what a self-test makes to find out whether that works.
    deny("ObjectsAreNewObjects", "s3:PutObject", {
      resources: objectsBelow(bucket, before, [appsPrefix, ...builtKinds.map(builtRoot)]),
      conditions: { Null: { "s3:if-none-match": "true" } },
    }),
    deny("WritesAreConditional", "s3:PutObject", {
      resources: objectsBelow(bucket, before, [""]),
      // All keys of one operator must hold: neither condition is there.
      conditions: { Null: { "s3:if-none-match": "true", "s3:if-match": "true" } },
    }),
    deny("HeadsAreNeverDeleted", "s3:DeleteObject", {
      resources: objectsBelow(bucket, before, [headsPrefix]),
    }),
  ];
}

/**
 * News of new updates, S3's own: one path for the API's writes and those of direct mode.
 *
 * Set on the resource itself, where CDK would deploy a function of its own that may change the notifications of every bucket in the
 * account. So no other notification may be added to this bucket; that is an error when the app is synthesised.
 */
export function sendNews(bucket: Bucket, queue: IQueue, before: string): void {
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.notificationConfiguration = {
    queueConfigurations: [
      {
        event: "s3:ObjectCreated:*",
        queue: queue.queueArn,
        filter: { s3Key: { rules: [{ name: "prefix", value: before + updatesRoot }] } },
      },
    ],
  };
  // S3 tries the queue out while the bucket is made.
  const policy = queue.node.tryFindChild("Policy");
  if (policy) resource.node.addDependency(policy);
  bucket.node.addValidation({
    validate: () =>
      bucket.node.tryFindChild("Notifications")
        ? [
            "A notification was added to the bucket of an IcecoreStore; it would replace the one that wakes the rollup. Take it out.",
          ]
        : [],
  });
}
