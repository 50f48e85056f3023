/**
 * The outbox as another tab has changed it, from the rows of its commit. Pure. Actions that wait stay in order of their ids: the order of
 * their making, whichever tab made them.
 */
import type { RowChanges } from "./local/local.ts";
import type { Outbox } from "./outbox.ts";
import {
  type ActionRow,
  type DeadRow,
  readActionRow,
  readAppRow,
  readDeadRow,
  readRow,
  readUpdateRow,
  rowKeys,
  type UpdateRow,
} from "./rows.ts";

/** Throws StoreError for a row that cannot be read. `local` is the storage's name, for that. */
export function followOutbox(local: string, outbox: Outbox, changes: RowChanges): Outbox {
  const app = changes.put.get(rowKeys.app);
  const me = app === undefined ? outbox.me : readRow(local, rowKeys.app, app, readAppRow);
  const section = <T>(below: Section<T>): readonly T[] => followSection(local, below, changes);
  const updates = section({ prefix: "update/", rows: outbox.updates, keyOf: updateKey, read: readUpdateRow });
  const others = updates.filter(({ update }) => update.app !== me.app);
  return {
    me,
    updates: [...others, ...updates.filter(({ update }) => update.app === me.app)],
    waiting: section({ prefix: "action/", rows: outbox.waiting, keyOf: actionKey, read: readActionRow }),
    dead: section({ prefix: "dead/", rows: outbox.dead, keyOf: deadKey, read: readDeadRow }),
  };
}

const updateKey = ({ update }: UpdateRow): string => rowKeys.update(update.app, update.seq);
const actionKey = ({ action }: ActionRow): string => rowKeys.action(action.id);
const deadKey = ({ action }: DeadRow): string => rowKeys.dead(action.id);

interface Section<T> {
  readonly prefix: string;
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly read: Parameters<typeof readRow<T>>[3];
}

/** The same list where nothing of it has changed; in order of keys else. */
function followSection<T>(
  local: string,
  { prefix, rows, keyOf, read }: Section<T>,
  { put, delete: gone }: RowChanges,
): readonly T[] {
  const isMine = (key: string): boolean => key.startsWith(prefix);
  const changed = [...put].filter(([key]) => isMine(key));
  if (changed.length === 0 && !gone.some(isMine)) return rows;
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  for (const key of gone) byKey.delete(key);
  for (const [key, value] of changed) byKey.set(key, readRow(local, key, value, read));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
