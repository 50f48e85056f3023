/**
 * Line: updates on top of a first state, applied as far as needed, with states kept on the way (bases) to come back to.
 *
 * A base is the state after `count` updates of the line. `cut` drops the bases behind a change; `settle` goes back to the
 * last one left and applies the rest. A state is taken only where the line goes on from it, so that a fold on which
 * nothing lies (start-up) still changes its entities in place.
 */
import { assert } from "../errors.ts";
import type { Timestamp } from "../wire/time.ts";
import { toTimestamp } from "../wire/time.ts";
import type { Fold, Rejection } from "./fold.ts";
import type { FoldUpdate } from "./fold-update.ts";

interface Base<S> {
  readonly count: number;
  readonly position: Timestamp;
  /** What the updates since the base before this one had to leave out. */
  readonly rejected: readonly Rejection[];
  /** Undefined as long as nothing was applied on top: the fold is at it then. */
  state: S | undefined;
}

export interface Line<S> {
  /** Of the first state. */
  readonly position: Timestamp;
  /** Keeps the first `count` updates and puts others behind them. The first `tailCount` are the tail, the others pending. */
  replaceFrom(count: number, updates: readonly FoldUpdate[], tailCount: number): void;
  append(update: FoldUpdate): void;
  /** Goes back to the state after `count` updates, or before; returns how many are applied then. */
  goBack(count: number): number;
  /** The present state of the fold is the first of a line with these updates. */
  restart(updates: readonly FoldUpdate[], tailCount: number): void;
  /** The first `count` updates leave the line for the state below it; everything behind them stays as it is. */
  absorb(count: number, through: Timestamp): readonly Rejection[];
  /** Applies what is not applied yet. */
  settle(): void;
  /** The state after `count` updates: 0, the tail, or all. Settle first. */
  stateAfter(count: number): S;
  rejected(): readonly Rejection[];
}

/** A late update redoes at most this many more than lie behind it: about 0.1 ms. */
const baseSpacing = 256;

export function createLine<S>(fold: Fold<S>): Line<S> {
  let updates: FoldUpdate[] = [];
  let tailCount = 0;
  let bases: Base<S>[] = [{ count: 0, position: fold.position, rejected: [], state: undefined }];
  /** The base whose state the fold has now. */
  let here: Base<S> = bases[0] as Base<S>;

  const lastBase = (): Base<S> => bases[bases.length - 1] as Base<S>;

  function goTo(base: Base<S>): void {
    if (here !== base) fold.rewind(base.state as S, base.position);
    here = base;
  }

  const stateIfNeeded = (later: readonly Base<S>[]): S | undefined =>
    later.length > 0 ? fold.state() : undefined;

  /** A base further on counts from the new start; what it left out before that start is reported already. */
  function lower(base: Base<S>, by: number, through: Timestamp): Base<S> {
    const rejected = base.rejected.filter(({ timestamp }) => timestamp > through);
    const lowered = { ...base, count: base.count - by, rejected };
    if (here === base) here = lowered;
    return lowered;
  }

  /** Where to stop next: at the tail's end, at the line's end, or where the next base is due. */
  function nextStop(from: number): number {
    const end = from < tailCount ? tailCount : updates.length;
    const spacedFrom = isPassing(lastBase()) ? (bases[bases.length - 2]?.count ?? 0) : from;
    let stop = Math.min(end, spacedFrom + baseSpacing);
    while (stop < end && updates[stop]?.timestamp === updates[stop - 1]?.timestamp) stop += 1;
    return stop;
  }

  /** True for the end of a line that went on since, too near to the base before it to be kept. */
  function isPassing(base: Base<S>): boolean {
    if (base.count === 0 || base.count === tailCount) return false;
    return base.count - (bases[bases.length - 2]?.count ?? 0) < baseSpacing;
  }

  function goOn(): void {
    const last = lastBase();
    last.state ??= fold.state();
    const stop = nextStop(last.count);
    const chunk = updates.slice(last.count, stop);
    const isTail = last.count < tailCount;
    const stamped = isTail ? chunk : raised(chunk, fold.position);
    const through = stamped[stamped.length - 1]?.timestamp ?? fold.position;
    let { rejected } = fold.apply(stamped, through);
    if (isPassing(last)) {
      bases.pop();
      if (last.rejected.length > 0) rejected = [...last.rejected, ...rejected];
    }
    here = { count: stop, position: fold.position, rejected, state: fold.state() };
    bases.push(here);
  }

  function cut(count: number): void {
    while (bases.length > 1 && lastBase().count > count) bases.pop();
  }

  return {
    get position() {
      return (bases[0] as Base<S>).position;
    },
    replaceFrom(count, others, nextTailCount) {
      updates = [...updates.slice(0, count), ...others];
      cut(count);
      tailCount = nextTailCount;
    },
    append(update) {
      updates.push(update);
    },
    goBack(count) {
      cut(count);
      goTo(lastBase());
      return here.count;
    },
    restart(others, nextTailCount) {
      updates = [...others];
      tailCount = nextTailCount;
      here = { count: 0, position: fold.position, rejected: [], state: undefined };
      bases = [here];
    },
    absorb(count, through) {
      const past = bases.filter((base) => base.count <= count);
      const later = bases.filter((base) => base.count > count);
      const from = past[past.length - 1] as Base<S>;
      if (from.count < count) goTo(from);
      const isHere = here === from;
      const redone = isHere ? fold.apply(updates.slice(from.count, count), through).rejected : [];
      const state = from.count < count ? stateIfNeeded(later) : from.state;
      const first: Base<S> = { count: 0, position: through, rejected: [], state };
      if (isHere) here = first;
      bases = [first, ...later.map((base) => lower(base, count, through))];
      updates = updates.slice(count);
      tailCount -= count;
      return [...past.flatMap((base) => base.rejected), ...redone];
    },
    settle() {
      goTo(lastBase());
      while (lastBase().count < updates.length) goOn();
    },
    stateAfter(count) {
      const base = bases.find((each) => each.count === count);
      assert(base !== undefined, "a settled line keeps the states of its layers");
      base.state ??= fold.state();
      return base.state;
    },
    rejected: () => bases.flatMap((base) => base.rejected),
  };
}

/** Forecasts come after everything that is known: each timestamp is above the position, and none below the one before. */
function raised(updates: readonly FoldUpdate[], position: Timestamp): readonly FoldUpdate[] {
  let least = toTimestamp(position + 1);
  return updates.map((update) => {
    if (update.timestamp < least) return { ...update, timestamp: least };
    least = update.timestamp;
    return update;
  });
}
