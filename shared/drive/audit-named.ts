/** What a head names, read for an audit: the index chain, snapshots and marks, and where the walk compares them with the log. */
import type { Findings } from "../log/audit.ts";
import type { LogStop } from "../log/audit-log.ts";
import { auditIndex, auditMarks, auditSnapshot, auditSnapshotHash } from "../log/audit-objects.ts";
import type { Head, Pointer, SegmentEntry } from "../wire/head.ts";
import { parseHistoryIndex } from "../wire/history.ts";
import type { StoreId } from "../wire/ids.ts";
import { parseMarks } from "../wire/marks.ts";
import { parseSnapshot } from "../wire/snapshot.ts";
import type { SoundSnapshot } from "./audit-fold.ts";
import { type Audited, readNamed } from "./audit-read.ts";
import type { Host } from "./run.ts";

/** What all parts of one audit share. */
export interface Audit {
  readonly host: Host;
  /** Of the model that states are compared with. */
  readonly modelVersion: number | null;
  readonly store: StoreId;
  readonly head: Head;
  readonly findings: Findings;
  /** Named objects that are not there. */
  readonly missing: string[];
}

/** Entries of the segments that left the head's list, oldest first, and the keys of everything the chain names. */
export async function readHistory(
  audit: Audit,
): Promise<{ entries: readonly SegmentEntry[]; keys: readonly string[] }> {
  const { store, head, findings } = audit;
  let entries: readonly SegmentEntry[] = [];
  const keys: string[] = [];
  let pointer: Pointer | null = head.history;
  while (pointer) {
    const index = noteRead(
      audit,
      await readNamed(audit.host, { store, key: pointer.key }, parseHistoryIndex),
    );
    if (!index) break;
    for (const finding of auditIndex(store, pointer, index, head.rev)) findings.note(finding);
    entries = [...index.segments, ...entries];
    keys.push(...index.segments.map((entry) => entry.key), ...(index.before ? [index.before.key] : []));
    // A chain goes down in time; one that does not would never end.
    pointer = index.before && index.before.through < pointer.through ? index.before : null;
  }
  return { entries, keys };
}

/** The value; or null, and what is wrong is noted. */
export function noteRead<T>(audit: Pick<Audit, "findings" | "missing">, read: Audited<T>): T | null {
  if (read.is === "found") return read.value;
  audit.findings.note(read.finding);
  if (read.is === "absent") audit.missing.push(read.finding.key);
  return null;
}

/** Snapshots that agree with the head and with themselves. Only a state that a fold may begin from stays in memory. */
export async function readSnapshots(audit: Audit): Promise<readonly SoundSnapshot[]> {
  const { host, store, head, modelVersion } = audit;
  const sound: SoundSnapshot[] = [];
  for (const [version, entry] of Object.entries(head.snapshots)) {
    const read = await readNamed(host, { store, key: entry.key }, parseSnapshot);
    const snapshot = noteRead(audit, read);
    if (!snapshot) continue;
    const faults = auditSnapshot(snapshot, { version: Number(version), entry }, host.platform.sha256);
    for (const finding of faults) audit.findings.note(finding);
    const keepsState = modelVersion !== null && Number(version) < modelVersion;
    if (faults.length === 0)
      sound.push({ key: entry.key, snapshot: keepsState ? snapshot : { ...snapshot, state: null } });
  }
  return sound;
}

export function snapshotStop({ findings }: Audit, { key, snapshot }: SoundSnapshot): LogStop {
  return {
    through: snapshot.through,
    compare(point) {
      for (const finding of auditSnapshotHash(key, snapshot, point)) findings.note(finding);
    },
  };
}

export async function marksStop(audit: Audit): Promise<readonly LogStop[]> {
  const { host, store, head, findings } = audit;
  if (!head.marks) return [];
  const { key, through } = head.marks;
  const marks = noteRead(audit, await readNamed(host, { store, key }, parseMarks));
  if (!marks) return [];
  const compare: LogStop["compare"] = (point) => {
    for (const finding of auditMarks(key, marks, point)) findings.note(finding);
  };
  return [{ through, compare }];
}
