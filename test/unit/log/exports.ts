/** Updates and the lines of an export, for the tests of what reads them. */
import { createHash } from "node:crypto";
import {
  emptyLinesHash,
  encodeExportHeader,
  encodeExportTrailer,
  hashLine,
} from "../../../shared/wire/export.ts";
import type { ActionId, StoreId, UpdateId } from "../../../shared/wire/ids.ts";
import { toTimestamp } from "../../../shared/wire/time.ts";
import { encodeStamped, type StampedUpdate } from "../../../shared/wire/update.ts";
import { ulid } from "../../fixtures/cli-store.ts";

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** An update at a time: its id and its one action's are named after `id`. */
export function update(
  at: number,
  app: number,
  seq: number,
  { id = at, ...more }: Partial<Omit<StampedUpdate, "id">> & { readonly id?: number } = {},
): StampedUpdate {
  return {
    id: ulid<UpdateId>("B", id),
    app: ulid("A", app),
    seq,
    after: toTimestamp(0),
    modelVersion: 1,
    actions: [{ id: ulid<ActionId>("C", id), name: "add", data: { id } }],
    timestamp: toTimestamp(at),
    ...more,
  };
}

export function chained(lines: readonly string[]): string {
  return lines.reduce((hash, line) => hashLine(hash, line, sha256), emptyLinesHash);
}

export const headerLine = JSON.stringify(
  encodeExportHeader({ store: "main" as StoreId, epoch: "e", from: null, to: null }),
);

/** These lines, with the trailer that fits them. */
export function withTrailer(lines: readonly string[]): readonly string[] {
  const trailer = { updates: lines.length - 1, through: toTimestamp(9_999), hash: chained(lines) };
  return [...lines, JSON.stringify(encodeExportTrailer(trailer))];
}

export function exportOf(updates: readonly StampedUpdate[]): readonly string[] {
  return withTrailer([headerLine, ...updates.map((one) => JSON.stringify(encodeStamped(one)))]);
}
