/**
 * exportLog: writes a store's published updates as the lines of an export, a segment at a time.
 *
 * Each segment is checked against the log's hash before its lines are written. Stopped or failed half-way it writes no
 * trailer, so that what it wrote is never taken for the whole.
 */
import type { JsonObject } from "../json.ts";
import { madeAnew } from "../log/troubles.ts";
import type { AppliedRange, Replica } from "../ports/replica.ts";
import {
  type ExportTrailer,
  emptyLinesHash,
  encodeExportHeader,
  encodeExportTrailer,
  hashLine,
} from "../wire/export.ts";
import type { StoreId } from "../wire/ids.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import { encodeStamped } from "../wire/update.ts";
import { createLeaving, type Without } from "./export-without.ts";
import { createReader } from "./reader.ts";
import type { Host } from "./run.ts";
import { readStoreHead } from "./store.ts";

/** Where lines go. */
export interface LineSink {
  line(text: string): void;
  /** Waits until a slow reader has caught up. */
  flush(): Promise<void>;
}

export interface ExportOptions {
  readonly store: StoreId;
  /** Both inclusive; null for all. */
  readonly from: Timestamp | null;
  readonly to: Timestamp | null;
  readonly sink: LineSink;
  /** To be left out: the trailer then says how much was. */
  readonly without?: Without | undefined;
}

export interface ExportReport extends ExportTrailer {
  /** Of `without`: what the log does not hold, so perhaps a typing mistake. */
  readonly unmet: readonly string[];
}

const endOfTime = toTimestamp(Number.POSITIVE_INFINITY);

/** Answers with the trailer that it wrote last. Throws StoreError. */
export async function exportLog(host: Host, options: ExportOptions): Promise<ExportReport> {
  const { store, from, to, sink, without } = options;
  const leaving = without && createLeaving(without);
  const known = await readStoreHead(host, store);
  const lines = createLines(host, sink);
  lines.write(encodeExportHeader({ store, epoch: known.head.epoch, from, to }));
  const end = to ?? endOfTime;
  const replica: Replica = {
    reset: () => madeAnew(store),
    load: () => null,
    async apply({ updates }: AppliedRange) {
      const wanted = updates.filter((update) => update.timestamp <= end);
      for (const update of leaving ? leaving.keep(wanted) : wanted) lines.write(encodeStamped(update));
      await sink.flush();
      return null;
    },
  };
  const above = from === null ? zeroTimestamp : toTimestamp(from - 1);
  const reader = createReader(host, { store, replica, history: true, from: above });
  const { held } = await reader.poll({ until: end, given: known });
  const through = toTimestamp(Math.min(end, held.known.head.publishedThrough));
  const whole = { updates: lines.count - 1, through, hash: lines.hash };
  const trailer = leaving ? { ...whole, leftOut: leaving.leftOut } : whole;
  lines.write(encodeExportTrailer(trailer));
  await sink.flush();
  return { ...trailer, unmet: leaving?.unmet ?? [] };
}

/** Writes lines and keeps their hash and number. */
function createLines({ platform }: Host, sink: LineSink) {
  let hash = emptyLinesHash;
  let count = 0;
  return {
    get hash() {
      return hash;
    },
    get count() {
      return count;
    },
    write(json: JsonObject) {
      const line = JSON.stringify(json);
      sink.line(line);
      hash = hashLine(hash, line, platform.sha256);
      count += 1;
    },
  };
}
