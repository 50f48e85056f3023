/**
 * storeLog: stores what the new head will name: joined ends, copies of what a sweep may be about to delete, an index, marks. All under
 * new names, so that nothing is overwritten and an unclear answer only costs another name; nothing names them yet. Only who holds the
 * claim does so: marks that go further than the log would otherwise look like a loss to the next recovery.
 */
import { StoreError } from "../errors.ts";
import { type Json, utf8Length } from "../json.ts";
import { type Shelved, shelve } from "../log/recover-head.ts";
import type { Pointer, SegmentEntry, SnapshotEntry } from "../wire/head.ts";
import { encodeHistoryIndex } from "../wire/history.ts";
import type { StoreId } from "../wire/ids.ts";
import { type BuiltKey, builtKey } from "../wire/keys.ts";
import { encodeMarks } from "../wire/marks.ts";
import type { Parsed } from "../wire/parse.ts";
import { encodeSegment, parseSegment, type Segment } from "../wire/segment.ts";
import { encodeSnapshot, parseSnapshot } from "../wire/snapshot.ts";
import { readNamed } from "./audit-read.ts";
import { encodeBody } from "./body.ts";
import { type FoundLog, goneMeanwhile } from "./recover-log.ts";
import type { SnapshotFact } from "./recover-read.ts";
import type { Host } from "./run.ts";

export interface Work {
  readonly host: Host;
  readonly store: StoreId;
  readonly dryRun: boolean;
  /** Of the new head, and in the names of all that is stored for it. */
  readonly rev: number;
}

export interface StoredLog {
  readonly shelved: Shelved;
  readonly history: Pointer | null;
  readonly marks: Pointer | null;
}

export async function storeLog(work: Work, log: FoundLog): Promise<StoredLog> {
  const { settings } = work.host;
  const entries = [...log.chain, ...(log.joined ? [await storeJoined(work, log.joined)] : [])];
  const snapshots = Object.fromEntries(log.snapshots.map((one) => [one.modelVersion, one]));
  const shelved = shelve(entries, snapshots, settings);
  const kept = log.snapshots.filter(({ modelVersion }) => shelved.snapshots[modelVersion]);
  const safe = {
    listed: await copiesOf(work, log, shelved.listed),
    older: await copiesOf(work, log, shelved.older),
    snapshots: await safeSnapshots(work, log, kept),
  };
  const lastOlder = safe.older.at(-1);
  const index = encodeHistoryIndex({ segments: safe.older, before: null });
  const history = lastOlder ? await storePointer(work, "indexes", lastOlder.through, index) : null;
  const { through } = log;
  const marks = through > 0 ? await storePointer(work, "marks", through, encodeMarks(log.marks)) : null;
  return { shelved: safe, history, marks };
}

async function storeJoined(work: Work, segment: Segment): Promise<SegmentEntry> {
  const { from, through, hash, updates } = segment;
  const body = encodeSegment(segment);
  const key = await storeObject(work, { kind: "segments", through }, body);
  return { from, through, key, count: updates.length, bytes: utf8Length(JSON.stringify(body)), hash };
}

/** As few as there are: a way around what sweeps call unlisted is preferred (recover-plan.ts). */
async function copiesOf(
  work: Work,
  { doubtful }: FoundLog,
  entries: readonly SegmentEntry[],
): Promise<readonly SegmentEntry[]> {
  const safe: SegmentEntry[] = [];
  for (const { from, through, key, count, bytes, hash } of entries) {
    const entry = { from, through, key, count, bytes, hash };
    if (!doubtful.has(key)) safe.push(entry);
    else {
      const body = encodeSegment(await readAgain(work, key, parseSegment));
      safe.push({ ...entry, key: await storeObject(work, { kind: "segments", through }, body) });
    }
  }
  return safe;
}

async function safeSnapshots(
  work: Work,
  { doubtful }: FoundLog,
  facts: readonly SnapshotFact[],
): Promise<Readonly<Record<string, SnapshotEntry>>> {
  const safe: Record<string, SnapshotEntry> = {};
  for (const { modelVersion, through, key, bytes, stateHash } of facts) {
    const entry = { through, key, bytes, stateHash };
    if (doubtful.has(key)) {
      const body = encodeSnapshot(await readAgain(work, key, parseSnapshot));
      const copy = await storeObject(work, { kind: "snapshots", through, modelVersion }, body);
      safe[modelVersion] = { ...entry, key: copy };
    } else safe[modelVersion] = entry;
  }
  return safe;
}

async function readAgain<T>(
  { host, store }: Work,
  key: string,
  parse: (json: unknown) => Parsed<T>,
): Promise<T> {
  const read = await readNamed(host, { store, key }, parse);
  if (read.is !== "found") throw goneMeanwhile(store, key);
  return read.value;
}

async function storePointer(
  work: Work,
  kind: "indexes" | "marks",
  through: Pointer["through"],
  body: Json,
): Promise<Pointer> {
  return { through, key: await storeObject(work, { kind, through }, body) };
}

export const triesMax = 10;

async function storeObject(
  work: Work,
  named: Pick<BuiltKey, "kind" | "through" | "modelVersion">,
  body: Json,
): Promise<string> {
  const { host, store, rev, dryRun } = work;
  const { bucket, platform, settings } = host;
  for (let tries = 1; tries <= triesMax; tries++) {
    const key = builtKey({ ...named, store, rev, nonce: platform.newNonce() });
    if (dryRun) return key;
    const answer = await bucket.putIfAbsent(key, await encodeBody(key, body, platform, settings));
    if (answer.is === "stored") return key;
    await pause(work, tries);
  }
  throw noClearAnswer(store);
}

export async function pause({ host }: Work, tries: number): Promise<void> {
  const { platform, settings, signal } = host;
  const most = Math.min(settings.backOffMaxMs, settings.backOffMinMs * 2 ** tries);
  await platform.wait(most * platform.random(), signal);
}

export function noClearAnswer(store: StoreId): StoreError {
  return new StoreError({
    kind: "unavailable",
    what: `The bucket gave no clear answer while store "${store}" was recovered`,
    fix: "Nothing is lost: recover again.",
    store,
  });
}
