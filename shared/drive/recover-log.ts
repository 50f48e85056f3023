/**
 * findLog: which log the leftovers of a store hold, walked once in order, with what the new head needs of it. Only reads.
 *
 * Which segments it is decides log/recover-plan.ts; what of it is lost, recover-lost.ts.
 */
import { StoreError } from "../errors.ts";
import { createFindings } from "../log/audit.ts";
import { createLogAudit, type LogStop } from "../log/audit-log.ts";
import { joinEnds } from "../log/recover-ends.ts";
import { planChain, type SegmentFact } from "../log/recover-plan.ts";
import type { StoreId } from "../wire/ids.ts";
import type { Marks } from "../wire/marks.ts";
import type { Segment } from "../wire/segment.ts";
import { type Timestamp, zeroTimestamp } from "../wire/time.ts";
import { eachSegment } from "./audit-read.ts";
import { findLost } from "./recover-lost.ts";
import {
  type Leftovers,
  readDoubtful,
  readSegmentFacts,
  readSnapshotFacts,
  type SnapshotFact,
} from "./recover-read.ts";
import type { Place } from "./recover-replace.ts";
import type { Host } from "./run.ts";

export interface FoundLog {
  /** In order, without the joined ends. */
  readonly chain: readonly SegmentFact[];
  /** Several ends as one, not stored yet; null where there was at most one: then it is the chain's last. */
  readonly joined: Segment | null;
  readonly through: Timestamp;
  readonly marks: Marks;
  readonly updates: number;
  readonly apps: number;
  /** The newest one on this log of each model version. */
  readonly snapshots: readonly SnapshotFact[];
  /** Keys that a sweep may be about to delete. */
  readonly doubtful: ReadonlySet<string>;
  /** What is left out, in words. */
  readonly lost: readonly string[];
}

export interface FindOptions {
  readonly store: StoreId;
  readonly left: Leftovers;
  /** Of a head that is replaced: what leads there, by its hash, is the whole log. */
  readonly place?: Place | null;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

export async function findLog(
  host: Host,
  { store, left, place = null, onProgress }: FindOptions,
): Promise<FoundLog> {
  const doubtful = await readDoubtful(host, store, left);
  const read = await readSegmentFacts(host, store, left, onProgress);
  const plan = planChain(read.facts, doubtful);
  const single = plan.ends.length === 1;
  const chain = single ? [...plan.chain, ...plan.ends] : plan.chain;
  const joined = plan.ends.length > 1 ? await readJoined(host, store, plan.ends) : null;
  const through = joined?.through ?? chain.at(-1)?.through ?? zeroTimestamp;
  const snapshots = await readSnapshotFacts(host, store, left);
  const walked = await walk(host, { store, chain, joined, snapshots });
  const { damaged } = read;
  const lost = await findLost(host, { store, left, plan, damaged, through, place, marks: walked.marks });
  return { chain, joined, through, doubtful, lost, ...walked };
}

async function readJoined(host: Host, store: StoreId, ends: readonly SegmentFact[]): Promise<Segment> {
  const segments: Segment[] = [];
  await eachSegment(host, { store, entries: ends }, ({ key }, read) => {
    if (read.is !== "found") throw goneMeanwhile(store, key);
    segments.push(read.value);
  });
  return joinEnds(segments, host.platform.sha256);
}

interface WalkInput extends Pick<FoundLog, "chain" | "joined"> {
  readonly store: StoreId;
  readonly snapshots: readonly SnapshotFact[];
}

async function walk(
  host: Host,
  { store, chain, joined, snapshots }: WalkInput,
): Promise<Pick<FoundLog, "marks" | "updates" | "apps" | "snapshots">> {
  const { sha256 } = host.platform;
  const onLog: SnapshotFact[] = [];
  const stops = snapshots.map((snapshot): LogStop => {
    return {
      through: snapshot.through,
      compare: ({ hash }) => void (hash === snapshot.hash && onLog.push(snapshot)),
    };
  });
  const log = createLogAudit({ sha256, findings: createFindings(), stops });
  await eachSegment(host, { store, entries: chain }, (entry, read) => {
    if (read.is !== "found") throw goneMeanwhile(store, entry.key);
    log.add(entry, read.value);
  });
  if (joined) log.add({ ...joined, key: "", bytes: 0, count: joined.updates.length }, joined);
  const { updates, apps } = log.counts;
  return { marks: log.point().marks, updates, apps, snapshots: newestOf(onLog) };
}

function newestOf(facts: readonly SnapshotFact[]): readonly SnapshotFact[] {
  const newest = new Map<number, SnapshotFact>();
  for (const fact of facts) {
    const known = newest.get(fact.modelVersion);
    if (!known || known.through < fact.through) newest.set(fact.modelVersion, fact);
  }
  return [...newest.values()];
}

/** A sweep that still goes by the lost head deleted it; another way leads around it, or it is no longer an end. */
export function goneMeanwhile(store: StoreId, key: string): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `Object ${key} of store "${store}" was deleted while the store was recovered`,
    fix: "Nothing is lost: recover again.",
    store,
    key,
  });
}
