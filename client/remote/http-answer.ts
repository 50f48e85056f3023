/** Whole answers, read as what they say: JSON of icecore's API, or S3's own word for an object that is not there. */
import { decodeBody } from "../../shared/drive/body.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { parseWireError } from "../../shared/wire/http.ts";
import { failure, noAnswer } from "./http-errors.ts";
import { tailBytesMax } from "./http-limits.ts";
import type { HttpAnswer, Requester } from "./http-request.ts";

export function isJson({ header }: Pick<HttpAnswer, "header">): boolean {
  return /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(header("content-type") ?? "");
}

/** The answer's JSON, or undefined where it is none, too long or too deep. */
export async function jsonOf(answer: HttpAnswer, platform: Platform): Promise<unknown> {
  const { body } = answer;
  if (body.is === "tooLarge" || !isJson(answer)) return undefined;
  const found = { is: "found", body: body.bytes, etag: "", date: 0, lastModified: 0 } as const;
  const read = await decodeBody(found, platform, body.bytes.length * 2 + tailBytesMax, defaultSettings);
  return read.is === "found" ? read.json : undefined;
}

/** S3's words, however its XML begins. A bucket that is not there is no missing object. */
const noSuchKey = /^(<\?xml.*>)?\s*<Error>\s*<Code>NoSuchKey</;

export async function isAbsent(answer: HttpAnswer, platform: Platform): Promise<boolean> {
  const { status, body } = answer;
  if (status !== 404) return false;
  // Where a cache leads straight to the bucket, the bucket itself answers.
  if (body.is === "whole" && noSuchKey.test(String.fromCharCode(...body.bytes.subarray(0, 200)))) return true;
  const error = parseWireError(await jsonOf(answer, platform));
  return error.ok && error.value.kind === "absent";
}

export async function failureOf(
  requester: Pick<Requester, "server">,
  answer: HttpAnswer,
  platform: Platform,
): Promise<StoreError> {
  return failure(requester.server, answer.status, await jsonOf(answer, platform));
}

export function notUnderstood({ server }: Pick<Requester, "server">, reason: string): StoreError {
  if (!/format is "icecore-/.test(reason))
    return noAnswer(server, `gave an answer that is not icecore's: ${reason}`);
  return new StoreError({
    kind: "incompatible",
    what: `${server} gave an answer of another release of icecore: ${reason}`,
    fix: "Upgrade the app.",
  });
}
