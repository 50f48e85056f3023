/**
 * One page of a list. Keys come encoded, so that no key that somebody else put there can break the answer's XML; what cannot be part of
 * the bucket as the port sees it, such as the folder marker of a web console at the prefix itself, is left out.
 */
import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import type { ListAnswer, Listed } from "../../shared/ports/bucket.ts";
import { s3EmptyPagesMax } from "../limits.ts";
import { answerDate } from "./client.ts";
import { notS3, type Parts, reading } from "./parts.ts";

interface Wanted {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

export function listPage(parts: Parts, { prefix, after, limit }: Wanted): Promise<ListAnswer> {
  const { location, platform, client } = parts;
  const below = location.prefix + prefix;
  const page = { Bucket: location.bucket, Prefix: below, EncodingType: "url" as const, MaxKeys: limit };
  return reading(parts, { doing: "list", key: prefix }, async () => {
    let from: { StartAfter?: string; ContinuationToken?: string } =
      after === "" ? {} : { StartAfter: location.prefix + after };
    for (let empty = 0; empty < s3EmptyPagesMax; empty++) {
      const output = await client.send(new ListObjectsV2Command({ ...page, ...from }));
      const objects = listedIn(output, { root: location.prefix, below });
      const [first] = objects;
      // A caller that goes on after the last key would never come to an end.
      if (first && after !== "" && compareBytes(first.key, after) <= 0) throw badList();
      const more = output.IsTruncated === true;
      if (first || !more) return { objects, more, date: answerDate(output) ?? platform.now() };
      // A service may give an empty page and go on, if it does go on.
      const next = output.NextContinuationToken;
      if (next === undefined || next === from.ContinuationToken) break;
      from = { ContinuationToken: next };
    }
    throw badList();
  });
}

function listedIn(
  output: ListObjectsV2CommandOutput,
  { root, below }: { readonly root: string; readonly below: string },
): readonly Listed[] {
  const { Contents = [], EncodingType, IsTruncated, KeyCount, Name } = output;
  if (IsTruncated === undefined && KeyCount === undefined && Name === undefined) throw notS3();
  const objects = Contents.map(({ Key, Size, LastModified }) => {
    const key = keyOf(Key ?? "", EncodingType === "url", below);
    if (key === undefined || Size === undefined || LastModified === undefined) throw badList();
    return { key: key.slice(root.length), bytes: Size, lastModified: LastModified.getTime() };
  });
  return objects.filter(({ key }) => key !== "");
}

/** Some services say that they encode, and do not; undefined for a key that was not asked for. */
function keyOf(text: string, encoded: boolean, below: string): string | undefined {
  const decoded = encoded ? decodeKey(text) : text;
  return [decoded, text].find((key) => key.startsWith(below));
}

/** As in a form: a plus is a space. */
function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** In the order of S3: by their bytes as UTF-8. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** S3 by its words, but not by what it lists. */
function badList(): Error {
  return Object.assign(new Error("no S3 list"), { Code: "BadList", $metadata: { httpStatusCode: 400 } });
}
