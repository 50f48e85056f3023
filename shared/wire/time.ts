/**
 * Timestamps: whole milliseconds of server time, as a number in memory and as fixed-width text in keys and bodies.
 *
 * The text `20261121T090503.209Z` sorts as the number does. 0 means "before everything": the position of an empty store.
 */

declare const brand: unique symbol;
/** Milliseconds since 1970, a whole number from 0 to the end of the year 9999. Made by `parseTimestamp` and `toTimestamp` only. */
export type Timestamp = number & { readonly [brand]: "Timestamp" };

export const zeroTimestamp = 0 as Timestamp;
const timestampMax = Date.UTC(10_000, 0, 1) - 1;
const shape = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2}\.\d{3})Z$/;

export function isTimestamp(value: unknown): value is Timestamp {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= timestampMax;
}

/** A number as a timestamp, rounded down and held inside the range; what is no number is 0. */
export function toTimestamp(ms: number): Timestamp {
  if (Number.isNaN(ms)) return zeroTimestamp;
  return Math.min(Math.max(Math.floor(ms), 0), timestampMax) as Timestamp;
}

/** `20261121T090503.209Z`. */
export function formatTimestamp(timestamp: Timestamp): string {
  const iso = new Date(timestamp).toISOString();
  return iso.slice(0, 4) + iso.slice(5, 7) + iso.slice(8, 13) + iso.slice(14, 16) + iso.slice(17);
}

/** The timestamp that a text spells exactly, or undefined: `20260230T…` is none. */
export function parseTimestamp(text: unknown): Timestamp | undefined {
  const parts = typeof text === "string" ? shape.exec(text) : null;
  if (parts === null) return undefined;
  const ms = Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`);
  return isTimestamp(ms) && formatTimestamp(ms) === text ? ms : undefined;
}
