/**
 * What the log says of the updates this instance sent (docs/protocol.md, "Read"). Pure.
 *
 * Two ways of hearing it: segment by segment, where each own update shows by its id; or from marks after a snapshot, where the chain of
 * own ids tells. The log answers, not the server: what it has passed without is a dead letter, whatever was acknowledged or refused. An
 * own seq that stands there with an id nobody here made means that this storage was cloned: then a new app id goes on.
 */
import type { Sha256 } from "../shared/ports/hash.ts";
import type { AppId } from "../shared/wire/ids.ts";
import type { Mark, SeqRange } from "../shared/wire/marks.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import {
  bury,
  type Changed,
  noChanges,
  type Outbox,
  sendAgain,
  setMe,
  settleUpdate,
  together,
} from "./outbox.ts";
import type { AppRow, UpdateRow } from "./rows.ts";

export interface Settled extends Changed {
  /** The log holds updates of this app that were made elsewhere. */
  readonly cloned: boolean;
}

const passedBy = "the log went past it without it, so it will never be in the log";

/** Updates in log order, all above what was settled before. */
export function settleBySegment(outbox: Outbox, updates: readonly StampedUpdate[], sha256: Sha256): Settled {
  let settled: Settled = { outbox, changes: noChanges, cloned: false };
  for (const update of updates) {
    const { me } = settled.outbox;
    const known = settled.outbox.updates.find((row) => row.update.id === update.id);
    if (known) settled = add(settled, settlePublished(settled.outbox, known, sha256));
    else if (update.app === me.app && update.seq > me.settledSeq) settled = { ...settled, cloned: true };
  }
  return settled;
}

/** An own update shows: it leaves, and what was sent before it and did not show never will. */
function settlePublished(outbox: Outbox, row: UpdateRow, sha256: Sha256): Changed {
  const { app, seq, id } = row.update;
  const passed = outbox.updates.filter(({ update }) => update.app === app && update.seq < seq);
  let changed: Changed = settleUpdate(outbox, row);
  for (const one of passed) changed = chain(changed, (next) => passBy(next, one));
  if (app !== outbox.me.app) return changed;
  const { me } = changed.outbox;
  const next = { ...me, settledSeq: seq, settledChain: sha256(me.settledChain + id) };
  return chain(changed, (later) => setMe(later, next));
}

/** Of the app that this instance is: a dead letter. Of one it was, before it found itself cloned: out again under the new id. */
function passBy(outbox: Outbox, row: UpdateRow): Changed {
  return row.update.app === outbox.me.app ? bury(outbox, row, passedBy) : sendAgain(outbox, row);
}

/** After a snapshot: `markOf` gives the mark of an app at the position. */
export function settleByMarks(outbox: Outbox, markOf: (app: AppId) => Mark, sha256: Sha256): Settled {
  const { me } = outbox;
  const mark = markOf(me.app);
  const own = outbox.updates.filter(({ update }) => update.app === me.app && update.seq <= mark.seq);
  const published = own.filter(({ update }) => !isMissing(update.seq, mark.missing));
  const expected = published.reduce((text, { update }) => sha256(text + update.id), me.settledChain);
  if (mark.seq < me.settledSeq) return adopt(outbox, mark);
  if (expected !== mark.chain) return settleOthers({ outbox, changes: noChanges, cloned: true }, markOf);
  let changed: Changed = { outbox, changes: noChanges };
  for (const row of own)
    changed = chain(changed, (next) =>
      published.includes(row) ? settleUpdate(next, row) : bury(next, row, passedBy),
    );
  const next: AppRow = { ...me, settledSeq: mark.seq, settledChain: mark.chain };
  if (mark.seq > me.settledSeq) changed = chain(changed, (later) => setMe(later, next));
  return settleOthers({ ...changed, cloned: false }, markOf);
}

/** The store lost updates of this app, or was made anew: its marks count, and seqs go on above what was ever used. */
function adopt(outbox: Outbox, mark: Mark): Settled {
  const me = { ...outbox.me, settledSeq: mark.seq, settledChain: mark.chain };
  return { ...setMe(outbox, me), cloned: false };
}

/** Of an app that this instance was: what its mark has passed cannot be told from the chain, so it goes out again. */
function settleOthers(settled: Settled, markOf: (app: AppId) => Mark): Settled {
  let result = settled;
  const { me } = settled.outbox;
  for (const row of settled.outbox.updates)
    if (row.update.app !== me.app && markOf(row.update.app).seq >= row.update.seq)
      result = add(result, sendAgain(result.outbox, row));
  return result;
}

function isMissing(seq: number, missing: readonly SeqRange[]): boolean {
  return missing.some(([first, last]) => first <= seq && seq <= last);
}

function chain(before: Changed, next: (outbox: Outbox) => Changed): Changed {
  const after = next(before.outbox);
  return { outbox: after.outbox, changes: together(before.changes, after.changes) };
}

function add(before: Settled, after: Changed): Settled {
  return {
    outbox: after.outbox,
    changes: together(before.changes, after.changes),
    cloned: before.cloned,
  };
}
