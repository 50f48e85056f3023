/** The index object: entries of segments that left the head's list, stored under `indexes/`; each names the one before it. */
import type { JsonObject } from "../json.ts";
import {
  encodePointer,
  encodeSegmentEntry,
  type Pointer,
  readPointer,
  readSegmentEntry,
  type SegmentEntry,
} from "./head.ts";
import { asArray, formatted, type Parsed, parsing } from "./parse.ts";

export const historyFormat = "icecore-index-1";

export interface HistoryIndex {
  /** Oldest first, contiguous. */
  readonly segments: readonly SegmentEntry[];
  /** The index of still older ones. */
  readonly before: Pointer | null;
}

export function encodeHistoryIndex(index: HistoryIndex): JsonObject {
  return {
    format: historyFormat,
    segments: index.segments.map(encodeSegmentEntry),
    before: encodePointer(index.before),
  };
}

export function parseHistoryIndex(value: unknown): Parsed<HistoryIndex> {
  return parsing(() => {
    const body = formatted(value, historyFormat);
    return {
      segments: asArray(body.segments, "segments").map((entry) => readSegmentEntry(entry, "segments")),
      before: readPointer(body.before, "before"),
    };
  });
}
