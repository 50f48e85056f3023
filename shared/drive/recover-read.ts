/** What is left of a store whose head is lost, read for `recover`: names, segments, and the newest snapshots of each model version. */
import { canonicalText } from "../json.ts";
import type { SegmentFact } from "../log/recover-plan.ts";
import { segmentFault } from "../log/segment-read.ts";
import type { SnapshotEntry } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import {
  type BuiltKey,
  builtKinds,
  builtPrefix,
  parseBuiltKey,
  parseUpdateKey,
  updatesPrefix,
} from "../wire/keys.ts";
import type { Segment } from "../wire/segment.ts";
import { parseSnapshot } from "../wire/snapshot.ts";
import { type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import { eachListed, eachSegment, readNamed } from "./audit-read.ts";
import type { Host } from "./run.ts";

export interface Leftovers {
  readonly built: readonly (BuiltKey & { readonly key: string; readonly bytes: number })[];
  /** Raw updates. */
  readonly raw: number;
  /** The latest raw update's timestamp that a writer may have been told; what lies further ahead of the clock never was. */
  readonly rawThrough: Timestamp;
  /** The bucket's clock after all that. */
  readonly date: Timestamp;
}

export async function listLeftovers(host: Host, store: StoreId): Promise<Leftovers> {
  const built: Leftovers["built"][number][] = [];
  for (const kind of builtKinds)
    await eachListed(host, builtPrefix(kind, store), (page) => {
      for (const { key, bytes } of page) {
        const name = parseBuiltKey(key);
        if (name?.kind === kind) built.push({ ...name, key, bytes });
      }
    });
  let raw = 0;
  const stamps: Timestamp[] = [];
  await eachListed(host, updatesPrefix(store), (page) => {
    for (const { key } of page) {
      const name = parseUpdateKey(key);
      if (name?.store !== store) continue;
      raw += 1;
      stamps.push(name.timestamp);
    }
  });
  const { date } = await host.bucket.list(updatesPrefix(store), { limit: 1 });
  // Dates have whole seconds.
  const ackedMax = date + 1_000 + host.settings.maxSkewMs;
  const rawThrough = stamps
    .filter((stamp) => stamp <= ackedMax)
    .reduce((a, b) => (a > b ? a : b), zeroTimestamp);
  return { built, raw, rawThrough, date: toTimestamp(date) };
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
  const entries = built.filter(({ kind }) => kind === "segments");
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
  const names = built.filter(({ kind }) => kind === "snapshots");
  const versions = [...new Set(names.map(({ modelVersion = 0 }) => modelVersion))].sort((a, b) => b - a);
  const facts: SnapshotFact[] = [];
  for (const version of versions.slice(0, host.settings.modelVersionsKept)) {
    const newest = names
      .filter(({ modelVersion }) => modelVersion === version)
      .sort((a, b) => b.through - a.through || b.rev - a.rev);
    for (const { key, through } of newest.slice(0, triedPerVersion)) {
      const read = await readNamed(host, { store, key }, parseSnapshot);
      if (read.is !== "found") continue;
      const { value, bytes } = read;
      const sound =
        value.through === through &&
        value.modelVersion === version &&
        host.platform.sha256(canonicalText(value.state)) === value.stateHash;
      if (sound)
        facts.push({
          key,
          through,
          bytes,
          stateHash: value.stateHash,
          modelVersion: version,
          hash: value.hash,
        });
    }
  }
  return facts;
}
