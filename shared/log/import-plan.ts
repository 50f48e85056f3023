/**
 * What an import does with each line of an export, given what the target has. Pure: nothing is sent from here.
 *
 * Nothing is lost and nothing comes twice, however often an export is imported: an update is known by its id, or by the id
 * that its app's stand-in gives it; where (app, seq) is taken by another update, its copy would be dropped, so it goes to the
 * stand-in; an action that the target has is left out. Each update's `after` is the timestamp of the line before it, which is
 * at or above the target's timestamp of everything that its author had seen, so that the log's order is the export's.
 */
import type { Sha256 } from "../ports/hash.ts";
import type { AppId, UpdateId } from "../wire/ids.ts";
import { type Timestamp, zeroTimestamp } from "../wire/time.ts";
import type { Action, StampedUpdate, Update } from "../wire/update.ts";
import { createIdMap, createIdSet } from "./audit-ids.ts";
import { standInApp, standInUpdate } from "./import-ids.ts";

export type ImportDecision =
  /** The target has all of it. */
  | { readonly is: "there" }
  | {
      readonly is: "append";
      readonly update: Update;
      /** Under new ids, of its app's stand-in. */
      readonly renamed: boolean;
      /** Actions that are not in it, because the target has them. */
      readonly leftOut: number;
    };

export interface ImportPlan {
  /** Updates that the target surely has, in log order. */
  noteThere(updates: readonly StampedUpdate[]): void;
  /** The next line. */
  decide(line: StampedUpdate): ImportDecision;
  /** What was decided is acknowledged. */
  noteStored(update: Update, timestamp: Timestamp): void;
}

export function createImportPlan(target: { readonly epoch: string; readonly sha256: Sha256 }): ImportPlan {
  const { epoch, sha256 } = target;
  const timestamps = createIdMap<Timestamp>();
  const actionIds = createIdSet();
  const seqs = new Map<AppId, number>();
  const standIns = new Map<AppId, AppId>();
  /** Of the line before: nothing that follows it may come to lie at or below it. */
  let latest: Timestamp = zeroTimestamp;

  const seqOf = (app: AppId) => seqs.get(app) ?? 0;

  function note({ id, app, seq, actions }: Update, timestamp: Timestamp): void {
    timestamps.set(id, timestamp);
    seqs.set(app, Math.max(seqOf(app), seq));
    for (const action of actions) actionIds.add(action.id);
  }

  function isThere(id: UpdateId): boolean {
    const timestamp = timestamps.get(id);
    if (timestamp === undefined) return false;
    latest = later(latest, timestamp);
    return true;
  }

  /** The app's stand-in, once one of its seqs was taken; those after it follow, so that its order is kept. */
  function standInOf({ app, seq }: Update): AppId | null {
    const known = standIns.get(app);
    if (known !== undefined) return known;
    if (seq > seqOf(app)) return null;
    const standIn = standInApp(epoch, app, sha256);
    standIns.set(app, standIn);
    return standIn;
  }

  function toAppend(update: Update, renamed: boolean): ImportDecision {
    const actions = newActions(update.actions);
    if (actions.length === 0 && update.actions.length > 0) return { is: "there" };
    const leftOut = update.actions.length - actions.length;
    return { is: "append", update: { ...update, after: latest, actions }, renamed, leftOut };
  }

  function newActions(actions: readonly Action[]): readonly Action[] {
    const here = new Set<string>();
    return actions.filter(({ id }) => !actionIds.has(id) && !here.has(id) && here.add(id));
  }

  return {
    noteThere(updates) {
      for (const update of updates) note(update, update.timestamp);
    },
    decide({ timestamp: _, ...update }) {
      if (isThere(update.id)) return { is: "there" };
      const app = standInOf(update);
      if (app === null) return toAppend(update, false);
      const id = standInUpdate(app, update.id, sha256);
      if (isThere(id)) return { is: "there" };
      return toAppend({ ...update, app, id, seq: seqOf(app) + 1 }, true);
    },
    noteStored(update, timestamp) {
      note(update, timestamp);
      latest = later(latest, timestamp);
    },
  };
}

/** Raw updates above a position, apart by whether the log is sure to come to have them. */
export interface RawSplit {
  readonly sure: readonly StampedUpdate[];
  /** Only sending them again, unchanged, settles it; the marks absorb the copy. */
  readonly unsure: readonly StampedUpdate[];
}

/**
 * Splits raw updates, in log order and without copies, that were listed before `sealedThrough` was read. Above it they are
 * sure. Sealed ones may have come too late for their rollup's LIST; unless their app went on, as it does only once they are
 * acknowledged.
 */
export function splitRaw(updates: readonly StampedUpdate[], sealedThrough: Timestamp): RawSplit {
  const last = new Map(updates.map((update) => [update.app, update.id]));
  const isSure = (update: StampedUpdate) =>
    update.timestamp > sealedThrough || last.get(update.app) !== update.id;
  return { sure: updates.filter(isSure), unsure: updates.filter((update) => !isSure(update)) };
}

function later(a: Timestamp, b: Timestamp): Timestamp {
  return a > b ? a : b;
}
