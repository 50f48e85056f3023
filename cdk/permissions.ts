/**
 * Who may do what in the bucket, as one table. Nothing may be done that is not named in it, and nothing is named that the code does not do.
 *
 * The right to list is what makes S3 answer 404, not 403, for an object that is absent, which is normal life to the protocol (a raw update
 * that another rollup has just deleted). S3 asks for it without a prefix then, so the condition on the prefix says "if there is one".
 */
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import {
  appsPrefix,
  builtKinds,
  builtRoot,
  headsPrefix,
  probesRoot,
  updatesRoot,
} from "../shared/wire/keys.ts";

/** Prefixes of keys, by what may be done there. */
export interface BucketAccess {
  readonly get: readonly string[];
  readonly put?: readonly string[];
  readonly delete?: readonly string[];
  readonly list: readonly string[];
}

const built = builtKinds.map(builtRoot);
const served = builtKinds.filter((kind) => kind !== "sweeps").map(builtRoot);
const log = [headsPrefix, updatesRoot, ...served];
/** Publishes: reads everything of the log, writes what it builds, swaps the head, deletes raw updates alone. */
const rollup = {
  get: log,
  put: [headsPrefix, ...served],
  delete: [updatesRoot],
  list: [updatesRoot],
} as const;

export const bucketAccess = {
  /** What a client reads, the tail included. */
  read: { get: log, list: [updatesRoot] },
  /** Everything, for people: `icecore stores`, `log`, `replay`, `verify`, `export`. */
  inspect: { get: [...log, appsPrefix, ...built], list: [headsPrefix, updatesRoot, appsPrefix, ...built] },
  /** Appending updates, as a client of direct mode would without the limit to its own app. */
  write: { get: log, put: [updatesRoot], list: [updatesRoot] },
  /** Appends, makes stores (after a self-test with probes, where nothing lies under the store yet), notes who owns an app id. */
  api: {
    get: [...log, appsPrefix, probesRoot],
    put: [headsPrefix, updatesRoot, appsPrefix, probesRoot],
    delete: [probesRoot],
    list: [updatesRoot, ...built, probesRoot],
  },
  /** Looks at who owns an app id, and notes it on first use. */
  credentials: { get: [headsPrefix, appsPrefix], put: [appsPrefix], list: [appsPrefix] },
  rollup,
  /** A rollup by hand: with --watch it begins with a self-test, as whoever runs for long does. */
  rollupByHand: {
    get: [...rollup.get, probesRoot],
    put: [...rollup.put, probesRoot],
    delete: [...rollup.delete, probesRoot],
    list: [...rollup.list, probesRoot],
  },
  /** A rollup that also knows the stores, and deletes what no head names any more. */
  sweep: {
    get: [...log, ...built.filter((prefix) => !served.includes(prefix))],
    put: [headsPrefix, ...built],
    delete: [updatesRoot, ...built, probesRoot],
    list: [headsPrefix, updatesRoot, ...built, probesRoot],
  },
} as const satisfies Readonly<Record<string, BucketAccess>>;

/** Gives `grantee` one row of the table. `before` is what stands before every key. */
export function grantAccess(
  bucket: IBucket,
  access: BucketAccess,
  { grantee, before }: { readonly grantee: IGrantable; readonly before: string },
): Grant {
  const objects = (action: string, prefixes: readonly string[] = []): readonly Grant[] => {
    if (prefixes.length === 0) return [];
    const resourceArns = objectsBelow(bucket, before, prefixes);
    return [Grant.addToPrincipal({ grantee, actions: [action], resourceArns })];
  };
  const list = Grant.addToPrincipal({
    grantee,
    actions: ["s3:ListBucket"],
    resourceArns: [bucket.bucketArn],
    conditions: { StringLikeIfExists: { "s3:prefix": access.list.map((prefix) => `${before}${prefix}*`) } },
  });
  return [
    ...objects("s3:GetObject", access.get),
    ...objects("s3:PutObject", access.put),
    ...objects("s3:DeleteObject", access.delete),
  ].reduce((all, one) => all.combine(one), list);
}

/** ARNs of all objects below the prefixes. */
export function objectsBelow(bucket: IBucket, before: string, prefixes: readonly string[]): string[] {
  return prefixes.map((prefix) => bucket.arnForObjects(`${before}${prefix}*`));
}
