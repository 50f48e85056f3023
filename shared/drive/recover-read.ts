/** What is left of a store whose head is lost, read for `recover`: names, segments, snapshots, and what sweeps may be about to delete. */
import { canonicalText, utf8Length } from "../json.ts";
import type { SegmentFact } from "../log/recover-plan.ts";
import { segmentFault } from "../log/segment-read.ts";
import type { SnapshotEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import {
  type BuiltKey,
  type BuiltKind,
  builtKinds,
  builtPrefix,
  parseBuiltKey,
  parseUpdateKey,
  updatesPrefix,
} from "../wire/keys.ts";
import type { Segment } from "../wire/segment.ts";
import { parseSnapshot } from "../wire/snapshot.ts";
import { parseSweepNote } from "../wire/sweep.ts";
import { type Timestamp, toTimestamp } from "../wire/time.ts";
import { eachListed, eachSegment, readNamed } from "./audit-read.ts";
import type { Host } from "./run.ts";

export interface Leftover extends BuiltKey {
  readonly key: string;
  readonly bytes: number;
}

export interface Leftovers {
  readonly built: readonly Leftover[];
  /** Raw updates. */
  readonly raw: number;
  /**
   * The latest time in any name, or the bucket's clock after all that. Without those further ahead of the clock than a writer was ever
   * told: nobody could write any more until they are past.
   */
  readonly latest: Timestamp;
}

export async function listLeftovers(host: Host, store: StoreId): Promise<Leftovers> {
  const built: Leftover[] = [];
  // Segments last: what tells of them was stored after them, and is so listed before.
  for (const kind of [...builtKinds].reverse())
    await eachListed(host, builtPrefix(kind, store), (page) => {
      for (const { key, bytes } of page) {
        const name = parseBuiltKey(key);
        if (name?.kind === kind) built.push({ ...name, key, bytes });
      }
    });
  const stamps = built.map(({ through }) => through);
  await eachListed(host, updatesPrefix(store), (page) => {
    for (const { key } of page) {
      const name = parseUpdateKey(key);
      if (name?.store === store) stamps.push(name.timestamp);
    }
  });
  const { date } = await host.bucket.list(updatesPrefix(store), { limit: 1 });
  const toldMax = date + dateResolutionMs + host.settings.maxSkewMs;
  const latest = stamps.reduce((a, b) => (b <= toldMax && b > a ? b : a), toTimestamp(date));
  return { built, raw: stamps.length - built.length, latest };
}

const dateResolutionMs = 1_000;

/** Nothing new came, and everything that the head will name is still there. */
export function isUnchanged(left: Leftovers, now: Leftovers, named: readonly string[]): boolean {
  const before = new Set(left.built.map(({ key }) => key));
  const present = new Set(now.built.map(({ key }) => key));
  return now.built.every(({ key }) => before.has(key)) && named.every((key) => present.has(key));
}

export interface SegmentsRead {
  readonly facts: readonly SegmentFact[];
  /** Segments that are damaged, and where they end. */
  readonly damaged: readonly { readonly key: string; readonly through: Timestamp; readonly what: string }[];
}

/** Reads every segment once and keeps what it says of itself, where that is true. */
export async function readSegmentFacts(
  host: Host,
  store: StoreId,
  { built }: Leftovers,
  onProgress?: (done: number, of: number) => void,
): Promise<SegmentsRead> {
  const facts: SegmentFact[] = [];
  const damaged: SegmentsRead["damaged"][number][] = [];
  const entries = ofKind(built, "segments");
  await eachSegment(host, { store, entries, onProgress }, ({ key, through, rev }, read) => {
    if (read.is === "absent") return;
    if (read.is === "bad") return void damaged.push({ key, through, what: read.finding.what });
    const fact = factOf(read.value, { key, rev, bytes: read.bytes });
    const what = fact.through === through ? segmentFault(read.value, fact, host.platform.sha256) : nameFault;
    if (what === undefined) facts.push(fact);
    else damaged.push({ key, through, what });
  });
  return { facts, damaged };
}

const nameFault = "it does not end where its name says";

function factOf(
  { from, through, fromHash, hash, updates }: Segment,
  named: Pick<SegmentFact, "key" | "rev" | "bytes">,
): SegmentFact {
  return { ...named, from, through, count: updates.length, hash, fromHash };
}

/** A snapshot that agrees with itself; whether it lies on the log is still to be seen. */
export interface SnapshotFact extends SnapshotEntry {
  readonly modelVersion: number;
  /** The log's hash that it was folded up to. */
  readonly hash: string;
}

/** Newer ones of a version may have lost their link, or lie on a branch that is not the log. */
const triedPerVersion = 3;

/** The newest sound snapshots of each of the newest model versions. */
export async function readSnapshotFacts(
  host: Host,
  store: StoreId,
  { built }: Leftovers,
): Promise<readonly SnapshotFact[]> {
  const names = ofKind(built, "snapshots");
  const versions = [...new Set(names.map(({ modelVersion = 0 }) => modelVersion))].sort((a, b) => b - a);
  const facts: SnapshotFact[] = [];
  for (const version of versions.slice(0, host.settings.modelVersionsKept)) {
    const newest = newestFirst(names.filter(({ modelVersion }) => modelVersion === version));
    for (const name of newest.slice(0, triedPerVersion)) {
      const fact = await readSnapshotFact(host, store, name);
      if (fact) facts.push(fact);
    }
  }
  return facts;
}

async function readSnapshotFact(
  host: Host,
  store: StoreId,
  { key, through, modelVersion }: Leftover,
): Promise<SnapshotFact | null> {
  const read = await readNamed(host, { store, key }, parseSnapshot);
  if (read.is !== "found") return null;
  const { value } = read;
  if (value.through !== through || value.modelVersion !== modelVersion) return null;
  const state = canonicalText(value.state);
  if (host.platform.sha256(state) !== value.stateHash) return null;
  const { stateHash, hash } = value;
  return { key, through, bytes: utf8Length(state), stateHash, modelVersion, hash };
}

/** One would do, were clocks right and sweeps never at work at the same time. */
const notesRead = 3;

/**
 * What the newest sweep notes call unlisted. A sweep that still goes by the lost head deletes nothing else, and may do so at any time: of
 * what recovery takes from it a copy is made.
 */
export async function readDoubtful(
  host: Host,
  store: StoreId,
  { built }: Leftovers,
): Promise<ReadonlySet<string>> {
  const doubtful = new Set<string>();
  for (const { key } of newestFirst(ofKind(built, "sweeps")).slice(0, notesRead)) {
    const read = await readNamed(host, { store, key }, parseSweepNote);
    if (read.is === "found") for (const one of read.value.unlisted) doubtful.add(one);
  }
  return doubtful;
}

function ofKind(built: readonly Leftover[], kind: BuiltKind): readonly Leftover[] {
  return built.filter((one) => one.kind === kind);
}

function newestFirst(names: readonly Leftover[]): readonly Leftover[] {
  return [...names].sort((a, b) => b.through - a.through || b.rev - a.rev);
}
