/** Reading one object of S3: its body, or only its etag. */
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import type { Etag, GetAnswer } from "../../shared/ports/bucket.ts";
import { isAbsent, notS3 } from "../s3-common/fault.ts";
import { endBody, readBody } from "./body.ts";
import { answerDate } from "./client.ts";
import { faultOf } from "./fault.ts";
import { at, type Parts, reading } from "./parts.ts";

interface ReadOptions {
  readonly ifNoneMatch?: Etag;
  readonly bytesMax?: number;
}

export function readObject(
  parts: Parts,
  key: string,
  { ifNoneMatch, bytesMax = Number.POSITIVE_INFINITY }: ReadOptions,
): Promise<GetAnswer> {
  const condition = ifNoneMatch === undefined ? {} : { IfNoneMatch: ifNoneMatch };
  return reading(parts, { doing: "read", key }, async () => {
    try {
      const output = await parts.client.send(new GetObjectCommand({ ...at(parts, key), ...condition }));
      parts.tries.answered();
      const { ETag, LastModified } = output;
      if (ETag === undefined || LastModified === undefined) {
        endBody(output);
        throw notS3();
      }
      const date = answerDate(output) ?? parts.platform.now();
      const body = await readBody(output, bytesMax);
      if (body.is === "tooLarge") return { ...body, date };
      return { is: "found", body: body.bytes, etag: ETag, lastModified: LastModified.getTime(), date };
    } catch (error) {
      const fault = faultOf(error);
      const date = fault.date ?? parts.platform.now();
      if (fault.status === 304) return { is: "unchanged", date };
      if (isAbsent(fault)) return { is: "absent", date };
      throw error;
    }
  });
}

/** An object's etag now; null when it is absent. */
export function readEtag(parts: Parts, key: string): Promise<Etag | null> {
  return reading(parts, { doing: "read", key }, async () => {
    try {
      return (await parts.client.send(new HeadObjectCommand(at(parts, key)))).ETag ?? null;
    } catch (error) {
      // A HEAD has no body, so there is no word beside the status.
      if (faultOf(error).status === 404) return null;
      throw error;
    }
  });
}
