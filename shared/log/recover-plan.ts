/**
 * Which segments were the log of a store whose head is lost: decided from the segments themselves. Pure.
 *
 * A segment says where it begins: a position and the log's hash there. Whoever built it had read a head that ended, or merged segments
 * that began, exactly there; so a place where some segment begins was the log (or its very start). Over such places ways lead from the
 * start to the last one, the tip; the segments that begin there are its ends, of which at most one was ever linked (recover-ends.ts).
 *
 * Where ways part, somebody recovered. What was built after that has the higher revs (recover-head.ts), and only revs behind the parting
 * tell, as a merge before it belongs to both. A segment that nothing was built upon, with a rev above all that follows another, may be
 * one that a recovery joined: whether that one made its head before it was killed cannot be told. Then the parting is the tip, and what
 * follows there is an end too; unless so much follows that the log surely went on there.
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
  /** From the log's start to the tip: with as few doubtful segments as lead there, then as few at all. */
  readonly chain: readonly SegmentFact[];
  /** Segments that begin at the tip, or where one of these ends. */
  readonly ends: readonly SegmentFact[];
  /** Segments that end behind the tip and that nothing leads to: a segment between is lost. */
  readonly unreachable: readonly SegmentFact[];
  /** Segments that may have been linked, beside the chain and the ends: what they hold must be in the log some other way. */
  readonly branches: readonly SegmentFact[];
}

interface Place {
  readonly position: number;
  readonly starting: readonly SegmentFact[];
  /** Highest rev of all segments on all ways from here on. */
  rev: number;
  /** Of the best way here: its last segment (null at the log's start), and its cost; Infinity until there is one. */
  via: SegmentFact | null;
  cost: number;
  leadsToTip: boolean;
}

type Places = ReadonlyMap<string, Place>;

/** More than any log has segments. */
const doubtCost = 1e9;

/** `doubtful`: keys of what a sweep may be about to delete. */
export function planChain(
  facts: readonly SegmentFact[],
  doubtful: ReadonlySet<string> = new Set(),
): ChainPlan {
  const forward = facts.filter(({ from, through }) => from < through);
  const places = placesOf(forward);
  const inOrder = [...places.values()].sort((a, b) => a.position - b.position);
  // Ways go up in time: each place is done before those that it leads to, or after them.
  for (const place of inOrder) leadOn(place, places, doubtful);
  inOrder.reverse();
  for (const place of inOrder)
    place.rev = place.starting.reduce((rev, fact) => Math.max(rev, liveRev(fact, places)), 0);
  const { tip, passed } = findTip(places);
  for (const place of inOrder) place.leadsToTip = place === tip || place.starting.some(leads(places));
  const ends = [...tip.starting, ...tip.starting.flatMap((fact) => endOf(fact, places)?.starting ?? [])];
  const joined = new Set(ends);
  const isReached = (fact: SegmentFact) => startOf(fact, places).cost < Number.POSITIVE_INFINITY;
  return {
    chain: wayTo(tip, places),
    ends: [...joined],
    unreachable: forward.filter((fact) => fact.through > tip.position && !isReached(fact)),
    branches: [
      ...passed,
      ...forward.filter((fact) => isReached(fact) && !joined.has(fact) && isAside(fact, places)),
    ],
  };
}

/** Every place where a segment begins, and the log's start. */
function placesOf(facts: readonly SegmentFact[]): Places {
  const starting = new Map<string, SegmentFact[]>([[startName, []]]);
  for (const fact of facts) {
    const name = nameOf(fact.from, fact.fromHash);
    const list = starting.get(name);
    if (list) list.push(fact);
    else starting.set(name, [fact]);
  }
  return new Map(
    [...starting].map(([name, list]) => {
      const cost = name === startName ? 0 : Number.POSITIVE_INFINITY;
      const position = list[0]?.from ?? 0;
      return [name, { position, starting: list, rev: 0, via: null, cost, leadsToTip: false }];
    }),
  );
}

function leadOn(place: Place, places: Places, doubtful: ReadonlySet<string>): void {
  for (const fact of place.starting) {
    const next = endOf(fact, places);
    const cost = place.cost + (doubtful.has(fact.key) ? doubtCost : 1);
    if (!next || cost >= next.cost) continue;
    next.cost = cost;
    next.via = fact;
  }
}

/** Follows the way with the highest rev behind each parting. What had a higher one and was passed over must be accounted for. */
function findTip(places: Places): { readonly tip: Place; readonly passed: readonly SegmentFact[] } {
  const passed: SegmentFact[] = [];
  let tip = places.get(startName) as Place;
  for (;;) {
    const live = tip.starting
      .filter((fact) => endOf(fact, places))
      .reduce<SegmentFact | null>((a, b) => (a && liveRev(a, places) >= liveRev(b, places) ? a : b), null);
    const next = live && endOf(live, places);
    if (!next) return { tip, passed };
    const above = tip.starting.filter((fact) => fact.rev > liveRev(live, places));
    if (above.length > 0 && !wentOn(next, places)) return { tip, passed };
    passed.push(...above);
    tip = next;
  }
}

/** Something begins here that was built upon in its turn. */
function wentOn(place: Place, places: Places): boolean {
  return place.starting.some((fact) => endOf(fact, places));
}

function liveRev(fact: SegmentFact, places: Places): number {
  return Math.max(fact.rev, endOf(fact, places)?.rev ?? 0);
}

function wayTo(tip: Place, places: Places): readonly SegmentFact[] {
  const way: SegmentFact[] = [];
  for (let fact = tip.via; fact; fact = startOf(fact, places).via) way.push(fact);
  return way.reverse();
}

function leads(places: Places): (fact: SegmentFact) => boolean {
  return (fact) => endOf(fact, places)?.leadsToTip === true;
}

/** Built upon, but not on any way to the tip. */
function isAside(fact: SegmentFact, places: Places): boolean {
  const end = endOf(fact, places);
  return end !== undefined && !end.leadsToTip;
}

function startOf({ from, fromHash }: SegmentFact, places: Places): Place {
  return places.get(nameOf(from, fromHash)) as Place;
}

function endOf({ through, hash }: SegmentFact, places: Places): Place | undefined {
  return places.get(nameOf(through, hash));
}

function nameOf(position: Timestamp | 0, hash: string): string {
  return `${position} ${hash}`;
}

const startName = nameOf(0, emptyLogHash);
