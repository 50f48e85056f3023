/**
 * The outbox: durable actions in the order they were made, those that are grouped into updates first. Pure: each function gives the
 * next outbox and the rows that change with it, for one local transaction.
 *
 * An update gets its seq in the transaction that takes its actions out of the waiting ones, and never changes again; a seq is never
 * used twice. It leaves only when the log shows it, or has passed it by (settle.ts).
 */
import { utf8Length } from "../shared/json.ts";
import type { ActionId, AppId } from "../shared/wire/ids.ts";
import { emptyChain } from "../shared/wire/marks.ts";
import { type Timestamp, toTimestamp } from "../shared/wire/time.ts";
import type { Update } from "../shared/wire/update.ts";
import { tooLarge } from "./errors.ts";
import type { RowChanges } from "./local/local.ts";
import { noChanges, putting, together } from "./row-changes.ts";
import {
  type ActionRow,
  type AppRow,
  type DeadRow,
  encodeActionRow,
  encodeAppRow,
  encodeDeadRow,
  encodeUpdateRow,
  rowKeys,
  type UpdateRow,
} from "./rows.ts";

export interface Outbox {
  readonly me: AppRow;
  /** In order of app, then seq; those of an app that this instance no longer is come first. */
  readonly updates: readonly UpdateRow[];
  readonly waiting: readonly ActionRow[];
  readonly dead: readonly DeadRow[];
}

/** UTF-8 of one UTF-16 unit. */
const bytesOfCharMax = 3;

export interface Changed {
  readonly outbox: Outbox;
  readonly changes: RowChanges;
}

/**
 * Adds an action in place: the one change that must cost no more when much waits. Throws StoreError "limit" for one whose data no store
 * takes; only where its row is long is that looked at.
 */
export function appendAction(outbox: Outbox, row: ActionRow, bytesMax: number): RowChanges {
  const text = encodeActionRow(row);
  const { id, name, data } = row.action;
  const bytes = text.length * bytesOfCharMax > bytesMax ? utf8Length(JSON.stringify(data)) : 0;
  if (bytes > bytesMax) throw tooLarge(name, bytes, bytesMax);
  (outbox.waiting as ActionRow[]).push(row);
  return putting([[rowKeys.action(id), text]]);
}

/** Of all actions that it holds. */
export function idsOf({ updates, waiting, dead }: Outbox): readonly ActionId[] {
  return [
    ...updates.flatMap(({ update }) => update.actions),
    ...[...waiting, ...dead].map(({ action }) => action),
  ].map(({ id }) => id);
}

/**
 * The update to send next: the oldest that was neither acknowledged nor refused; undefined where all are. What was refused under a former
 * name is sent once more: nothing of this app makes the log pass it.
 */
export function unsent({ me, updates }: Outbox): UpdateRow | undefined {
  return updates.find(
    ({ update, storedAt, rejected }) => storedAt === null && (rejected === null || update.app !== me.app),
  );
}

/** True where a refused update waits for the log to pass it and nothing behind it will make the log do so. */
export function needsSettling({ me, updates, waiting }: Outbox): boolean {
  const last = updates.findLast(({ update }) => update.app === me.app);
  // Never for one that was made only to settle: a store that refuses even that would be asked for ever.
  return last?.rejected != null && last.update.actions.length > 0 && waiting.every(({ held }) => held);
}

/** Something made here is not in the log yet, and is not held back. */
export function isOnItsWay({ updates, waiting }: Outbox): boolean {
  return updates.length > 0 || waiting.some(({ held }) => !held);
}

/** The store has acknowledged an update. It stays until the log shows it. */
export function markStored(outbox: Outbox, { update }: UpdateRow, storedAt: Timestamp): Changed {
  const me = { ...outbox.me, seen: laterOf(outbox.me.seen, storedAt) };
  return replaceUpdate({ ...outbox, me }, update, (row) => ({ ...row, storedAt }));
}

/** Under a former name there is nothing to wait for. */
export function markRejected(outbox: Outbox, row: UpdateRow, reason: string): Changed {
  const { update } = row;
  if (update.app !== outbox.me.app) return bury(outbox, row, reason);
  return replaceUpdate(outbox, update, (row) => ({ ...row, rejected: reason }));
}

function replaceUpdate(outbox: Outbox, update: Update, change: (row: UpdateRow) => UpdateRow): Changed {
  const put = new Map<string, string>([[rowKeys.app, encodeAppRow(outbox.me)]]);
  const updates = outbox.updates.map((row) => {
    if (row.update.id !== update.id) return row;
    const next = change(row);
    put.set(rowKeys.update(update.app, update.seq), encodeUpdateRow(next));
    return next;
  });
  return { outbox: { ...outbox, updates }, changes: { put, delete: [] } };
}

/** The app has shown something of this time: what it makes from now on comes after it. */
export function markSeen(outbox: Outbox, timestamp: Timestamp): Changed {
  if (timestamp <= outbox.me.seen) return { outbox, changes: noChanges };
  const me = { ...outbox.me, seen: timestamp };
  return { outbox: { ...outbox, me }, changes: putting([[rowKeys.app, encodeAppRow(me)]]) };
}

/** Holds an action back, or lets it go. Nothing happens to one that is in an update already. */
export function hold(outbox: Outbox, id: ActionId, held: boolean): Changed {
  const row = outbox.waiting.find(({ action }) => action.id === id);
  if (!row || row.held === held) return { outbox, changes: noChanges };
  const next = { ...row, held };
  return {
    outbox: { ...outbox, waiting: outbox.waiting.map((one) => (one === row ? next : one)) },
    changes: putting([[rowKeys.action(id), encodeActionRow(next)]]),
  };
}

/** Takes an action out that was never sent, or a dead letter. */
export function drop(outbox: Outbox, id: ActionId): Changed {
  const isOther = ({ action }: { readonly action: { readonly id: ActionId } }) => action.id !== id;
  const waiting = outbox.waiting.filter(isOther);
  const dead = outbox.dead.filter(isOther);
  const gone = [
    ...(waiting.length < outbox.waiting.length ? [rowKeys.action(id)] : []),
    ...(dead.length < outbox.dead.length ? [rowKeys.dead(id)] : []),
  ];
  return { outbox: { ...outbox, waiting, dead }, changes: { put: new Map(), delete: gone } };
}

/** A dead letter becomes a waiting action again, under a new id. */
export function retry(outbox: Outbox, id: ActionId, newId: ActionId): Changed {
  const row = outbox.dead.find(({ action }) => action.id === id);
  if (!row) return { outbox, changes: noChanges };
  const { action, modelVersion } = row;
  const again: ActionRow = { action: { ...action, id: newId }, modelVersion, held: false };
  const dropped = drop({ ...outbox, waiting: [...outbox.waiting, again] }, id);
  const added = putting([[rowKeys.action(newId), encodeActionRow(again)]]);
  return { outbox: dropped.outbox, changes: together(added, dropped.changes) };
}

/** An update that the log will never hold: its actions become dead letters. */
export function bury(outbox: Outbox, { update, rejected }: UpdateRow, reason: string): Changed {
  const letters = update.actions.map(
    (action): DeadRow => ({ action, modelVersion: update.modelVersion, reason: rejected ?? reason }),
  );
  return {
    outbox: { ...outbox, dead: [...outbox.dead, ...letters], updates: without(outbox.updates, update) },
    changes: {
      put: new Map(letters.map((letter) => [rowKeys.dead(letter.action.id), encodeDeadRow(letter)])),
      delete: [rowKeys.update(update.app, update.seq)],
    },
  };
}

/** An update that the log holds. */
export function settleUpdate(outbox: Outbox, { update }: UpdateRow): Changed {
  return {
    outbox: { ...outbox, updates: without(outbox.updates, update) },
    changes: { put: new Map(), delete: [rowKeys.update(update.app, update.seq)] },
  };
}

/** The actions of an update go out again, before all that wait: the app goes on under another id. */
export function sendAgain(outbox: Outbox, { update }: UpdateRow): Changed {
  const rows = update.actions.map(
    (action): ActionRow => ({ action, modelVersion: update.modelVersion, held: false }),
  );
  const settled = settleUpdate(outbox, { update, storedAt: null, rejected: null });
  return {
    outbox: { ...settled.outbox, waiting: [...rows, ...outbox.waiting] },
    changes: together(
      putting(rows.map((row) => [rowKeys.action(row.action.id), encodeActionRow(row)])),
      settled.changes,
    ),
  };
}

/** Takes out what waits here and is in the log already: the other copy of a cloned storage has sent it. */
export function dropLogged(outbox: Outbox, logged: ReadonlySet<ActionId>): Changed {
  const gone = outbox.waiting.filter(({ action }) => logged.has(action.id));
  if (gone.length === 0) return { outbox, changes: noChanges };
  return {
    outbox: { ...outbox, waiting: outbox.waiting.filter((row) => !gone.includes(row)) },
    changes: { put: new Map(), delete: gone.map(({ action }) => rowKeys.action(action.id)) },
  };
}

export function setMe(outbox: Outbox, me: AppRow): Changed {
  return { outbox: { ...outbox, me }, changes: putting([[rowKeys.app, encodeAppRow(me)]]) };
}

/**
 * The store began a new life. What the old one acknowledged and never published goes out again, unchanged, which does no harm where the
 * new one has it. The chain of own ids is reckoned from the new log's beginning, and from where it stood, until one of them shows.
 */
export function beginEpoch(outbox: Outbox, epoch: string): Changed {
  const { me } = outbox;
  // The first one that this storage meets.
  if (me.epoch === null) return setMe(outbox, { ...me, epoch });
  const former = me.formerChain ?? me.settledChain;
  const next = setMe(outbox, { ...me, epoch, settledChain: emptyChain, formerChain: former });
  const rows = outbox.updates.map((row) => ({ ...row, storedAt: null }));
  return {
    outbox: { ...next.outbox, updates: rows },
    changes: together(
      next.changes,
      putting(rows.map((row) => [rowKeys.update(row.update.app, row.update.seq), encodeUpdateRow(row)])),
    ),
  };
}

export function newMe(app: AppId, chain: string, epoch: string | null = null): AppRow {
  return {
    app,
    nextSeq: 1,
    settledSeq: 0,
    settledChain: chain,
    formerChain: null,
    epoch,
    seen: toTimestamp(0),
  };
}

function without(updates: readonly UpdateRow[], { id }: Update): readonly UpdateRow[] {
  return updates.filter((row) => row.update.id !== id);
}

export function laterOf(a: Timestamp, b: Timestamp): Timestamp {
  return a > b ? a : b;
}
