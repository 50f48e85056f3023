/**
 * UTF-8 for engines without TextEncoder and TextDecoder, to the letter of the Encoding Standard: a lone surrogate is encoded as
 * U+FFFD; bytes that are not UTF-8 (too long a form, a surrogate, above U+10FFFF, cut short) are refused.
 */

const replacement = 0xfffd;
/** String.fromCharCode takes its texts as arguments, and engines limit how many. */
const unitsAtOnce = 8_192;

export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    const point = pointAt(text, i);
    if (point > 0xffff) i += 1;
    end = put(bytes, end, point);
  }
  return bytes.slice(0, end);
}

/** Throws TypeError on bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = "";
  let units: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const { point, length } = read(bytes, i);
    i += length;
    if (point > 0xffff) units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    else units.push(point);
    if (units.length < unitsAtOnce) continue;
    text += String.fromCharCode(...units);
    units = [];
  }
  return text + String.fromCharCode(...units);
}

function pointAt(text: string, i: number): number {
  const point = text.codePointAt(i) ?? replacement;
  return point >= 0xd800 && point <= 0xdfff ? replacement : point;
}

function put(bytes: Uint8Array, at: number, point: number): number {
  let end = at;
  if (point < 0x80) bytes[end++] = point;
  else if (point < 0x800) bytes[end++] = 0xc0 | (point >> 6);
  else if (point < 0x10000) bytes[end++] = 0xe0 | (point >> 12);
  else bytes[end++] = 0xf0 | (point >> 18);
  if (point >= 0x10000) bytes[end++] = 0x80 | ((point >> 12) & 0x3f);
  if (point >= 0x800) bytes[end++] = 0x80 | ((point >> 6) & 0x3f);
  if (point >= 0x80) bytes[end++] = 0x80 | (point & 0x3f);
  return end;
}

function read(bytes: Uint8Array, at: number): { readonly point: number; readonly length: number } {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { point: first, length: 1 };
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  let point = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i];
    if (next === undefined || (next & 0xc0) !== 0x80) throw notUtf8(at);
    point = (point << 6) | (next & 0x3f);
  }
  const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  if (first < 0xc0 || first > 0xf7 || point < least || point > 0x10ffff || isSurrogate) throw notUtf8(at);
  return { point, length };
}

function notUtf8(at: number): TypeError {
  return new TypeError(`byte ${at} does not belong to a text in UTF-8`);
}
