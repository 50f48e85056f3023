/** A list of S3 over the SDK: the rules stand in s3-common/list.ts. */
import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import type { ListAnswer } from "../../shared/ports/bucket.ts";
import { type RawPage, readPage, type Wanted } from "../s3-common/list.ts";
import { answerDate } from "./client.ts";
import { type Parts, reading } from "./parts.ts";

export function listPage(parts: Parts, wanted: Wanted): Promise<ListAnswer> {
  const { location, platform, client } = parts;
  return reading(parts, { doing: "list", key: wanted.prefix }, () =>
    readPage(location.prefix, wanted, async (Prefix, { startAfter, token }) => {
      const output = await client.send(
        new ListObjectsV2Command({
          Bucket: location.bucket,
          Prefix,
          EncodingType: "url",
          MaxKeys: wanted.limit,
          ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      return rawPage(output, answerDate(output) ?? platform.now());
    }),
  );
}

function rawPage(output: ListObjectsV2CommandOutput, date: number): RawPage {
  const { Contents = [], EncodingType, IsTruncated, KeyCount, Name, NextContinuationToken } = output;
  return {
    name: Name ?? null,
    keyCount: KeyCount ?? null,
    truncated: IsTruncated ?? null,
    encoded: EncodingType === "url",
    next: NextContinuationToken ?? null,
    objects: Contents.map(({ Key, Size, LastModified }) => ({
      key: Key ?? null,
      bytes: Size ?? null,
      lastModified: LastModified?.getTime() ?? null,
    })),
    date,
  };
}
