/** What the service says of the bucket itself: its name, versioning, and lifecycle rules that would eat a log. Asked for by `icecore doctor`. */
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  ListObjectsV2Command,
  type LifecycleRule as Rule,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { BucketFacts, Fact, LifecycleRule } from "../../shared/ports/bucket.ts";
import { type Fault, faultText, notS3 } from "../s3-common/fault.ts";
import type { S3Location } from "../s3-common/location.ts";
import { answerServer } from "./client.ts";
import { s3Error } from "./errors.ts";
import { faultOf } from "./fault.ts";
import type { Parts } from "./parts.ts";
import { knownService } from "./services.ts";

/** Throws StoreError when the bucket cannot be reached at all. */
export async function readFacts(parts: Parts): Promise<BucketFacts> {
  const { location, client, tries } = parts;
  const Bucket = location.bucket;
  // A HEAD of the bucket would ask the same, but its refusals have no body, hence no word that says why.
  const signs = await tries.run(
    async () => {
      const output = await client.send(
        new ListObjectsV2Command({ Bucket, MaxKeys: 1, Prefix: location.prefix }),
      );
      if (output.IsTruncated === undefined && output.KeyCount === undefined) throw notS3();
      return { server: answerServer(output), requestId: output.$metadata.requestId ?? "" };
    },
    (fault, error) => s3Error(fault, { location, doing: "look at the bucket" }, error),
  );
  const host = location.endpoint === null ? "amazonaws.com" : new URL(location.endpoint).hostname;
  const known = knownService(host, signs);
  return {
    service: known?.name ?? signs.server ?? host,
    known: known && { good: known.good, note: known.note },
    versioning: await fact(parts, async () => {
      const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }));
      return Status === "Enabled" ? "on" : Status === "Suspended" ? "suspended" : "off";
    }),
    lifecycle: await fact(parts, () => readRules(client, location)),
  };
}

async function fact<T>({ tries }: Parts, ask: () => Promise<T>): Promise<Fact<T>> {
  let last: Fault | null = null;
  try {
    const value = await tries.run(ask, (fault, error) => {
      last = fault;
      return error;
    });
    return { known: true, value };
  } catch (error) {
    return { known: false, why: faultText(last ?? faultOf(error)) };
  }
}

async function readRules(
  client: S3Client,
  { bucket, prefix }: S3Location,
): Promise<readonly LifecycleRule[]> {
  try {
    const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
    return Rules.filter(({ Status }) => Status === "Enabled").flatMap((rule, i) => readRule(rule, i, prefix));
  } catch (error) {
    if (faultOf(error).code === "NoSuchLifecycleConfiguration" || faultOf(error).status === 404) return [];
    throw error;
  }
}

/** Storage classes from which an object must be restored before it can be read. */
const frozenClasses = new Set(["GLACIER", "DEEP_ARCHIVE"]);

function readRule(rule: Rule, index: number, root: string): readonly LifecycleRule[] {
  const { Expiration, Transitions = [] } = rule;
  const expires = Expiration?.Days !== undefined || Expiration?.Date !== undefined;
  const freezes = Transitions.some(({ StorageClass }) => frozenClasses.has(StorageClass ?? ""));
  if (!expires && !freezes) return [];
  const prefix = prefixOf(rule);
  const inside = prefix === null ? null : below(prefix, root);
  if (inside === undefined) return [];
  return [{ id: rule.ID ?? `rule ${index + 1}`, prefix: inside, does: expires ? "expires" : "freezes" }];
}

/** Null where it looks at tags. */
function prefixOf({ Filter, Prefix }: Rule): string | null {
  if (Filter?.Tag !== undefined || (Filter?.And?.Tags?.length ?? 0) > 0) return null;
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
}

/** A rule's prefix as the port sees keys; undefined where it lies beside the root. */
function below(prefix: string, root: string): string | undefined {
  if (root.startsWith(prefix)) return "";
  return prefix.startsWith(root) ? prefix.slice(root.length) : undefined;
}
