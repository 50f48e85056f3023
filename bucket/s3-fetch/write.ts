/**
 * One conditional write over fetch, sent once: 412 is "refused", whatever leaves open whether it happened is "unknown"
 * (s3-common/write.ts), what certainly did nothing and will not work is thrown. One that was refused for credentials that have been
 * renewed since did nothing, but the next one will work: it is "unknown" too, so that the caller, who alone may, tries again.
 */
import type { PutContent, WriteAnswer } from "../../shared/ports/bucket.ts";
import { s3ErrorBytesMax } from "../limits.ts";
import { faultText, notS3 } from "../s3-common/fault.ts";
import { answerOfFault, type Condition } from "../s3-common/write.ts";
import { fetchError } from "./errors.ts";
import { faultOf, RenewedError } from "./fault.ts";
import type { Parts } from "./parts.ts";
import { type S3Answer, send, timeIn } from "./request.ts";

export async function writeObject(
  parts: Parts,
  key: string,
  content: PutContent,
  condition: Condition,
): Promise<WriteAnswer> {
  const { location, clock, tries } = parts;
  const { body, contentType, contentEncoding, cacheControl } = content;
  const headers = {
    ...("ifMatch" in condition ? { "if-match": condition.ifMatch } : { "if-none-match": "*" }),
    "content-type": contentType,
    "cache-control": cacheControl,
    ...(contentEncoding === undefined ? {} : { "content-encoding": contentEncoding }),
  };
  try {
    const answer = await send(parts, { method: "PUT", key, headers, body });
    tries.answered();
    if (/^text\/html\b/i.test(answer.header("content-type") ?? "")) {
      answer.end();
      throw notS3();
    }
    // To its end: what breaks off is no clear answer.
    await answer.body(s3ErrorBytesMax);
    const etag = answer.header("etag");
    // Something on the way took the etag out: it is stored, but nobody knows as what.
    if (etag === null)
      return { is: "unknown", why: `HTTP ${answer.status} without an etag`, date: answer.date };
    if (!clock.isKnown()) await learnClock(parts, key, { ...answer, etag });
    return { is: "stored", etag, date: answer.dated ? answer.date : clock.date(null) };
  } catch (error) {
    const fault = faultOf(error);
    const date = fault.date ?? clock.date(null);
    if (error instanceof RenewedError)
      return { is: "unknown", why: `${faultText(fault)}, renewed since`, date };
    const answer = answerOfFault(fault, condition, date);
    if (answer) return answer;
    throw fetchError(fault, { location, doing: "store", key }, error);
  }
}

/** No answer shows its Date here, but when this object was stored is known to the service: its clock at some time of that write. */
async function learnClock(parts: Parts, key: string, written: S3Answer & { etag: string }): Promise<void> {
  try {
    const answer = await send(parts, { method: "HEAD", key });
    answer.end();
    const stored = timeIn(answer.header("last-modified"));
    const isStill = answer.header("etag") === written.etag;
    if (isStill && stored !== null) parts.clock.observe(stored, written);
  } catch {
    // The next write tells it.
  }
}
