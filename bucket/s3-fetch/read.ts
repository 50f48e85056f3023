/**
 * Reading one object of S3 over fetch: its body, or only its etag.
 *
 * fetch unpacks what comes with "Content-Encoding: gzip" by itself. S3 is asked to say "identity" of it instead: so the bytes come as
 * they are stored, a cut shows by their length, and what is no gzip but claims to be is readable. A service that does not take that
 * wish gives the unpacked bytes; icecore reads both.
 */
import type { Etag, GetAnswer } from "../../shared/ports/bucket.ts";
import { FaultError, isAbsent, notS3 } from "../s3-common/fault.ts";
import { faultOf } from "./fault.ts";
import { type Parts, reading } from "./parts.ts";
import { type S3Answer, sendRead, timeIn } from "./request.ts";

interface ReadOptions {
  readonly ifNoneMatch?: Etag;
  readonly bytesMax?: number;
}

const asStored = { "response-content-encoding": "identity" };

export function readObject(
  parts: Parts,
  key: string,
  { ifNoneMatch, bytesMax = Number.POSITIVE_INFINITY }: ReadOptions,
): Promise<GetAnswer> {
  const condition = ifNoneMatch === undefined ? {} : { "if-none-match": ifNoneMatch };
  return reading(parts, { doing: "read", key }, async () => {
    try {
      const request = { method: "GET", key, query: asStored, headers: condition } as const;
      const answer = await sendRead(
        parts,
        ifNoneMatch === undefined ? request : { ...request, allowed: 304 },
      );
      parts.tries.answered();
      if (answer.status === 304) {
        answer.end();
        return { is: "unchanged", date: answer.date };
      }
      return await foundIn(answer, bytesMax);
    } catch (error) {
      const fault = faultOf(error);
      if (isAbsent(fault)) return { is: "absent", date: fault.date ?? parts.clock.date(null) };
      throw error;
    }
  });
}

async function foundIn(answer: S3Answer, bytesMax: number): Promise<GetAnswer> {
  const etag = answer.header("etag");
  const lastModified = timeIn(answer.header("last-modified"));
  if (etag === null || lastModified === null || answer.status !== 200) {
    answer.end();
    // Last-Modified always shows; a page sees the etag only where CORS exposes it.
    throw lastModified === null ? notS3() : new FaultError({ status: 404, code: "HiddenEtag" });
  }
  const { date } = answer;
  const body = await answer.body(bytesMax);
  if (body.is === "tooLarge") return { ...body, date };
  return { is: "found", body: body.bytes, etag, lastModified, date };
}

/** An object's etag now; null when it is absent. */
export function readEtag(parts: Parts, key: string): Promise<Etag | null> {
  return reading(parts, { doing: "read", key }, async () => {
    const answer = await sendRead(parts, { method: "HEAD", key, allowed: 404 });
    answer.end();
    // A HEAD has no body, so there is no word beside the status.
    return answer.status === 404 ? null : answer.header("etag");
  });
}
