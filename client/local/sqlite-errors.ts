/** What SQLite says, as a StoreError in plain words. Drivers spell its codes differently, so the texts decide: they are SQLite's own. */
import { AssertionError, StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";

type Advice = readonly [text: RegExp, kind: StoreErrorKind, reason: string, fix: string];

const unsaved = "What was not saved is kept in memory and tried again.";

const advice: readonly Advice[] = [
  [
    /database is locked|table is locked|SQLITE_BUSY/i,
    "conflict",
    "somebody else has the database open",
    "Close it there first, and let nothing else use this file.",
  ],
  [/is full|SQLITE_FULL/i, "limit", "the disk is full", `Free some space. ${unsaved}`],
  [
    /malformed|not a database|SQLITE_CORRUPT|SQLITE_NOTADB/i,
    "corrupt",
    "the database file is damaged",
    "Nothing was changed. Put the file back from a backup, or move it away: then the store begins afresh from the remote, and what was not sent is in the file that you moved.",
  ],
  [
    /readonly|read-only|SQLITE_READONLY|permission/i,
    "unauthorized",
    "the database may not be written",
    "Give this app permission to write the file and its folder.",
  ],
];

export interface SqliteDoing {
  readonly doing: string;
  /** Of the database. */
  readonly name: string;
  readonly store: StoreId;
}

/** A bug of our own stays what it is. */
export function sqliteError(error: unknown, { doing, name, store }: SqliteDoing): unknown {
  if (error instanceof StoreError || error instanceof AssertionError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const [, kind, reason, fix] = advice.find(([text]) => text.test(said)) ?? [
    null,
    "unavailable" as const,
    said,
    `Check the database. ${unsaved}`,
  ];
  return new StoreError({ kind, what: `Could not ${doing} in ${name}: ${reason}`, fix, store }, error);
}
