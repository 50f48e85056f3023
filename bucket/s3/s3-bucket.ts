/**
 * The bucket on S3, or on a service that speaks it: the Bucket port over the AWS SDK.
 *
 * A conditional write is one request, sent once: 412 is "refused", whatever leaves open whether it happened is "unknown", what
 * certainly did nothing and will not work is thrown. Reads, lists and deletes change nothing that a second try could spoil, so they
 * have tries of their own (tries.ts). How If-Match is spelt is found out (if-match.ts).
 */
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Bucket, Etag, GetAnswer, Listed, PutContent, WriteAnswer } from "../../shared/ports/bucket.ts";
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { requireKey } from "../key-rules.ts";
import { s3DeleteKeysMax, s3ParallelDeletes } from "../limits.ts";
import { createNodePlatform } from "../platform/node.ts";
import { readBody } from "./body.ts";
import { answerDate, createSdkClient } from "./client.ts";
import { s3Error } from "./errors.ts";
import { readFacts } from "./facts.ts";
import { type Fault, faultOf, faultText, isPassing } from "./fault.ts";
import { createIfMatch, type IfMatch, isEtag } from "./if-match.ts";
import { parseS3Location, type S3Location } from "./location.ts";
import { createTries, type Tries } from "./tries.ts";

export interface S3BucketOptions {
  readonly platform?: Platform;
  /** Ends waiting between tries of a read. */
  readonly signal?: AbortSignalLike;
}

interface Parts {
  readonly location: S3Location;
  readonly client: S3Client;
  readonly platform: Platform;
  readonly tries: Tries;
  readonly ifMatch: IfMatch;
}

/**
 * Opens the bucket at `s3://bucket/prefix?endpoint=…&region=…`. Sends nothing yet.
 *
 * @throws StoreError "rejected" when the address is not well formed.
 * @example
 * const bucket = createS3Bucket("s3://notes/team?region=eu-central-1");
 */
export function createS3Bucket(address: string, options: S3BucketOptions = {}): Bucket {
  const { platform = createNodePlatform(), signal } = options;
  const location = parseS3Location(address);
  const parts: Parts = {
    location,
    client: createSdkClient(location),
    platform,
    tries: createTries(platform, signal),
    ifMatch: createIfMatch(),
  };
  const check = (key: string): void => requireKey(key, location.name);

  return {
    name: location.name,
    async get(key, getOptions = {}) {
      check(key);
      return getObject(parts, key, getOptions);
    },
    async putIfAbsent(key, content) {
      check(key);
      return put(parts, key, content, { IfNoneMatch: "*" });
    },
    async putIfMatch(key, content, etag, { ifMatch } = {}) {
      check(key);
      if (!isEtag(etag)) return { is: "refused", date: platform.now() };
      return parts.ifMatch.swap(etag, ifMatch, {
        send: (spelt) => put(parts, key, content, { IfMatch: spelt }),
        current: () => currentEtag(parts, key),
      });
    },
    list: (prefix, { after = "", limit = defaultSettings.listKeysMax } = {}) =>
      listPage(parts, { prefix, after, limit: Math.min(limit, defaultSettings.listKeysMax) }),
    async delete(keys) {
      for (const key of keys) check(key);
      return deleteAll(parts, keys);
    },
    ifMatch: parts.ifMatch.known,
    facts: () => readFacts(parts),
  };
}

/** An object's address, as every request of the SDK takes it. */
function at({ location }: Parts, key: string): { readonly Bucket: string; readonly Key: string } {
  return { Bucket: location.bucket, Key: location.prefix + key };
}

/** A read with its tries; what stays wrong is thrown in plain words. */
function reading<T>(
  parts: Parts,
  doing: string,
  key: string | undefined,
  call: () => Promise<T>,
): Promise<T> {
  const place =
    key === undefined ? { location: parts.location, doing } : { location: parts.location, doing, key };
  return parts.tries.run(call, (fault, error) => s3Error(fault, place, error));
}

function getObject(
  parts: Parts,
  key: string,
  {
    ifNoneMatch,
    bytesMax = Number.POSITIVE_INFINITY,
  }: { readonly ifNoneMatch?: Etag; readonly bytesMax?: number },
): Promise<GetAnswer> {
  const condition = ifNoneMatch === undefined ? {} : { IfNoneMatch: ifNoneMatch };
  return reading(parts, "read", key, async () => {
    try {
      const output = await parts.client.send(new GetObjectCommand({ ...at(parts, key), ...condition }));
      const date = answerDate(output) ?? parts.platform.now();
      if (output.ETag === undefined || output.LastModified === undefined) throw notS3();
      const body = await readBody(output, bytesMax);
      if (body.is === "tooLarge") return { ...body, date };
      return {
        is: "found",
        body: body.bytes,
        etag: output.ETag,
        lastModified: output.LastModified.getTime(),
        date,
      };
    } catch (error) {
      const fault = faultOf(error);
      const date = fault.date ?? parts.platform.now();
      if (fault.status === 304) return { is: "unchanged", date };
      if (isAbsent(fault)) return { is: "absent", date };
      throw error;
    }
  });
}

/** A web server that is no S3 answers 404 too, but not in S3's words. */
function isAbsent({ status, code }: Fault): boolean {
  return status === 404 && (code === "NoSuchKey" || code === "NotFound");
}

function notS3(): Error {
  return Object.assign(new Error("no S3 answer"), { $metadata: { httpStatusCode: 404 } });
}

async function currentEtag(parts: Parts, key: string): Promise<Etag | null> {
  return reading(parts, "read", key, async () => {
    try {
      return (await parts.client.send(new HeadObjectCommand(at(parts, key)))).ETag ?? null;
    } catch (error) {
      if (faultOf(error).status === 404) return null;
      throw error;
    }
  });
}

/** One conditional write, sent once. */
async function put(
  parts: Parts,
  key: string,
  content: PutContent,
  condition: { readonly IfNoneMatch: "*" } | { readonly IfMatch: string },
): Promise<WriteAnswer> {
  const { location, platform, tries } = parts;
  const { body, contentType, contentEncoding, cacheControl } = content;
  try {
    const output = await parts.client.send(
      new PutObjectCommand({
        ...at(parts, key),
        ...condition,
        Body: body,
        ContentType: contentType,
        CacheControl: cacheControl,
        ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
      }),
    );
    tries.answered();
    if (output.ETag === undefined) throw notS3();
    return { is: "stored", etag: output.ETag, date: answerDate(output) ?? platform.now() };
  } catch (error) {
    const fault = faultOf(error);
    const date = fault.date ?? platform.now();
    if (fault.status === 412) return { is: "refused", date };
    // AWS says so where If-Match meets no object.
    if (isAbsent(fault) && "IfMatch" in condition) return { is: "refused", date };
    if (isPassing(fault)) return { is: "unknown", why: faultText(fault), date };
    throw s3Error(fault, { location, doing: "store", key }, error);
  }
}

interface Wanted {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

/** Keys come encoded, so that no key that somebody else put there can break the answer's XML. */
async function listPage(parts: Parts, { prefix, after, limit }: Wanted) {
  const { location, platform } = parts;
  const within = { Bucket: location.bucket, Prefix: location.prefix + prefix, EncodingType: "url" as const };
  const start = after === "" ? {} : { StartAfter: location.prefix + after };
  return reading(parts, "list", prefix, async () => {
    let from: { StartAfter?: string; ContinuationToken?: string } = start;
    for (;;) {
      const output = await parts.client.send(
        new ListObjectsV2Command({ ...within, MaxKeys: limit, ...from }),
      );
      if (output.IsTruncated === undefined && output.KeyCount === undefined && output.Name === undefined)
        throw notS3();
      const objects = listedIn(output, location.prefix);
      const more = output.IsTruncated === true;
      // A service may give an empty page and go on.
      if (objects.length === 0 && more && output.NextContinuationToken !== undefined)
        from = { ContinuationToken: output.NextContinuationToken };
      else return { objects, more, date: answerDate(output) ?? platform.now() };
    }
  });
}

function listedIn(
  { Contents = [], EncodingType }: ListObjectsV2CommandOutput,
  prefix: string,
): readonly Listed[] {
  return Contents.map(({ Key = "", Size = 0, LastModified }) => ({
    key: (EncodingType === "url" ? decodeKey(Key) : Key).slice(prefix.length),
    bytes: Size,
    lastModified: LastModified?.getTime() ?? 0,
  }));
}

/** As in a form: a plus is a space. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

async function deleteAll(parts: Parts, keys: readonly string[]): Promise<{ readonly date: number }> {
  let date = parts.platform.now();
  for (let i = 0; i < keys.length; i += s3DeleteKeysMax)
    date = await deleteGroup(parts, keys.slice(i, i + s3DeleteKeysMax));
  return { date };
}

/** One request for all; one by one where the service does not take that. */
function deleteGroup(parts: Parts, keys: readonly string[]): Promise<number> {
  return reading(parts, "delete objects", undefined, async () => {
    const Objects = keys.map((key) => ({ Key: at(parts, key).Key }));
    try {
      const output = await parts.client.send(
        new DeleteObjectsCommand({ Bucket: parts.location.bucket, Delete: { Objects, Quiet: true } }),
      );
      const failed = output.Errors?.find(({ Code }) => Code !== "NoSuchKey");
      if (failed)
        throw Object.assign(new Error("a delete failed"), { Code: failed.Code, $metadata: deniedStatus });
      return answerDate(output) ?? parts.platform.now();
    } catch (error) {
      if (!refusesGroups(faultOf(error))) throw error;
      return deleteSingly(parts, keys);
    }
  });
}

/** Inside of a good answer the service says why by a code alone. */
const deniedStatus = { httpStatusCode: 403 };

/** Some want an MD5 that the SDK sends no more, or have no such request at all. */
function refusesGroups({ code, status }: Fault): boolean {
  return (
    ["MissingContentMD5", "InvalidDigest", "NotImplemented", "MethodNotAllowed"].includes(code) ||
    status === 501
  );
}

async function deleteSingly(parts: Parts, keys: readonly string[]): Promise<number> {
  let date = parts.platform.now();
  for (let i = 0; i < keys.length; i += s3ParallelDeletes) {
    const group = keys.slice(i, i + s3ParallelDeletes);
    const outputs = await Promise.all(
      group.map((key) => parts.client.send(new DeleteObjectCommand(at(parts, key)))),
    );
    date = outputs.map(answerDate).find((one) => one !== null) ?? date;
  }
  return date;
}
