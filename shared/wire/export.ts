/**
 * The export: published updates as lines of JSON, in a file or a pipe. A header, one line an update, a trailer.
 *
 * The trailer holds the lines' hash, H = SHA-256(H before + the line's text) over all lines before it, beginning with 64
 * zeros: a line that was changed, lost or moved is noticed, and an export without a trailer was cut.
 */
import type { JsonObject } from "../json.ts";
import type { Sha256 } from "../ports/hash.ts";
import { parseStoreId, type StoreId } from "./ids.ts";
import {
  asCount,
  asObject,
  asParsed,
  asText,
  asTimestamp,
  formatted,
  type Parsed,
  parsing,
} from "./parse.ts";
import { formatTimestamp, type Timestamp } from "./time.ts";

export const exportFormat = "icecore-export-1";
export const exportEndFormat = "icecore-export-end-1";

/** The lines' hash before the first line. */
export const emptyLinesHash = "0".repeat(64);

export interface ExportHeader {
  /** The store that was exported. */
  readonly store: StoreId;
  readonly epoch: string;
  /** Both inclusive; null where nothing was left out. */
  readonly from: Timestamp | null;
  readonly to: Timestamp | null;
}

export interface ExportTrailer {
  /** How many updates there are. */
  readonly updates: number;
  /** Everything published up to it is in the export, from `from` on. */
  readonly through: Timestamp;
  readonly hash: string;
  /** What was left out on purpose (a person to forget); absent where nothing was to be. */
  readonly leftOut?: LeftOut;
}

/** Counts only: what an export is without must not be told by it. */
export interface LeftOut {
  readonly updates: number;
  /** Of updates that are there all the same. */
  readonly actions: number;
}

export function hashLine(before: string, line: string, sha256: Sha256): string {
  return sha256(before + line);
}

export function encodeExportHeader({ store, epoch, from, to }: ExportHeader): JsonObject {
  return { format: exportFormat, store, epoch, from: textOrNull(from), to: textOrNull(to) };
}

export function parseExportHeader(value: unknown): Parsed<ExportHeader> {
  return parsing(() => {
    const body = formatted(value, exportFormat);
    return {
      store: asParsed(body.store, "store", parseStoreId),
      epoch: asText(body.epoch, "epoch"),
      from: body.from === null ? null : asTimestamp(body.from, "from"),
      to: body.to === null ? null : asTimestamp(body.to, "to"),
    };
  });
}

export function encodeExportTrailer({ updates, through, hash, leftOut }: ExportTrailer): JsonObject {
  const body = { format: exportEndFormat, updates, through: formatTimestamp(through), hash };
  return leftOut ? { ...body, leftOut: { ...leftOut } } : body;
}

export function parseExportTrailer(value: unknown): Parsed<ExportTrailer> {
  return parsing(() => {
    const body = formatted(value, exportEndFormat);
    return {
      updates: asCount(body.updates, "updates"),
      through: asTimestamp(body.through, "through"),
      hash: asText(body.hash, "hash"),
      ...(body.leftOut === undefined ? {} : { leftOut: readLeftOut(body.leftOut) }),
    };
  });
}

function readLeftOut(value: unknown): LeftOut {
  const { updates, actions } = asObject(value, "leftOut");
  return { updates: asCount(updates, "leftOut.updates"), actions: asCount(actions, "leftOut.actions") };
}

function textOrNull(timestamp: Timestamp | null): string | null {
  return timestamp === null ? null : formatTimestamp(timestamp);
}
