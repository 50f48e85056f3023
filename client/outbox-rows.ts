/** The outbox of an earlier run, from its rows. */
import type { Rows } from "./local/local.ts";
import type { Outbox } from "./outbox.ts";
import {
  type AppRow,
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
