/** The outbox as rows, and the outbox of an earlier run from its rows. */
import { emptyChain } from "../shared/wire/marks.ts";
import type { Rows } from "./local/local.ts";
import type { Outbox } from "./outbox.ts";
import { newMe } from "./outbox.ts";
import {
  type AppRow,
  encodeActionRow,
  encodeAppRow,
  encodeDeadRow,
  encodeUpdateRow,
  type PlaceRow,
  readActionRow,
  readAppRow,
  readDeadRow,
  readRow,
  readUpdateRow,
  rowKeys,
} from "./rows.ts";

/** `fresh` is who this instance is where it never was before. Throws StoreError for a row that cannot be read. */
export function readOutbox(local: string, rows: Rows, fresh: AppRow): Outbox {
  const below = <T>(prefix: string, read: Parameters<typeof readRow<T>>[3]): readonly T[] =>
    [...rows].flatMap(([key, value]) => (key.startsWith(prefix) ? [readRow(local, key, value, read)] : []));
  const app = rows.get(rowKeys.app);
  const me = app === undefined ? fresh : readRow(local, rowKeys.app, app, readAppRow);
  const updates = below("update/", readUpdateRow);
  const others = updates.filter(({ update }) => update.app !== me.app);
  return {
    me,
    updates: [...others, ...updates.filter(({ update }) => update.app === me.app)],
    waiting: below("action/", readActionRow),
    dead: below("dead/", readDeadRow),
  };
}

export function outboxRows({ me, updates, waiting, dead }: Outbox): Rows {
  return new Map([
    [rowKeys.app, encodeAppRow(me)],
    ...updates.map((row) => [rowKeys.update(row.update.app, row.update.seq), encodeUpdateRow(row)] as const),
    ...waiting.map((row) => [rowKeys.action(row.action.id), encodeActionRow(row)] as const),
    ...dead.map((row) => [rowKeys.dead(row.action.id), encodeDeadRow(row)] as const),
  ]);
}

const unclear =
  "the browser's storage was cleared, and the tab that sends went away with it: it may be in the log already";

/**
 * What a tab inherits that only followed, where the one that led has left no rows. It may have given seqs that this one does not know, so
 * nobody goes on under its name; what it had given one goes out as it is, which does no harm twice; of all else a person decides.
 */
export function inherited({ me, updates, waiting, dead }: Outbox, app: AppRow["app"]): Outbox {
  const letters = waiting.map(({ action, modelVersion }) => ({ action, modelVersion, reason: unclear }));
  return {
    me: { ...newMe(app, emptyChain, me.epoch), seen: me.seen },
    updates,
    waiting: [],
    dead: [...dead, ...letters],
  };
}

/** With what was made before the rows were read. */
export function withEarly(known: Outbox, { waiting }: Outbox, place: PlaceRow | null): Outbox {
  const me = { ...known.me, epoch: known.me.epoch ?? place?.epoch ?? null };
  return { ...known, me, waiting: [...known.waiting, ...waiting] };
}
