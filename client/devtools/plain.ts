/** A state as plain values, for people: the DevTools know no tables, Maps or classes. */
import { createCodec } from "../../shared/codec/codec.ts";
import type { Json } from "../../shared/json.ts";

const { info } = createCodec({ types: [] });

/** Deeper than any field of a model; what is below is told by `info` in its own way. */
const depthMax = 8;

export function plainOf(value: unknown, depth = 0): Json {
  if (typeof value !== "object" || value === null || value instanceof Date || depth > depthMax)
    return info(value);
  const inner = (item: unknown): Json => plainOf(item, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  if (isKeyed(value))
    return Object.fromEntries([...value.entries()].map(([key, item]) => [textOf(key), inner(item)]));
  if (isIterable(value)) return [...value].map(inner);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return info(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inner(item)]));
}

/** A table or a Map. */
function isKeyed(value: object): value is { entries(): Iterable<readonly [unknown, unknown]> } {
  return typeof (value as { readonly entries?: unknown }).entries === "function" && !(value instanceof Set);
}

/** A set or an ordered list. */
function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

function textOf(key: unknown): string {
  return typeof key === "string" ? key : JSON.stringify(info(key));
}
