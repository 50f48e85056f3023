/**
 * JSON as a type, and its canonical text.
 *
 * Canonical text has the keys of every object in code-unit order and no white space, so equal values have equal text on
 * every machine. Hashes (log, state) run over it.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Canonical text of a JSON value: sorted keys, no white space. */
export function canonicalText(value: Json): string {
  if (typeof value === "string" || value === null || typeof value !== "object") return JSON.stringify(value);
  if (isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) text += (i === 0 ? "" : ",") + canonicalText(value[i] as Json);
    return `${text}]`;
  }
  const keys = Object.keys(value).sort();
  let text = "{";
  let first = true;
  for (const key of keys) {
    const member = value[key];
    if (member === undefined) continue;
    text += `${first ? "" : ","}${JSON.stringify(key)}:${canonicalText(member)}`;
    first = false;
  }
  return `${text}}`;
}

/** True for a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when a value nests lists and objects deeper than `depthMax`; looks no further than that. */
export function isDeeperThan(value: Json, depthMax: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depthMax === 0 || Object.values(value).some((member) => isDeeperThan(member, depthMax - 1));
}

/** Length of a text in UTF-8, in bytes. A lone surrogate counts three, as its replacement does. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    bytes += code < 0x800 ? 1 : 2;
    if (code >= 0xd800 && code < 0xdc00 && isLow(text.charCodeAt(i + 1))) i += 1;
  }
  return bytes;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}

function isArray(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
