/**
 * Reading unknown JSON: small typed readers that name the member at fault. Used at the boundary only; what they return is trusted.
 */
import type { Json, JsonObject } from "../json.ts";
import { isJsonObject } from "../json.ts";
import { parseTimestamp, type Timestamp } from "./time.ts";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

class Fault extends Error {}

/** Runs a reader; its fault becomes a reason instead of an exception. */
export function parsing<T>(read: () => T): Parsed<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, reason: error.message };
    throw error;
  }
}

export function fault(reason: string): never {
  throw new Fault(reason);
}

/** The object, when its `format` is the known one. */
export function formatted(value: unknown, format: string): JsonObject {
  const object = asObject(value, format);
  if (object.format !== format) fault(`format is ${shown(object.format)}, not "${format}"`);
  return object;
}

export function asObject(value: unknown, name: string): JsonObject {
  return isJsonObject(value) ? value : fault(`${name} is ${shown(value)}, not an object`);
}

export function asArray(value: unknown, name: string): readonly Json[] {
  return Array.isArray(value) ? value : fault(`${name} is ${shown(value)}, not a list`);
}

export function asText(value: unknown, name: string): string {
  return typeof value === "string" ? value : fault(`${name} is ${shown(value)}, not a text`);
}

export function asCount(value: unknown, name: string): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : fault(`${name} is ${shown(value)}, not a whole number from 0`);
}

export function asPositive(value: unknown, name: string): number {
  const count = asCount(value, name);
  return count > 0 ? count : fault(`${name} is 0, not a whole number from 1`);
}

export function asTimestamp(value: unknown, name: string): Timestamp {
  return (
    parseTimestamp(value) ?? fault(`${name} is ${shown(value)}, not a timestamp such as 20261121T090503.209Z`)
  );
}

/** The value that `parse` makes of it, or a fault that names the rule. */
export function asParsed<T>(value: unknown, name: string, parse: (value: unknown) => T | undefined): T {
  return parse(value) ?? fault(`${name} ${shown(value)} is not well formed`);
}

/** A value's kind or its first characters: enough to find the fault, too little to leak what is stored. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return Array.isArray(value) ? "a list" : "an object";
}
