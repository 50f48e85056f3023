/**
 * The role of direct mode. The credentials function alone may take it, each time with a policy of one store and one app
 * (lambdas/direct-policy.ts); what is allowed here is the most that such a policy can give.
 */
import { Duration, Stack } from "aws-cdk-lib";
import { type IPrincipal, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import type { Bucket, CfnBucket } from "aws-cdk-lib/aws-s3";
import { updatesRoot } from "../shared/wire/keys.ts";
import { acknowledge } from "./acknowledge.ts";
import { bucketAccess, objectsBelow } from "./permissions.ts";
import { cdkSettings } from "./settings.ts";
import type { StoreParts } from "./store-parts.ts";

/** `taker`: who may take it. */
export function createDirectRole({ scope, before }: StoreParts, bucket: Bucket, taker: IPrincipal): Role {
  const role = new Role(scope, "DirectRole", {
    assumedBy: taker,
    description: "icecore: the most that clients of direct mode may do",
    maxSessionDuration: Duration.seconds(cdkSettings.directSeconds),
  });
  const readable = bucketAccess.read.get;
  const statements = [
    new PolicyStatement({
      sid: "CreateUpdates",
      actions: ["s3:PutObject"],
      resources: objectsBelow(bucket, before, [updatesRoot]),
      // Encrypted with a key of its author's, an update could be read by nobody else, the rollup included.
      conditions: {
        Null: { "s3:if-none-match": "false", "s3:x-amz-server-side-encryption-customer-algorithm": "true" },
        StringEqualsIfExists: { "s3:x-amz-storage-class": "STANDARD" },
      },
    }),
    new PolicyStatement({
      sid: "ReadLogs",
      actions: ["s3:GetObject"],
      resources: objectsBelow(bucket, before, readable),
    }),
    new PolicyStatement({
      sid: "ListTails",
      actions: ["s3:ListBucket"],
      resources: [bucket.bucketArn],
      conditions: { StringLike: { "s3:prefix": `${before}${updatesRoot}*` } },
    }),
  ];
  for (const statement of statements) role.addToPolicy(statement);
  const logicalId = Stack.of(scope).getLogicalId(bucket.node.defaultChild as CfnBucket);
  acknowledge(
    role,
    "A session's own policy names the store and the app; this role is their upper bound.",
    readable.map((prefix) => `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${before}${prefix}*]`),
  );
  return role;
}
