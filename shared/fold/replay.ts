/** Replay: a fold brought to a point in time, from segments that may reach beyond it. */
import type { Timestamp } from "../wire/time.ts";
import type { Fold, FoldReport, FoldStop, Rejection } from "./fold.ts";
import type { FoldUpdate } from "./fold-update.ts";

/** Updates of a time range, such as a Segment. */
export interface UpdateRange {
  readonly updates: readonly FoldUpdate[];
  /** Inclusive. */
  readonly through: Timestamp;
}

/**
 * Applies what lies above the fold's position and at or below `to`, cutting the range that reaches beyond it. Ranges come
 * in time order and may overlap what the fold holds. The position is then the last range's end, or `to` inside it.
 *
 * @example
 * replayTo(fold, [segment1, segment2], parseTimestamp("20261121T090503.209Z"));
 */
export function replayTo(fold: Fold, ranges: Iterable<UpdateRange>, to: Timestamp): FoldReport {
  let applied = 0;
  let stoppedAt: FoldStop | undefined;
  const rejected: Rejection[] = [];
  for (const range of ranges) {
    const through = range.through < to ? range.through : to;
    if (through <= fold.position) continue;
    const from = fold.position;
    const updates = range.updates.filter(({ timestamp }) => timestamp > from && timestamp <= through);
    const report = fold.apply(updates, through);
    applied += report.applied;
    for (const rejection of report.rejected) rejected.push(rejection);
    stoppedAt = report.stoppedAt;
    if (stoppedAt !== undefined || range.through >= to) break;
  }
  return stoppedAt === undefined ? { applied, rejected } : { applied, rejected, stoppedAt };
}
