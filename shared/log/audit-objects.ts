/** What an audit compares with the log: the index chain, the head's inline copy, marks and snapshots. Pure. */
import { canonicalText } from "../json.ts";
import type { Sha256 } from "../ports/hash.ts";
import type { Head, Pointer, SnapshotEntry } from "../wire/head.ts";
import type { HistoryIndex } from "../wire/history.ts";
import type { AppId, StoreId } from "../wire/ids.ts";
import { headKey } from "../wire/keys.ts";
import { encodeMarks, type Marks, markedApps, markOf } from "../wire/marks.ts";
import { encodeSegment, parseSegment, type Segment } from "../wire/segment.ts";
import type { Snapshot } from "../wire/snapshot.ts";
import { formatTimestamp, zeroTimestamp } from "../wire/time.ts";
import { auditName, type Finding, restoreFix } from "./audit.ts";
import type { LogPoint } from "./audit-log.ts";
import { segmentFault } from "./segment-read.ts";

const damagedFix = "Restore the objects named in the other findings, then verify again.";

/** One index of the chain: it ends where its name says, is contiguous inside and with the one before it. */
export function auditIndex(
  store: StoreId,
  pointer: Pointer,
  index: HistoryIndex,
  rev: number,
): readonly Finding[] {
  const { segments, before } = index;
  const error = (what: string): Finding => ({
    severity: "error",
    rule: "index",
    key: pointer.key,
    what,
    fix: restoreFix,
  });
  const names = segments.flatMap(({ key, through }) =>
    auditName(store, { kind: "segments", key, through }, rev),
  );
  const gaps = segments.flatMap((entry, i) => {
    const previous = segments[i - 1];
    if (entry.from > entry.through) return [error(`Its segment ${entry.key} ends before it begins`)];
    if (previous && previous.through !== entry.from)
      return [error(`Its segment ${entry.key} does not follow ${previous.key}`)];
    return [];
  });
  const end =
    segments.at(-1)?.through === pointer.through
      ? []
      : [error("Its last segment does not end where its name says")];
  return [...names, ...gaps, ...end, ...auditBefore(store, { index, before, rev, error })];
}

function auditBefore(
  store: StoreId,
  {
    index,
    before,
    rev,
    error,
  }: { index: HistoryIndex; before: Pointer | null; rev: number; error: (what: string) => Finding },
): readonly Finding[] {
  const start = index.segments[0]?.from ?? zeroTimestamp;
  if (before) {
    const follows =
      before.through === start
        ? []
        : [error(`It begins at ${formatTimestamp(start)}, the index before it ends elsewhere`)];
    return [...auditName(store, { kind: "indexes", ...before }, rev), ...follows];
  }
  return start === zeroTimestamp
    ? []
    : [error(`Nothing names the segments before ${formatTimestamp(start)}`)];
}

/**
 * The head's copy of its newest segment says what the object says. Where the object cannot be used (`newest` is null) a
 * whole copy is the way out, as long as nobody publishes.
 */
export function auditInline(
  store: StoreId,
  head: Head,
  { newest, sha256 }: { readonly newest: Segment | null; readonly sha256: Sha256 },
): readonly Finding[] {
  const entry = head.segments.at(-1);
  if (head.inline === undefined || !entry) return [];
  const inline = parseSegment(head.inline);
  if (newest === null) {
    if (!inline.ok || segmentFault(inline.value, entry, sha256) !== undefined) return [];
    const what = "The head still carries a whole copy of it";
    return [{ severity: "warning", rule: "inline-copy", key: entry.key, what, fix: inlineCopyFix(store) }];
  }
  if (inline.ok && canonicalText(encodeSegment(inline.value)) === canonicalText(encodeSegment(newest)))
    return [];
  const what = `Its inline copy of ${entry.key} is not what that object holds`;
  const fix = "Publish one more update: the next head carries another copy. The object is sound.";
  return [{ severity: "error", rule: "inline", key: headKey(store), what, fix }];
}

function inlineCopyFix(store: StoreId): string {
  const command = `icecore show ${headKey(store)} --json`;
  return `Stop the rollups and keep what "${command}" prints: body.inline is what this object must hold.`;
}

/** The marks object holds what the log up to its position gives. */
export function auditMarks(key: string, marks: Marks, point: LogPoint): readonly Finding[] {
  const error = (what: string): Finding => ({ severity: "error", rule: "marks", key, what, fix: marksFix });
  if (marks.through !== point.through)
    return [
      error(`It ends at ${formatTimestamp(marks.through)}, the head says ${formatTimestamp(point.through)}`),
    ];
  if (!point.whole) return [notCompared(key, "marks")];
  if (canonicalText(encodeMarks(marks)) === canonicalText(encodeMarks(point.marks))) return [];
  const apps = new Set([...markedApps(marks), ...markedApps(point.marks)]);
  const app = [...apps].sort().find((one) => markText(marks, one) !== markText(point.marks, one));
  if (app === undefined) return [error("It differs from what the log gives")];
  return [
    error(
      `For app ${app} it says seq ${markOf(marks, app).seq}, the log gives ${markOf(point.marks, app).seq}, or the chain or the missing seqs differ`,
    ),
  ];
}

const marksFix =
  "Stop the rollups, restore it from the bucket's versions or a copy, and verify again before they go on: copies could be published.";

function markText(marks: Marks, app: AppId): string {
  return canonicalText(encodeMarks({ through: zeroTimestamp, apps: { [app]: markOf(marks, app) } }));
}

/** A snapshot agrees with its entry and with itself. */
export function auditSnapshot(
  snapshot: Snapshot,
  listed: { readonly version: number; readonly entry: SnapshotEntry },
  sha256: Sha256,
): readonly Finding[] {
  const { version, entry } = listed;
  const error = (what: string): Finding => ({
    severity: "error",
    rule: "snapshot",
    key: entry.key,
    what,
    fix: snapshotFix,
  });
  const faults: string[] = [];
  if (snapshot.through !== entry.through)
    faults.push(
      `It ends at ${formatTimestamp(snapshot.through)}, the head says ${formatTimestamp(entry.through)}`,
    );
  if (snapshot.modelVersion !== version)
    faults.push(`It is of model version ${snapshot.modelVersion}, the head says ${version}`);
  if (snapshot.stateHash !== entry.stateHash) faults.push("Its state hash is not the one in the head");
  if (sha256(canonicalText(snapshot.state)) !== snapshot.stateHash)
    faults.push("Its state does not match its own state hash");
  return faults.map(error);
}

const snapshotFix =
  "Restore it from the bucket's versions or a copy; the log is whole without it, so no update is lost.";

/** A snapshot lies on the log that the segments hold. */
export function auditSnapshotHash(
  key: string,
  snapshot: Pick<Snapshot, "hash">,
  point: LogPoint,
): readonly Finding[] {
  if (point.hash === null) return [notCompared(key, "snapshot")];
  if (point.hash === snapshot.hash) return [];
  const what = "It was folded from another log: its log hash is not that of the segments up to its time";
  return [{ severity: "error", rule: "snapshot-log", key, what, fix: snapshotFix }];
}

export function notCompared(key: string, kind: "marks" | "snapshot" | "raw updates" | "state"): Finding {
  const what = `Its ${kind === "snapshot" ? "log hash" : kind} could not be compared with the log, as the log is damaged before it`;
  return { severity: "warning", rule: "not-compared", key, what, fix: damagedFix };
}
