/**
 * auditStore: checks every invariant of docs/protocol.md, "What always holds" that objects can show (`icecore verify`).
 *
 * It only reads, holds a few segments at a time, and goes on after whatever it finds. It judges the store as one head
 * names it; where something that this head names is gone, or an update seems lost, and the head has moved on meanwhile, it begins
 * again, so that a store at work is not accused.
 */
import { StoreError } from "../errors.ts";
import { auditHead, createFindings, type Finding, type Findings } from "../log/audit.ts";
import { createLogAudit, type LogAudit } from "../log/audit-log.ts";
import { auditInline } from "../log/audit-objects.ts";
import type { LogCounts } from "../log/audit-updates.ts";
import type { KnownHead } from "../log/known-head.ts";
import { namedKeys } from "../log/link-rules.ts";
import type { Model } from "../model/model.ts";
import type { Head, SegmentEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { builtKinds, builtPrefix, headKey, parseBuiltKey } from "../wire/keys.ts";
import { createFoldAudit, type FoldAudit, type SoundSnapshot } from "./audit-fold.ts";
import { type Audit, marksStop, noteRead, readHistory, readSnapshots, snapshotStop } from "./audit-named.ts";
import { auditRaw, foreignFinding, type RawCounts } from "./audit-raw.ts";
import { eachListed, eachSegment, toFinding } from "./audit-read.ts";
import type { Host } from "./run.ts";
import { readStoreHead } from "./store.ts";

export interface AuditOptions {
  readonly store: StoreId;
  /** Its version's snapshot is compared with a fold of the log. */
  readonly model?: Model<unknown>;
  /** Told after each group of segments. */
  readonly onProgress?: (segments: number, ofSegments: number) => void;
}

export interface AuditReport {
  /** Errors first. */
  readonly findings: readonly Finding[];
  /** Null when it is missing or cannot be used; then nothing else was checked. */
  readonly head: Head | null;
  readonly segments: number;
  readonly log: LogCounts;
  readonly raw: RawCounts;
  readonly snapshots: number;
  /** Snapshots whose state was compared with a fold. */
  readonly statesCompared: number;
  /** Objects that no head names, kept until gc deletes them; sweep notes not counted. */
  readonly unlisted: number;
}

/** Reads of one head, before the audit begins again because the store moved on. */
const triesMax = 3;
const noRaw: RawCounts = { total: 0, near: 0, waiting: 0, waitingSince: null, covered: 0, foreign: 0 };
const noLog: LogCounts = { updates: 0, actions: 0, apps: 0, missing: 0 };

/** Audits one store. Throws StoreError only when the bucket cannot be reached or the host's signal says stop. */
export async function auditStore(host: Host, options: AuditOptions): Promise<AuditReport> {
  for (let tries = 1; ; tries++) {
    const known = await readHeadOrFinding(host, options.store);
    if ("severity" in known) return withoutHead(host, options.store, known);
    const audit = await auditKnown(host, options, known);
    if (!audit.unsettled || tries >= triesMax) return audit.report;
    const now = await readHeadOrFinding(host, options.store);
    if ("severity" in now || now.head.rev === known.head.rev) return audit.report;
  }
}

async function auditKnown(
  host: Host,
  options: AuditOptions,
  { head }: KnownHead,
): Promise<{ report: AuditReport; unsettled: boolean }> {
  const { store } = options;
  const findings = createFindings();
  const modelVersion = options.model?.version ?? null;
  const audit: Audit = { host, modelVersion, store, head, findings, missing: [] };
  for (const finding of auditHead(store, head, await bucketDate(host, store))) findings.note(finding);
  // 1. Names: the index chain, then every entry from the log's start.
  const older = await readHistory(audit);
  const entries = [...older.entries, ...head.segments];
  // 2. What is compared with the log on the way: marks and snapshots.
  const snapshots = await readSnapshots(audit);
  const fold = options.model ? foldAudit(audit, options.model, snapshots) : null;
  const stops = [
    ...(await marksStop(audit)),
    ...snapshots.map((one) => snapshotStop(audit, one)),
    ...(fold?.stops ?? []),
  ];
  // 3. The log itself.
  const log = createLogAudit({
    sha256: host.platform.sha256,
    findings,
    stops,
    ...(fold ? { feed: fold.feed } : {}),
  });
  await walkLog(audit, entries, { log, ...options });
  // 4. What lies beside it.
  const { counts: raw, suspects } = await auditRaw(host, store, {
    point: log.point(),
    setAside: log.setAside,
    findings,
  });
  for (const finding of suspects) findings.note(finding);
  const unlisted = await auditBuilt(host, { store, findings, named: [...namedKeys(head), ...older.keys] });
  const report = {
    findings: errorsFirst(findings.list()),
    head,
    segments: entries.length,
    log: log.counts,
    raw,
    snapshots: Object.keys(head.snapshots).length,
    statesCompared: fold?.compared ?? 0,
    unlisted,
  };
  return { report, unsettled: audit.missing.length + suspects.length > 0 };
}

async function readHeadOrFinding(host: Host, store: StoreId): Promise<KnownHead | Finding> {
  try {
    return await readStoreHead(host, store);
  } catch (error) {
    if (!(error instanceof StoreError) || error.key !== headKey(store)) throw error;
    return toFinding("head", headKey(store), error);
  }
}

/** Without a head nothing can be judged; what is there is counted, so that people see what a restored head would name. */
async function withoutHead(host: Host, store: StoreId, finding: Finding): Promise<AuditReport> {
  const findings = createFindings();
  findings.note(finding);
  const unlisted = await auditBuilt(host, { store, findings, named: [] });
  return {
    findings: findings.list(),
    head: null,
    segments: 0,
    log: noLog,
    raw: noRaw,
    snapshots: 0,
    statesCompared: 0,
    unlisted,
  };
}

async function bucketDate(host: Host, store: StoreId): Promise<number> {
  return (await host.bucket.list(headKey(store), { limit: 1 })).date;
}

function foldAudit(
  { host, head, findings }: Audit,
  model: Model<unknown>,
  snapshots: readonly SoundSnapshot[],
): FoldAudit | null {
  const target = snapshots.find(({ snapshot }) => snapshot.modelVersion === model.version);
  if (!target) return null;
  if (target.snapshot.modelName !== model.name) {
    const what = `It is of model "${target.snapshot.modelName}", not "${model.name}"`;
    findings.note({
      severity: "error",
      rule: "state",
      key: target.key,
      what,
      fix: "Give the model that the store was made with.",
    });
    return null;
  }
  const first = model.version === 1 || Object.keys(head.snapshots).length === 1;
  const older = snapshots.filter(
    ({ snapshot }) => snapshot.modelVersion < model.version && snapshot.through <= target.snapshot.through,
  );
  const base = first ? null : (older.at(-1) ?? null);
  return createFoldAudit(model, { sha256: host.platform.sha256, findings, target, base, certain: first });
}

/** Walks over the whole log; of the newest segment the head's copy is looked at too. */
async function walkLog(
  audit: Audit,
  entries: readonly SegmentEntry[],
  { log, onProgress }: Pick<AuditOptions, "onProgress"> & { readonly log: LogAudit },
): Promise<void> {
  const { host, store, head } = audit;
  await eachSegment(host, { store, entries, onProgress }, (entry, read) => {
    const segment = noteRead(audit, read);
    const newest = log.add(entry, segment) ? segment : null;
    if (entry.key !== head.segments.at(-1)?.key) return;
    for (const finding of auditInline(store, head, { newest, sha256: host.platform.sha256 }))
      audit.findings.note(finding);
  });
}

/** Notes foreign objects beside the built ones and counts those that nothing names. */
async function auditBuilt(
  host: Host,
  { store, findings, named }: { store: StoreId; findings: Findings; named: readonly string[] },
): Promise<number> {
  const names = new Set(named);
  let unlisted = 0;
  for (const kind of builtKinds) {
    await eachListed(host, builtPrefix(kind, store), (page) => {
      for (const { key } of page) {
        const built = parseBuiltKey(key);
        if (!built || built.kind !== kind) findings.note(foreignFinding(key));
        else if (kind !== "sweeps" && !names.has(key)) unlisted += 1;
      }
    });
  }
  return unlisted;
}

function errorsFirst(findings: readonly Finding[]): readonly Finding[] {
  return [
    ...findings.filter((one) => one.severity === "error"),
    ...findings.filter((one) => one.severity === "warning"),
  ];
}
