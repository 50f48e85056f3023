/**
 * Layers: confirmed, tentative and pending as versions of one chain over one fold.
 *
 * The line is the tail and then the pending updates, on top of the confirmed state. States of it are kept every so often
 * (bases); a change drops the bases behind it, and the next read rewinds to the last one left and redoes only what comes
 * after. Changes are cheap and the work is done when someone reads, so several changes cost one redo.
 */
import type { Json } from "../json.ts";
import { type Timestamp, toTimestamp } from "../wire/time.ts";
import { type Fold, type FoldReport, type FoldStop, firstTooNew, type Rejection } from "./fold.ts";
import type { FoldUpdate } from "./fold-update.ts";
import { createLine } from "./line.ts";
import { matchingLog, matchingUpdates } from "./same-update.ts";

export interface LayerStates<S> {
  /** From the log. */
  readonly confirmed: S;
  /** And the tail. */
  readonly tentative: S;
  /** And the pending updates: what the app shows. */
  readonly optimistic: S;
}

export interface Layers<S> {
  /** The confirmed state holds everything at or below it. */
  readonly position: Timestamp;
  /** Does what is left to do, and returns the states; the same objects as long as nothing changes. */
  states(): LayerStates<S>;
  /**
   * Published updates above the position, complete through `through`. The tail loses what is at or below it; where the
   * tail had them already, nothing is done twice. After a report with `stoppedAt` the fold needs a newer model.
   */
  confirm(updates: readonly FoldUpdate[], through: Timestamp): FoldReport;
  /** All of the tail, in log order, above the position. Everything from a newer model version's update on waits. */
  setTail(updates: readonly FoldUpdate[]): void;
  /** All pending updates in the order they were made; their timestamps are forecasts and are raised above the tail's. */
  setPending(updates: readonly FoldUpdate[]): void;
  addPending(update: FoldUpdate): void;
  /** A stored state: becomes the confirmed one; the tail loses what is at or below `through`. */
  load(stored: Json, storedVersion: number, through: Timestamp): void;
  /** The confirmed state in its storable form. Everything on top is redone at the next read. */
  encodeConfirmed(): Json;
  /** What tail and pending updates had to leave out. */
  rejections(): { readonly tail: readonly Rejection[]; readonly pending: readonly Rejection[] };
  /** The tail's update that needs a newer model, if there is one. */
  readonly tailStop: FoldStop | undefined;
}

/**
 * Layers over a fold, which belongs to them from then on.
 *
 * @example
 * const layers = createLayers(createFold(todos));
 * layers.confirm(segment.updates, segment.through);
 * layers.addPending(update);
 * show(layers.states().optimistic);
 */
export function createLayers<S>(fold: Fold<S>): Layers<S> {
  const line = createLine(fold);
  let tail: readonly FoldUpdate[] = [];
  const pending: FoldUpdate[] = [];
  let tailStop: FoldStop | undefined;
  let states: LayerStates<S> | undefined;

  function settled(): LayerStates<S> {
    if (states !== undefined) return states;
    line.settle();
    const [confirmed, tentative] = [line.stateAfter(0), line.stateAfter(tail.length)];
    states = { confirmed, tentative, optimistic: line.stateAfter(tail.length + pending.length) };
    return states;
  }

  function confirmKnown(count: number, updates: readonly FoldUpdate[], through: Timestamp): FoldReport {
    const rejected = line.absorb(count, through);
    tail = tail.slice(count);
    return { applied: countActions(updates) - rejected.length, rejected };
  }

  function confirmNew(
    updates: readonly FoldUpdate[],
    through: Timestamp,
    rest: readonly FoldUpdate[],
  ): FoldReport {
    const held = line.goBack(matchingLog(tail, updates));
    const before = line.rejected();
    const report = fold.apply(updates.slice(held), through);
    const rejected = [...before, ...report.rejected];
    tail = rest;
    line.restart([...tail, ...pending], tail.length);
    return { applied: countActions(updates) - rejected.length, rejected };
  }

  return {
    get position() {
      return line.position;
    },
    get tailStop() {
      return tailStop;
    },
    states: settled,
    confirm(given, givenThrough) {
      const stop = firstTooNew(fold.model, given);
      const updates = stop === undefined ? given : given.slice(0, stop.count);
      const through = stop === undefined ? givenThrough : toTimestamp(stop.stoppedAt.timestamp - 1);
      const rest = stop === undefined ? tail.filter(({ timestamp }) => timestamp > through) : [];
      const gone = tail.length - rest.length;
      const isKnown = gone === updates.length && matchingUpdates(tail, updates) === gone;
      if (tailStop !== undefined && tailStop.timestamp <= through) tailStop = undefined;
      states = undefined;
      const report = isKnown ? confirmKnown(gone, updates, through) : confirmNew(updates, through, rest);
      return stop === undefined ? report : { ...report, stoppedAt: stop.stoppedAt };
    },
    setTail(given) {
      const stop = firstTooNew(fold.model, given);
      const updates = (stop === undefined ? given : given.slice(0, stop.count)).filter(
        isAbove(line.position),
      );
      tailStop = stop?.stoppedAt;
      const same = matchingLog(tail, updates);
      if (same === tail.length && same === updates.length) return;
      tail = updates;
      line.replaceFrom(same, [...tail.slice(same), ...pending], tail.length);
      states = undefined;
    },
    setPending(updates) {
      const same = matchingUpdates(pending, updates);
      if (same === pending.length && same === updates.length) return;
      pending.splice(same);
      pending.push(...updates.slice(same));
      line.replaceFrom(tail.length + same, pending.slice(same), tail.length);
      states = undefined;
    },
    addPending(update) {
      pending.push(update);
      line.append(update);
      states = undefined;
    },
    load(stored, storedVersion, through) {
      fold.load(stored, storedVersion, through);
      tail = tail.filter(isAbove(through));
      line.restart([...tail, ...pending], tail.length);
      states = undefined;
    },
    encodeConfirmed() {
      line.goBack(0);
      states = undefined;
      return fold.encode();
    },
    rejections() {
      settled();
      const all = line.rejected();
      const tailEnd = tail[tail.length - 1]?.timestamp ?? line.position;
      return {
        tail: all.filter(({ timestamp }) => timestamp <= tailEnd),
        pending: all.filter(isAbove(tailEnd)),
      };
    },
  };
}

function countActions(updates: readonly FoldUpdate[]): number {
  return updates.reduce((sum, { actions }) => sum + actions.length, 0);
}

function isAbove(position: Timestamp): (row: { readonly timestamp: Timestamp }) => boolean {
  return ({ timestamp }) => timestamp > position;
}
