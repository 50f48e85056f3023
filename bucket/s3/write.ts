/**
 * One conditional write, sent once: 412 is "refused", whatever leaves open whether it happened is "unknown" (s3-common/write.ts), what
 * certainly did nothing and will not work is thrown.
 */
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { PutContent, WriteAnswer } from "../../shared/ports/bucket.ts";
import { s3AnswerMs, s3UploadBytesPerMs } from "../limits.ts";
import { notS3 } from "../s3-common/fault.ts";
import { answerOfFault, type Condition } from "../s3-common/write.ts";
import { answerDate, isWebPage } from "./client.ts";
import { s3Error } from "./errors.ts";
import { faultOf } from "./fault.ts";
import { at, type Parts } from "./parts.ts";

export async function writeObject(
  parts: Parts,
  key: string,
  content: PutContent,
  condition: Condition,
): Promise<WriteAnswer> {
  const { location, platform, tries } = parts;
  const { body, contentType, contentEncoding, cacheControl } = content;
  const put = new PutObjectCommand({
    ...at(parts, key),
    ...("ifMatch" in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: condition.ifNoneMatch }),
    Body: body,
    ContentType: contentType,
    CacheControl: cacheControl,
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
  });
  try {
    // The answer comes after the body went out, and a large one takes its time.
    const requestTimeout = s3AnswerMs + Math.ceil(body.length / s3UploadBytesPerMs);
    const output = await parts.client.send(put, { requestTimeout });
    tries.answered();
    const date = answerDate(output) ?? platform.now();
    if (output.ETag !== undefined) return { is: "stored", etag: output.ETag, date };
    if (isWebPage(output)) throw notS3();
    // Something on the way took the etag out: it is stored, but nobody knows as what.
    return { is: "unknown", why: "HTTP 200 without an etag", date };
  } catch (error) {
    const fault = faultOf(error);
    if (fault.status !== null) tries.answered();
    const date = fault.date ?? platform.now();
    const answer = answerOfFault(fault, condition, date);
    if (answer) return answer;
    throw s3Error(fault, { location, doing: "store", key }, error);
  }
}
