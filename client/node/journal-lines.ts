/**
 * The lines of a journal: JSON texts, each with its number and, at its end, the CRC-32 of what stands before it. A changed byte fails
 * the checksum, a lost or doubled line the number.
 */
import { crc32 } from "node:zlib";
import type { RowChanges } from "../local/local.ts";

export const journalFormat = "icecore-folder-1";

/** The first line. */
export interface Header {
  readonly format: string;
  readonly store: string;
  /** How many bytes the rows took, each once, when this file was begun. */
  readonly rowsBytes: number;
}

export interface Line {
  readonly n: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const newline = "\n";
/** `,"crc":"0a1b2c3d"}` */
const endLength = 18;
const endShape = /^,"crc":"([0-9a-f]{8})"\}$/;

export function encodeHeader(header: Header): Uint8Array {
  return encodeLine(0, header);
}

export function encodeChanges(n: number, changes: RowChanges): Uint8Array {
  return encodeLine(n, { put: [...changes.put], delete: changes.delete });
}

/** Null for what is no line: cut short, changed, or not ours. */
export function readLine(bytes: Uint8Array): Line | null {
  const cut = bytes.length - endLength;
  if (cut < 1) return null;
  const crc = endShape.exec(textOf(bytes.subarray(cut)))?.[1];
  if (crc === undefined || crc !== checksum(bytes.subarray(0, cut))) return null;
  try {
    const { n, ...body } = JSON.parse(`${textOf(bytes.subarray(0, cut))}}`) as Record<string, unknown>;
    return typeof n === "number" ? { n, body } : null;
  } catch {
    return null;
  }
}

/** Applies a line to rows; false where it holds no changes. */
export function applyLine(rows: Map<string, string>, { body }: Line): boolean {
  if (!isPairs(body.put) || !isTexts(body.delete)) return false;
  for (const key of body.delete) rows.delete(key);
  for (const [key, value] of body.put) rows.set(key, value);
  return true;
}

function encodeLine(n: number, body: object): Uint8Array {
  const text = JSON.stringify({ n, ...body }).slice(0, -1);
  const bytes = Buffer.from(text);
  return Buffer.concat([bytes, Buffer.from(`,"crc":"${checksum(bytes)}"}${newline}`)]);
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function isPairs(value: unknown): value is readonly (readonly [string, string])[] {
  return Array.isArray(value) && value.every((pair) => isTexts(pair) && pair.length === 2);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
