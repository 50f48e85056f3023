/**
 * Bodies: JSON to stored bytes and back. The one place that knows gzip, content types and cache headers.
 *
 * Reading never throws on what it finds: bytes that are no gzip, no UTF-8, no JSON, too deep or too large are "unreadable",
 * with a reason and their first characters, and the program that asked decides.
 */
import { StoreError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { ReadBody } from "../log/program.ts";
import type { GetAnswer, PutContent } from "../ports/bucket.ts";
import type { Platform } from "../ports/platform.ts";
import type { Settings } from "../settings.ts";
import { headsPrefix } from "../wire/keys.ts";

/** Of everything but the head: no name is ever used twice. */
export const immutable = "max-age=31536000, immutable";
/** Of the head: shared caches keep it for a second. */
export const headFresh = "max-age=0, s-maxage=1";
/** Objects wrap action data and state in a few levels of their own. */
const envelopeDepth = 20;

export async function encodeBody(
  key: string,
  body: Json,
  platform: Platform,
  settings: Settings,
): Promise<PutContent> {
  const plain = platform.encodeText(JSON.stringify(body));
  const isHead = key.startsWith(headsPrefix);
  if (plain.length > (isHead ? settings.headBytesMax : settings.objectBytesMax))
    throw tooLarge(key, plain.length);
  const content = { contentType: "application/json", cacheControl: isHead ? headFresh : immutable };
  if (plain.length <= settings.gzipBytesMin) return { ...content, body: plain };
  return { ...content, body: await platform.gzip(plain), contentEncoding: "gzip" };
}

export async function decodeBody(
  answer: GetAnswer & { is: "found" | "absent" | "tooLarge" },
  platform: Platform,
  bytesMax: number,
  settings: Settings,
): Promise<ReadBody> {
  if (answer.is === "absent") return { is: "absent" };
  if (answer.is === "tooLarge")
    return {
      is: "unreadable",
      reason: `it is ${answer.bytes} bytes long, more than ${bytesMax}`,
      text: lenientText(answer.start, platform),
    };
  let bytes = answer.body;
  try {
    if (isGzip(bytes)) bytes = await platform.gunzip(bytes, bytesMax);
  } catch (error) {
    // The platform cannot unpack at all: that says nothing of the bytes.
    if (error instanceof StoreError) throw error;
    return {
      is: "unreadable",
      reason: `its gzip is damaged or opens to more than ${bytesMax} bytes`,
      text: "",
    };
  }
  try {
    const text = platform.decodeText(bytes);
    if (isDeeper(text, settings.jsonDepthMax + envelopeDepth))
      return { is: "unreadable", reason: `its JSON is nested deeper than ${settings.jsonDepthMax}`, text };
    return { is: "found", json: JSON.parse(text), etag: answer.etag, bytes: bytes.length };
  } catch {
    const text = lenientText(bytes.subarray(0, 65_536), platform);
    return { is: "unreadable", reason: bytes.length === 0 ? "it is empty" : "it is no JSON in UTF-8", text };
  }
}

/** Stored bytes tell themselves: JSON never begins with gzip's first two bytes. Some HTTP clients unpack on their own. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Bytes as text for people: what is no UTF-8 shows its ASCII only. */
function lenientText(bytes: Uint8Array, platform: Platform): string {
  try {
    return platform.decodeText(bytes);
  } catch {
    return Array.from(bytes.subarray(0, 4_096), (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    ).join("");
  }
}

/** Nesting, counted on the text before anything recursive sees it. */
function isDeeper(text: string, depthMax: number): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inText) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) inText = false;
    } else if (code === 0x22) inText = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}

function tooLarge(key: string, bytes: number): StoreError {
  return new StoreError({
    kind: "limit",
    what: `Object ${key} would be ${bytes} bytes long, more than is allowed`,
    fix: "Split the store into several, or keep large contents outside of it.",
    key,
  });
}
