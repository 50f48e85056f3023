/**
 * Which segments were the log of a store whose head is lost: decided from the segments themselves. Pure.
 *
 * A segment says where it begins: a position and the log's hash there. Whoever built it had read a head that ended, or merged segments
 * that began, exactly there; so a place where some segment begins was the log (or its very start). From the start a path leads over
 * such places to the last one, the tip. The segments that begin at the tip are its ends: at most one of them was ever linked, and
 * which one cannot be told. Each holds every update that was acknowledged in its range, but for those that another end had published
 * and that were deleted before this one listed them; hence all ends together hold all, and one alone is whole.
 * A branch that an earlier recovery left behind has only lower revs than the one that lived on.
 */
import type { SegmentEntry } from "../wire/head.ts";
import { emptyLogHash } from "../wire/segment.ts";
import type { Timestamp } from "../wire/time.ts";

/** A segment that is sound in itself. */
export interface SegmentFact extends SegmentEntry {
  /** The log's hash at `from`. */
  readonly fromHash: string;
  /** Of the head that it was built against; stands in its name. */
  readonly rev: number;
}

export interface ChainPlan {
  /** From the log's start to the tip, in as few segments as lead there. */
  readonly chain: readonly SegmentFact[];
  /** Segments that begin at the tip. */
  readonly ends: readonly SegmentFact[];
  /** Segments behind the tip that nothing leads to: a segment between is lost. */
  readonly unreachable: readonly SegmentFact[];
}

interface Place {
  readonly position: number;
  readonly starting: readonly SegmentFact[];
  /** The shortest way here; null until one is found. */
  way: readonly SegmentFact[] | null;
  /** Highest rev of all segments on all ways here. */
  rev: number;
}

export function planChain(facts: readonly SegmentFact[]): ChainPlan {
  const places = placesOf(facts);
  const inOrder = [...places.values()].sort((a, b) => a.position - b.position);
  for (const place of inOrder) leadOn(place, places);
  const reached = inOrder.filter(({ way }) => way !== null);
  const tip = reached.reduce((best, place) => (isBetter(place, best) ? place : best));
  const ways = new Set(reached.flatMap(({ starting }) => starting));
  return {
    chain: tip.way ?? [],
    ends: tip.starting,
    unreachable: facts.filter((fact) => fact.through > tip.position && !ways.has(fact)),
  };
}

/** Every place where a segment begins, and the log's start. */
function placesOf(facts: readonly SegmentFact[]): ReadonlyMap<string, Place> {
  const start = nameOf(0, emptyLogHash);
  const starting = new Map<string, SegmentFact[]>([[start, []]]);
  for (const fact of facts) {
    const name = nameOf(fact.from, fact.fromHash);
    starting.set(name, [...(starting.get(name) ?? []), fact]);
  }
  return new Map(
    [...starting].map(([name, list]) => {
      const position = Number(name.split(" ")[0]);
      return [name, { position, starting: list, way: name === start ? [] : null, rev: 0 }];
    }),
  );
}

/** Ways go up in time, so each place is done before those that it leads to. */
function leadOn(place: Place, places: ReadonlyMap<string, Place>): void {
  if (place.way === null) return;
  for (const fact of place.starting) {
    const next = places.get(nameOf(fact.through, fact.hash));
    if (!next || fact.through <= fact.from) continue;
    next.rev = Math.max(next.rev, place.rev, fact.rev);
    if (next.way === null || next.way.length > place.way.length + 1) next.way = [...place.way, fact];
  }
}

function isBetter(place: Place, best: Place): boolean {
  return (
    liveRev(place) - liveRev(best) > 0 || (liveRev(place) === liveRev(best) && place.position > best.position)
  );
}

function liveRev({ rev, starting }: Place): number {
  return Math.max(rev, ...starting.map((fact) => fact.rev));
}

function nameOf(position: Timestamp | 0, hash: string): string {
  return `${position} ${hash}`;
}
