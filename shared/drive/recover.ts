/**
 * recoverStore: makes a new head for a store whose head is lost or damaged, from segments, snapshots and raw updates (`icecore recover`).
 *
 * Safe beside writers, rollups and sweeps that are still at work: without a head nothing is acknowledged, published or deleted, what was
 * built for the lost head belongs to another epoch and is never linked, and an update in flight either lies above the new seal or is
 * sent again. Nothing is overwritten: the head is made only where there is none (a damaged one is replaced by compare-and-swap), all
 * else has names of its own. Which segments are the log is decided in log/recover-plan.ts.
 */
import { StoreError } from "../errors.ts";
import { createFindings } from "../log/audit.ts";
import { createLogAudit, type LogStop } from "../log/audit-log.ts";
import { getHead, readHead } from "../log/head-read.ts";
import { joinEnds } from "../log/recover-ends.ts";
import { recoveredHead, revAbove, type Shelved, shelve } from "../log/recover-head.ts";
import { type ChainPlan, planChain, type SegmentFact } from "../log/recover-plan.ts";
import type { Etag, IfMatchSpelling } from "../ports/bucket.ts";
import type { Head, SegmentEntry, SnapshotEntry } from "../wire/head.ts";
import { encodeHistoryIndex } from "../wire/history.ts";
import type { StoreId } from "../wire/ids.ts";
import { encodeMarks, type Marks } from "../wire/marks.ts";
import { encodeSegment, type Segment } from "../wire/segment.ts";
import { formatTimestamp, type Timestamp, zeroTimestamp } from "../wire/time.ts";
import { eachSegment } from "./audit-read.ts";
import {
  type Leftovers,
  listLeftovers,
  readSegmentFacts,
  readSnapshotFacts,
  type SnapshotFact,
} from "./recover-read.ts";
import { putHead, type Work, writeNamed, writeObject } from "./recover-write.ts";
import { getObject, type Host } from "./run.ts";
import { requireFitBucket } from "./self-test.ts";

export interface RecoverOptions {
  readonly store: StoreId;
  /** Go on although a part of the log is lost: what lies behind the gap stays out. @default false */
  readonly acceptLoss?: boolean;
  /** Say what would be done and write nothing. @default false */
  readonly dryRun?: boolean;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface RecoverReport {
  readonly head: Head;
  readonly made: boolean;
  readonly segments: number;
  readonly updates: number;
  readonly apps: number;
  /** Updates of ends that were joined into one new segment; 0 when there was nothing to join. */
  readonly joined: number;
  /** Raw updates that are there; the next rollup publishes those that the log does not hold. */
  readonly raw: number;
  /** What is left out of the log, in words. */
  readonly lost: readonly string[];
}

/** Throws StoreError: "rejected" when there is a head, "corrupt" when a part of the log is lost, "conflict" when somebody else made one. */
export async function recoverStore(host: Host, options: RecoverOptions): Promise<RecoverReport> {
  const { store, acceptLoss = false, dryRun = false, onProgress } = options;
  // 1. Is there anything to do, and may this bucket hold a store?
  const damagedEtag = await requireNoHead(host, store);
  const ifMatch = await requireFitBucket(host);
  // 2. What is there: names first, so that every segment that was linked before is among them.
  const left = await listLeftovers(host, store);
  if (left.built.length + left.raw === 0) throw nothingThere(store);
  const { facts, damaged } = await readSegmentFacts(host, store, left, onProgress);
  const plan = planChain(facts);
  // 3. The log: the chain, and its ends as one.
  const work: Work = { host, store, dryRun, rev: revAbove(left.built.map(({ rev }) => rev)) };
  const end = await endOf(work, plan);
  const segments = [...plan.chain, ...(end ? [end.entry] : [])];
  const through = segments.at(-1)?.through ?? zeroTimestamp;
  const lost = lossesOf(plan, damaged, left, through);
  if (lost.length > 0 && !acceptLoss) throw lossy(store, lost);
  // 4. Walked once in order: marks, and which snapshots lie on it.
  const walked = await walk(work, { plan, end, snapshots: await readSnapshotFacts(host, store, left) });
  // 5. Everything that the head will name, then the head.
  const shelved = shelve(segments, walked.snapshots, host.settings);
  const head = await writeHead(work, { shelved, walked, left, ifMatch, damagedEtag, through });
  const { updates, apps } = walked;
  const joined = end && plan.ends.length > 1 ? end.entry.count : 0;
  return { head, made: !dryRun, segments: segments.length, updates, apps, joined, raw: left.raw, lost };
}

/** The etag of a head that is damaged; null where there is none at all. */
async function requireNoHead(host: Host, store: StoreId): Promise<Etag | null> {
  const answer = await getObject(getHead(store), host);
  if (answer.is === "absent") return null;
  const read = readHead(store, answer);
  if (!read.ok) {
    // Of a newer release: whole, only not for us. Or too large to tell.
    if (read.trouble.kind === "incompatible" || !("etag" in answer)) throw new StoreError(read.trouble);
    return answer.etag;
  }
  throw new StoreError({
    kind: "rejected",
    what: `Store "${store}" has a head (rev ${read.known.head.rev}), so there is nothing to recover`,
    fix: `If something else is wrong, "icecore verify --store ${store}" names it.`,
    store,
  });
}

interface End {
  readonly entry: SegmentFact;
  /** Only where it was joined here: the others are in the bucket. */
  readonly segment: Segment | null;
}

/** The last segment: the only end as it is, several as a new one that holds them all. */
async function endOf(work: Work, { ends }: ChainPlan): Promise<End | null> {
  const [only, ...others] = ends;
  if (!only) return null;
  if (others.length === 0) return { entry: only, segment: null };
  const { host, store, rev } = work;
  const read: Segment[] = [];
  await eachSegment(host, { store, entries: ends }, (_, one) => {
    if (one.is === "found") read.push(one.value);
  });
  const segment = joinEnds(read, host.platform.sha256);
  const { from, through, fromHash, hash, updates } = segment;
  const body = encodeSegment(segment);
  const key = await writeObject(work, { kind: "segments", through, body });
  const bytes = host.platform.encodeText(JSON.stringify(body)).length;
  return { entry: { from, through, key, count: updates.length, bytes, hash, fromHash, rev }, segment };
}

/** What names tell of that the log will not hold. */
function lossesOf(
  { unreachable }: ChainPlan,
  damaged: Awaited<ReturnType<typeof readSegmentFacts>>["damaged"],
  { built }: Leftovers,
  through: Timestamp,
): readonly string[] {
  const beyond = built.filter(
    ({ kind, through: end }) => kind !== "segments" && kind !== "sweeps" && end > through,
  );
  return [
    ...unreachable.map(
      ({ key, from }) => `${key} begins at ${formatTimestamp(from)}, and the segment before it is lost`,
    ),
    ...damaged.filter((one) => one.through > through).map(({ key, what }) => `${key} is damaged: ${what}`),
    ...beyond.map(({ key }) => `${key} was made of a log that went further: its segments are lost`),
  ];
}

interface Walked {
  readonly marks: Marks;
  readonly snapshots: Readonly<Record<string, SnapshotEntry>>;
  readonly updates: number;
  readonly apps: number;
}

async function walk(
  { host, store }: Work,
  { plan, end, snapshots }: { plan: ChainPlan; end: End | null; snapshots: readonly SnapshotFact[] },
): Promise<Walked> {
  const { sha256 } = host.platform;
  const findings = createFindings();
  const onLog: SnapshotFact[] = [];
  const stops = snapshots.map((snapshot): LogStop => {
    return {
      through: snapshot.through,
      compare: (point) => void (point.hash === snapshot.hash && onLog.push(snapshot)),
    };
  });
  const log = createLogAudit({ sha256, findings, stops });
  const entries = [...plan.chain, ...(end && !end.segment ? [end.entry] : [])];
  await eachSegment(host, { store, entries }, (entry, read) => {
    if (read.is !== "found") throw new StoreError({ kind: "conflict", ...read.finding, store });
    log.add(entry, read.value);
  });
  if (end?.segment) log.add(end.entry, end.segment);
  const point = log.point();
  const { updates, apps } = log.counts;
  return { marks: point.marks, snapshots: newestOf(onLog), updates, apps };
}

function newestOf(facts: readonly SnapshotFact[]): Readonly<Record<string, SnapshotEntry>> {
  const newest: Record<string, SnapshotEntry> = {};
  for (const { modelVersion, through, key, bytes, stateHash } of facts) {
    const known = newest[modelVersion];
    if (!known || known.through < through) newest[modelVersion] = { through, key, bytes, stateHash };
  }
  return newest;
}

interface Parts {
  readonly shelved: Shelved;
  readonly walked: Walked;
  readonly left: Leftovers;
  readonly ifMatch: IfMatchSpelling;
  readonly damagedEtag: Etag | null;
  readonly through: Timestamp;
}

async function writeHead(work: Work, parts: Parts): Promise<Head> {
  const { host, rev } = work;
  const { shelved, walked, left, ifMatch, through } = parts;
  const { older } = shelved;
  const lastOlder = older.at(-1);
  const index = encodeHistoryIndex({ segments: older.map(toEntry), before: null });
  const history = lastOlder ? await writeNamed(work, "indexes", lastOlder.through, index) : null;
  const marks = through > 0 ? await writeNamed(work, "marks", through, encodeMarks(walked.marks)) : null;
  const head = recoveredHead(
    {
      epoch: host.platform.newNonce(),
      nonce: host.platform.newNonce(),
      rev,
      marks,
      sealedThrough: highest([left.rawThrough, left.date, ...left.built.map((one) => one.through)]),
      ifMatch,
    },
    { ...shelved, listed: shelved.listed.map(toEntry) },
    history,
  );
  if (!work.dryRun) await putHead(work, head, parts.damagedEtag);
  return head;
}

/** Without what only recovery knows of a segment. */
function toEntry({ from, through, key, count, bytes, hash }: SegmentEntry): SegmentEntry {
  return { from, through, key, count, bytes, hash };
}

function highest(timestamps: readonly Timestamp[]): Timestamp {
  return timestamps.reduce((a, b) => (a > b ? a : b), zeroTimestamp);
}

function nothingThere(store: StoreId): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Nothing of a store "${store}" is in this bucket`,
    fix: `Check the bucket, its prefix and the store's id; "icecore init --store ${store}" makes a new one.`,
    store,
  });
}

const lossesShown = 5;

function lossy(store: StoreId, lost: readonly string[]): StoreError {
  const more = lost.length > lossesShown ? `; and ${lost.length - lossesShown} more` : "";
  return new StoreError({
    kind: "corrupt",
    what: `A part of the log of store "${store}" is lost: ${lost.slice(0, lossesShown).join("; ")}${more}`,
    fix: "Restore those objects from the bucket's versions or a copy and recover again; only where that cannot be, give --accept-loss.",
    store,
  });
}
