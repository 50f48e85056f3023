/**
 * Times as people write and read them. All are UTC: a text means the same on every machine, as in the log.
 */
import { formatTimestamp, parseTimestamp, type Timestamp, toTimestamp } from "../shared/wire/time.ts";
import { UsageError } from "./errors.ts";
import { quoted } from "./screen.ts";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const dateOnly = /^\d{4}-\d{2}-\d{2}$/;
const isoShape = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})?$/;
const agoShape = /^(?:-\s*(.+)|(.+?)\s+ago)$/;
const spanShape = /(\d+(?:\.\d+)?)\s*([a-z]+)/g;

export const timeHelp = "2026-11-21, 2026-11-21T09:05, 20261121T090503.209Z, -2h30m, 3d ago or now (UTC)";

/** A time given on the command line. A bare date means its first millisecond, or its last with `edge` "end". */
export function toTime(
  text: string,
  { now, edge = "start" }: { readonly now: number; readonly edge?: "start" | "end" },
): Timestamp {
  const trimmed = text.trim();
  const found = parseTimestamp(trimmed) ?? relative(trimmed, now) ?? absolute(trimmed, edge);
  if (found !== undefined) return found;
  throw new UsageError(`${quoted(text, 60)} is no time`, `Write it like one of these: ${timeHelp}.`);
}

function relative(text: string, now: number): Timestamp | undefined {
  if (text === "now") return toTimestamp(now);
  const ago = agoShape.exec(text);
  const spans = (ago?.[1] ?? ago?.[2])?.trim();
  if (spans === undefined || spans.replace(spanShape, "").trim() !== "") return undefined;
  let ms = 0;
  for (const [, count, unit] of spans.matchAll(spanShape)) {
    const each = unitMs[unitName(unit ?? "")];
    if (each === undefined) return undefined;
    ms += Number(count) * each;
  }
  return ms === 0 && spans === "" ? undefined : toTimestamp(now - ms);
}

/** "hours" and "hour" are "h". */
function unitName(unit: string): string {
  return /^(?:week|day|hour|minute|second)s?$/.test(unit) ? unit.charAt(0) : unit;
}

function absolute(text: string, edge: "start" | "end"): Timestamp | undefined {
  if (dateOnly.test(text)) {
    const start = exactDate(text, `${text}T00:00:00.000Z`);
    return start === undefined || edge === "start" ? start : toTimestamp(start + 86_399_999);
  }
  const parts = isoShape.exec(text);
  if (!parts) return undefined;
  const [, day = "", minutes = "", seconds = ":00", zone = "Z"] = parts;
  return exactDate(day, `${day}T${minutes}${seconds}${zone}`);
}

/** Date.parse takes the 30th of February; icecore does not. */
function exactDate(day: string, iso: string): Timestamp | undefined {
  const ms = Date.parse(iso);
  const dayMs = Date.parse(`${day}T00:00:00.000Z`);
  if (Number.isNaN(ms) || Number.isNaN(dayMs) || new Date(dayMs).toISOString().slice(0, 10) !== day)
    return undefined;
  return ms < 0 ? undefined : toTimestamp(ms);
}

/** "2026-11-21 09:05:03.209": sorts, reads well and can be given back to --at. */
export function timeText(timestamp: Timestamp): string {
  return timestamp === 0
    ? "the beginning"
    : new Date(timestamp).toISOString().replace("T", " ").replace("Z", "");
}

/** "2026-11-21 09:05:03.209 (12 s ago)". */
export function timeWithAge(timestamp: Timestamp, now: number): string {
  return timestamp === 0 ? "nothing yet" : `${timeText(timestamp)} (${ageText(now - timestamp)})`;
}

export function ageText(ms: number): string {
  const size = spanText(Math.abs(ms));
  return ms >= 0 ? `${size} ago` : `in ${size}`;
}

function spanText(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** The form for programs; null for the beginning. */
export function jsonTime(timestamp: Timestamp): string {
  return formatTimestamp(timestamp);
}
