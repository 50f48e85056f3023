/** Segments for tests of a recovery: a small log whose hashes are true, and branches of it. */
import type { SegmentFact } from "../../../shared/log/recover-plan.ts";
import type { AppId, UpdateId } from "../../../shared/wire/ids.ts";
import { parseUpdateId } from "../../../shared/wire/ids.ts";
import { builtKey } from "../../../shared/wire/keys.ts";
import { emptyLogHash, hashLog, type Segment } from "../../../shared/wire/segment.ts";
import { type Timestamp, zeroTimestamp } from "../../../shared/wire/time.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { phone, sha256 } from "../../golden/values.ts";
import { minute, store } from "./heads.ts";

export function updateAt(at: number, seq = Math.round(at * 10), app: AppId = phone): StampedUpdate {
  const id = parseUpdateId(`01M7YNM6AG${app.slice(10, 16)}${String(seq).padStart(10, "0")}`) as UpdateId;
  return { id, app, seq, after: zeroTimestamp, modelVersion: 1, actions: [], timestamp: minute(at) };
}

/** Where a segment begins: the end of another one, or the log's start. */
export interface Start {
  readonly through: Timestamp;
  readonly hash: string;
}

export const logStart: Start = { through: zeroTimestamp, hash: emptyLogHash };

/** The segment from `start` through the given minute with these updates. */
export function segmentFrom(start: Start, through: number, updates: readonly StampedUpdate[]): Segment {
  const { through: from, hash: fromHash } = start;
  const hash = hashLog(fromHash, updates, sha256);
  return { from, through: minute(through), fromHash, hash, updates, setAside: [] };
}

let count = 0;

/** What recovery knows of a segment that was built against a head of this rev. */
export function factOf({ from, through, fromHash, hash, updates }: Segment, rev: number): SegmentFact {
  count += 1;
  const key = builtKey({ kind: "segments", store, through, rev, nonce: `n${count}` });
  return { from, through, key, count: updates.length, bytes: 100, hash, fromHash, rev };
}

/** The shortest form: one update at each of the minutes. */
export function fact(start: Start, minutes: readonly number[], rev: number): SegmentFact {
  const updates = minutes.map((at) => updateAt(at));
  return factOf(segmentFrom(start, minutes.at(-1) ?? 0, updates), rev);
}

/** A log of one-minute segments, each built against a head two revs later. */
export function logOf(minutes: number, firstRev = 2): readonly SegmentFact[] {
  const facts: SegmentFact[] = [];
  for (let at = 1; at <= minutes; at++) facts.push(fact(facts.at(-1) ?? logStart, [at], firstRev + 2 * at));
  return facts;
}
