/**
 * What the log says of the updates this instance sent (docs/protocol.md, "Read"). Pure.
 *
 * Two ways of hearing it: segment by segment, where each own update shows by its id; or from marks after a snapshot, where the chain of
 * own ids tells. The log answers, not the server: what it has passed without is a dead letter, whatever was acknowledged or refused. An
 * own seq that stands there with an id nobody here made means that this storage was cloned: then a new app id goes on, and what was
 * sent under the old one goes out again once the log has passed its seq without it.
 */
import type { Sha256 } from "../shared/ports/hash.ts";
import type { AppId } from "../shared/wire/ids.ts";
import type { Mark, SeqRange } from "../shared/wire/marks.ts";
import type { StampedUpdate } from "../shared/wire/update.ts";
import { bury, type Changed, dropLogged, type Outbox, sendAgain, setMe, settleUpdate } from "./outbox.ts";
import { noChanges, together } from "./row-changes.ts";
import type { AppRow, UpdateRow } from "./rows.ts";

export interface Settled extends Changed {
  /** The log holds updates of this app that were made elsewhere: it has a new name now. */
  readonly cloned: boolean;
}

export interface SettleTools {
  readonly sha256: Sha256;
  /** Who a clone is from now on. */
  readonly newName: () => AppRow;
}

const passedBy = "the log went past it without it, so it will never be in the log";

/** Updates in log order, all above what was settled before. */
export function settleBySegment(
  outbox: Outbox,
  updates: readonly StampedUpdate[],
  tools: SettleTools,
): Settled {
  let settled: Settled = { outbox, changes: noChanges, cloned: false };
  for (const update of updates) settled = settleOne(settled, update, tools);
  return settled;
}

function settleOne(before: Settled, published: StampedUpdate, { sha256, newName }: SettleTools): Settled {
  const { app, seq, id } = published;
  const { me } = before.outbox;
  const row = before.outbox.updates.find(({ update }) => update.id === id);
  let settled = before;
  if (row) settled = then(settled, (outbox) => settleUpdate(outbox, row));
  // In a new epoch the log is read from its beginning: own updates pass that were settled long ago.
  if (app === me.app && seq <= me.settledSeq && me.formerChain !== null)
    settled = then(settled, (outbox) => setMe(outbox, { ...me, settledChain: sha256(me.settledChain + id) }));
  if (app === me.app && seq > me.settledSeq)
    settled = row
      ? then(settled, (outbox) =>
          setMe(outbox, {
            ...me,
            settledSeq: seq,
            settledChain: sha256(me.settledChain + id),
            formerChain: null,
          }),
        )
      : { ...then(settled, (outbox) => setMe(outbox, newName())), cloned: true };
  settled = passAll(settled, (update) => update.app === app && update.seq <= seq);
  // The other copy of a cloned storage may have sent, in an update of its own, what waits here too.
  const logged = new Set(published.actions.map((action) => action.id));
  return then(settled, (outbox) => dropLogged(outbox, logged));
}

/** Whatever the log has passed without leaves: as dead letters, or again under the new name. */
function passAll(before: Settled, isPassed: (update: UpdateRow["update"]) => boolean): Settled {
  const passed = before.outbox.updates.filter(({ update }) => isPassed(update));
  return passed.reduce((settled, row) => then(settled, (outbox) => passBy(outbox, row)), before);
}

function passBy(outbox: Outbox, row: UpdateRow): Changed {
  return row.update.app === outbox.me.app ? bury(outbox, row, passedBy) : sendAgain(outbox, row);
}

/** After a snapshot: `markOf` gives the mark of an app at the position. */
export function settleByMarks(outbox: Outbox, markOf: (app: AppId) => Mark, tools: SettleTools): Settled {
  const nothing: Settled = { outbox, changes: noChanges, cloned: false };
  const { me } = outbox;
  const mark = markOf(me.app);
  const published = outbox.updates.filter(
    ({ update }) => update.app === me.app && update.seq <= mark.seq && !isMissing(update.seq, mark.missing),
  );
  const goesOnFrom = (from: string | null): boolean =>
    from !== null &&
    published.reduce((text, { update }) => tools.sha256(text + update.id), from) === mark.chain;
  let settled = nothing;
  if (mark.seq < me.settledSeq || goesOnFrom(me.settledChain) || goesOnFrom(me.formerChain)) {
    // What the marks hold is ours, or a store that was made anew holds less: its marks count, and seqs go on above what was used.
    const left = mark.seq < me.settledSeq ? [] : published;
    for (const row of left) settled = then(settled, (next) => settleUpdate(next, row));
    if (mark.chain !== me.settledChain || me.formerChain !== null)
      settled = then(settled, (next) =>
        setMe(next, { ...me, settledSeq: mark.seq, settledChain: mark.chain, formerChain: null }),
      );
  } else settled = { ...then(settled, (next) => setMe(next, tools.newName())), cloned: true };
  return passAll(settled, ({ app, seq }) => seq <= markOf(app).seq);
}

function isMissing(seq: number, missing: readonly SeqRange[]): boolean {
  return missing.some(([first, last]) => first <= seq && seq <= last);
}

function then(before: Settled, next: (outbox: Outbox) => Changed): Settled {
  const after = next(before.outbox);
  return {
    outbox: after.outbox,
    changes: together(before.changes, after.changes),
    cloned: before.cloned,
  };
}
