/** A list of S3 over fetch: its XML read strictly; the rules of a page stand in s3-common/list.ts. */
import type { ListAnswer } from "../../shared/ports/bucket.ts";
import { s3ListBytesMax } from "../limits.ts";
import { FaultError, notS3 } from "../s3-common/fault.ts";
import { type RawPage, readPage, type Wanted } from "../s3-common/list.ts";
import { type Parts, reading } from "./parts.ts";
import { sendRead } from "./request.ts";
import { parseXml, textIn, type XmlElement } from "./xml.ts";

export function listPage(parts: Parts, wanted: Wanted): Promise<ListAnswer> {
  return reading(parts, { doing: "list", key: wanted.prefix }, () =>
    readPage(parts.location.prefix, wanted, async (prefix, { startAfter, token }) => {
      const query = {
        "list-type": "2",
        "encoding-type": "url",
        "max-keys": String(wanted.limit),
        prefix,
        ...(startAfter === undefined ? {} : { "start-after": startAfter }),
        ...(token === undefined ? {} : { "continuation-token": token }),
      };
      const answer = await sendRead(parts, { method: "GET", query });
      parts.tries.answered();
      if (/^text\/html\b/i.test(answer.header("content-type") ?? "")) {
        answer.end();
        throw notS3();
      }
      const body = await answer.body(s3ListBytesMax);
      if (body.is === "tooLarge") throw notS3();
      return parsePage(textOf(body.bytes, parts), answer.date);
    }),
  );
}

/** A page that came, and that nobody can read: it may have been cut on the way. */
function unreadable(): FaultError {
  return new FaultError({ status: 200 });
}

function textOf(bytes: Uint8Array, { platform }: Parts): string {
  try {
    return platform.decodeText(bytes);
  } catch {
    throw unreadable();
  }
}

/** Throws FaultError for what is no answer to ListObjectsV2. */
export function parsePage(text: string, date: number): RawPage {
  const root = parseXml(text);
  if (root === null) throw unreadable();
  if (root.name === "Error") throw new FaultError({ status: 200, code: textIn(root, "Code") ?? "" });
  if (root.name !== "ListBucketResult") throw notS3();
  return {
    name: textIn(root, "Name"),
    keyCount: numberIn(root, "KeyCount"),
    truncated: truthIn(root, "IsTruncated"),
    encoded: textIn(root, "EncodingType") === "url",
    next: textIn(root, "NextContinuationToken"),
    objects: root.children
      .filter(({ name }) => name === "Contents")
      .map((object) => ({
        key: textIn(object, "Key"),
        bytes: numberIn(object, "Size"),
        lastModified: timeOf(textIn(object, "LastModified")),
      })),
    date,
  };
}

function numberIn(element: XmlElement, name: string): number | null {
  const text = textIn(element, name);
  if (text === null) return null;
  if (!/^\d{1,15}$/.test(text)) throw unreadable();
  return Number(text);
}

function truthIn(element: XmlElement, name: string): boolean | null {
  const text = textIn(element, name);
  if (text !== null && text !== "true" && text !== "false") throw unreadable();
  return text === null ? null : text === "true";
}

function timeOf(text: string | null): number | null {
  if (text === null) return null;
  const ms = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw unreadable();
  return ms;
}
