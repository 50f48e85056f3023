/**
 * What one app may do with a store in direct mode, as an IAM policy document. Pure.
 *
 * It may create raw updates under its own app id and read what a reader of this store reads; nothing else is named, so nothing else is
 * allowed: no head, no delete, no other app's key, no other store. A raw update is asked to be a new object (If-None-Match), readable by
 * the rollup: one in an archive, or encrypted with a key that only its author has, would stop every round of the store.
 * The protocol does not rest on any of it: what is written here passes the same checks as every other raw object.
 */
import { StoreError } from "../shared/errors.ts";
import { servedKinds } from "../shared/wire/http-routes.ts";
import type { AppId, StoreId } from "../shared/wire/ids.ts";
import { builtPrefix, headKey, updateKey, updatesPrefix } from "../shared/wire/keys.ts";
import { formatTimestamp, zeroTimestamp } from "../shared/wire/time.ts";

/** In IAM's own words: operator -> key -> value. */
export type PolicyConditions = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface PolicyStatement {
  readonly Effect: "Allow";
  readonly Action: string;
  readonly Resource: string | readonly string[];
  readonly Condition?: PolicyConditions;
}

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly PolicyStatement[];
}

export interface DirectPolicyInput {
  /** `arn:aws:s3:::notes`. */
  readonly bucketArn: string;
  /** What stands before all keys in the bucket: "" or `team`. */
  readonly root: string;
  readonly store: StoreId;
  readonly app: AppId;
  /** False only for services that do not know the condition `s3:if-none-match`, such as Ceph 16. */
  readonly createOnly: boolean;
}

/**
 * The policy of one app's credentials.
 *
 * @throws StoreError "rejected" for a root that IAM would read as a pattern.
 * @example
 * directPolicy({ bucketArn: "arn:aws:s3:::notes", root: "", store, app, createOnly: true }).Statement[0].Action; // "s3:PutObject"
 */
export function directPolicy({ bucketArn, root, store, app, createOnly }: DirectPolicyInput): PolicyDocument {
  const before = beforeKeys(root);
  const object = (key: string): string => `${bucketArn}/${before}${key}`;
  const all = (prefix: string): string => object(`${prefix}*`);
  const built = servedKinds.map((kind) => all(builtPrefix(kind, store)));
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: "s3:PutObject",
        Resource: object(ownUpdates(store, app)),
        Condition: conditionsOfPut(createOnly),
      },
      {
        Effect: "Allow",
        Action: "s3:GetObject",
        Resource: [object(headKey(store)), all(updatesPrefix(store)), ...built],
      },
      {
        Effect: "Allow",
        Action: "s3:ListBucket",
        Resource: bucketArn,
        // Just this prefix: a client lists nothing but the tail.
        Condition: { StringEquals: { "s3:prefix": before + updatesPrefix(store) } },
      },
    ],
  };
}

/** A multipart upload has no conditions on its parts: `Null` refuses them, and no update is as large as that. */
function conditionsOfPut(createOnly: boolean): PolicyConditions {
  const noOwnKey = { "s3:x-amz-server-side-encryption-customer-algorithm": "true" };
  return {
    Null: createOnly ? { "s3:if-none-match": "false", ...noOwnKey } : noOwnKey,
    StringEqualsIfExists: { "s3:x-amz-storage-class": "STANDARD" },
  };
}

/** Keys of an app's updates at any time; spelt by whom every key is spelt by. */
function ownUpdates(store: StoreId, app: AppId): string {
  return updateKey({ store, app, timestamp: zeroTimestamp }).replace(formatTimestamp(zeroTimestamp), "*");
}

function beforeKeys(root: string): string {
  const trimmed = root.replace(/^\/+|\/+$/g, "");
  if (/[*?$]/.test(trimmed))
    throw new StoreError({
      kind: "rejected",
      what: "The root of the bucket's address holds *, ? or $, which a policy would read as a pattern",
      fix: "Direct mode needs a root without them.",
    });
  return trimmed === "" ? "" : `${trimmed}/`;
}
