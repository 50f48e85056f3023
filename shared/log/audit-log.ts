/**
 * The walk of an audit over the whole log, segment by segment from its start. Pure.
 *
 * Where a segment cannot be used the walk goes on behind it with the hash that is listed for its end, so that one damaged
 * object is one finding. What depends on every update before it (marks, states) is then no longer known: a point is not
 * `whole`, and nothing is claimed from it.
 */
import type { Sha256 } from "../ports/hash.ts";
import type { SegmentEntry } from "../wire/head.ts";
import { parseUpdateKey } from "../wire/keys.ts";
import type { Marks } from "../wire/marks.ts";
import { emptyLogHash, hashLog, type Segment } from "../wire/segment.ts";
import { formatTimestamp, type Timestamp, zeroTimestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { type Findings, restoreFix } from "./audit.ts";
import { createUpdateAudit, type LogCounts } from "./audit-updates.ts";

/** The log at one position. */
export interface LogPoint {
  readonly through: Timestamp;
  /** Null inside a segment that could not be used. */
  readonly hash: string | null;
  readonly marks: Marks;
  /** False behind a segment that could not be used: updates are missing in `marks`. */
  readonly whole: boolean;
}

/** A position at which somebody wants to compare something with the log. */
export interface LogStop {
  readonly through: Timestamp;
  readonly compare: (point: LogPoint) => void;
}

export interface LogAudit {
  readonly counts: LogCounts;
  /** Keys of raw objects that segments list as set aside. */
  readonly setAside: ReadonlySet<string>;
  /** The next segment; null when it cannot be read, which was noted already. Answers whether it is sound. */
  add(entry: SegmentEntry, segment: Segment | null): boolean;
  /** Where the walk is now. */
  point(): LogPoint;
}

export interface LogAuditOptions {
  readonly sha256: Sha256;
  readonly findings: Findings;
  readonly stops: readonly LogStop[];
  /** Gets the updates in log order, up to each stop and each segment's end, as long as the log is whole. */
  readonly feed?: (updates: readonly StampedUpdate[], through: Timestamp) => void;
}

export function createLogAudit(options: LogAuditOptions): LogAudit {
  const { sha256, findings, stops, feed } = options;
  const updates = createUpdateAudit(sha256, findings);
  const setAside = new Set<string>();
  let waiting = [...stops].sort((a, b) => a.through - b.through);
  let at: { readonly through: Timestamp; readonly hash: string | null } = {
    through: zeroTimestamp,
    hash: emptyLogHash,
  };
  let whole = true;

  const point = (): LogPoint => ({ ...at, marks: updates.marksAt(at.through), whole });

  function advance(key: string, chunk: readonly StampedUpdate[], to: typeof at): void {
    updates.add(key, chunk);
    at = to;
    if (whole) feed?.(chunk, to.through);
  }

  return {
    get counts() {
      return updates.counts;
    },
    setAside,
    point,
    add(entry, segment) {
      if (entry.from !== at.through) {
        // A hole in the lists, which was noted where they were read.
        updates.skip();
        at = { through: entry.from, hash: null };
        whole = false;
      }
      const faults = segment ? segmentFaults(segment, entry, { from: at, sha256 }) : [];
      for (const what of faults)
        findings.note({ severity: "error", rule: "segment", key: entry.key, what, fix: restoreFix });
      const sound = segment !== null && faults.length === 0;
      whole &&= sound;
      if (!segment) updates.skip();
      if (segment) noteSetAside(segment, entry.key, setAside, findings);
      let rest = segment?.updates ?? [];
      let hash = whole ? at.hash : null;
      for (let stop = waiting[0]; stop && stop.through <= entry.through; stop = waiting[0]) {
        const { through } = stop;
        const chunk = rest.filter((update) => update.timestamp <= through);
        rest = rest.filter((update) => update.timestamp > through);
        hash = hash && hashLog(hash, chunk, sha256);
        advance(entry.key, chunk, { through, hash: through === entry.through ? entry.hash : hash });
        stop.compare(point());
        waiting = waiting.slice(1);
      }
      advance(entry.key, rest, { through: entry.through, hash: entry.hash });
      return sound;
    },
  };
}

/** Everything that is wrong with a segment, where the log was `from` before it. */
function segmentFaults(
  segment: Segment,
  entry: SegmentEntry,
  { from, sha256 }: { readonly from: Pick<LogPoint, "through" | "hash">; readonly sha256: Sha256 },
): readonly string[] {
  const faults: string[] = [];
  if (segment.from !== entry.from || segment.through !== entry.through)
    faults.push(`Its range is ${rangeText(segment)}, its entry says ${rangeText(entry)}`);
  if (segment.updates.length !== entry.count)
    faults.push(`It holds ${segment.updates.length} updates, its entry says ${entry.count}`);
  const misplaced = segment.updates.find((update, i) => !isInPlace(update, segment.updates[i - 1], entry));
  if (misplaced)
    faults.push(`Its update ${misplaced.id} stands outside of the log's order or of the segment's range`);
  if (from.hash !== null && segment.fromHash !== from.hash)
    faults.push("It does not follow the segment before it: the log's hash at its start is another");
  if (segment.hash !== entry.hash || hashLog(segment.fromHash, segment.updates, sha256) !== entry.hash)
    faults.push(
      "Its updates are not those that were published: the log's hash at its end is not the one listed",
    );
  return faults;
}

function isInPlace(update: StampedUpdate, before: StampedUpdate | undefined, entry: SegmentEntry): boolean {
  const { timestamp, app } = update;
  if (timestamp <= entry.from || timestamp > entry.through) return false;
  return !before || before.timestamp < timestamp || (before.timestamp === timestamp && before.app < app);
}

function noteSetAside(segment: Segment, key: string, keys: Set<string>, findings: Findings): void {
  for (const aside of segment.setAside) {
    keys.add(aside.key);
    const at = parseUpdateKey(aside.key)?.timestamp;
    const outside = at === undefined || at <= segment.from || at > segment.through;
    findings.note({
      severity: "warning",
      rule: outside ? "set-aside-range" : "set-aside",
      key,
      what: `It lists ${JSON.stringify(aside.key.slice(0, 200))} as set aside (${aside.reason.slice(0, 200)})${outside ? ", which does not lie in its range" : ""}`,
      fix: `Its first characters stand in the segment ("icecore show ${key}"); if they matter, send them again as an update.`,
    });
  }
}

function rangeText({ from, through }: Pick<SegmentEntry, "from" | "through">): string {
  return `${formatTimestamp(from)} to ${formatTimestamp(through)}`;
}
