/**
 * The sweep note: what one sweep found, stored under `sweeps/`, so that a later one, perhaps another process, knows what
 * was unlisted how long ago and which rev the head had (docs/protocol.md, "Delete"). Notes carry no truth of the log.
 */
import type { JsonObject } from "../json.ts";
import { asArray, asPositive, asText, asTimestamp, formatted, type Parsed, parsing } from "./parse.ts";
import { formatTimestamp, type Timestamp } from "./time.ts";

export const sweepFormat = "icecore-sweep-1";

export interface SweepNote {
  /** The bucket's clock when the sweep ran. */
  readonly at: Timestamp;
  readonly epoch: string;
  readonly rev: number;
  /** Keys of built objects that no head or history named. */
  readonly unlisted: readonly string[];
}

export function encodeSweepNote(note: SweepNote): JsonObject {
  const { epoch, rev, unlisted } = note;
  return { format: sweepFormat, at: formatTimestamp(note.at), epoch, rev, unlisted: [...unlisted] };
}

export function parseSweepNote(value: unknown): Parsed<SweepNote> {
  return parsing(() => {
    const body = formatted(value, sweepFormat);
    return {
      at: asTimestamp(body.at, "at"),
      epoch: asText(body.epoch, "epoch"),
      rev: asPositive(body.rev, "rev"),
      unlisted: asArray(body.unlisted, "unlisted").map((key) => asText(key, "unlisted")),
    };
  });
}
