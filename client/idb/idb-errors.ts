/**
 * What a browser says about its storage, as a StoreError in plain words. Owns the table from the name of a DOMException to a kind; a
 * name that it does not know is "unavailable", i.e. try again later.
 */
import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import type { StoreId } from "../../shared/wire/ids.ts";

/** The database of one store. */
export interface Place {
  readonly database: string;
  readonly store: StoreId;
}

type Advice = readonly [kind: StoreErrorKind, reason: string, fix: string];

const unsaved = "What was not saved is kept in memory and tried again.";
const refusedByBrowser: Advice = [
  "unauthorized",
  "the browser does not let this page store anything (blocked site data, a private window, or a sandboxed frame)",
  "Allow site data for this page, or use another window. Until then memoryLocal() works, and forgets everything with the page.",
];

const advice: Readonly<Record<string, Advice>> = {
  QuotaExceededError: [
    "limit",
    "the browser's storage for this site is full",
    `Free space on the disk, or remove other data of this site. ${unsaved}`,
  ],
  SecurityError: refusedByBrowser,
  NotAllowedError: refusedByBrowser,
  VersionError: [
    "incompatible",
    "a newer release of this app has changed the database",
    "Nothing was changed. Reload the page: then it is the newer release, too.",
  ],
  AbortError: ["unavailable", "the browser aborted the transaction", unsaved],
  InvalidStateError: [
    "unavailable",
    "the connection to the database was lost",
    `Should it go on, reload the page. ${unsaved}`,
  ],
};

/** What to throw for `error`, which stopped `doing` (say "save"). A bug of our own is no DOMException and stays what it is. */
export function idbError(error: unknown, doing: string, { database, store }: Place): unknown {
  const said = domErrorOf(error);
  if (said === undefined) return error;
  const [kind, reason, fix] = advice[said.name] ?? [
    "unavailable" as const,
    said.text,
    `Should it go on, reload the page. ${unsaved}`,
  ];
  const what = `Could not ${doing} in the browser's database "${database}": ${reason} (${said.name})`;
  return new StoreError({ kind, what, fix, store }, error);
}

/** Errors after which a new connection may well work. The transaction did not happen, so it can be done again. */
export function isLostConnection(error: unknown): boolean {
  return ["InvalidStateError", "AbortError", "UnknownError"].includes(domErrorOf(error)?.name ?? "");
}

function domErrorOf(error: unknown): { readonly name: string; readonly text: string } | undefined {
  return error instanceof DOMException ? { name: error.name, text: error.message } : undefined;
}

export function noIndexedDb(store: StoreId): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: "This browser or window has no IndexedDB",
    fix: "Use another one. Until then memoryLocal() works, and forgets everything with the page.",
    store,
  });
}

export function noLocks(store: StoreId): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: "There are no Web Locks here, without which two tabs would write over each other",
    fix: "Serve the page over HTTPS or from localhost; older browsers do not have them at all.",
    store,
  });
}

/** Rows that were there are no more, so what would be written now would be a part without the rest. */
export function isGone({ database, store }: Place): StoreError {
  return new StoreError({
    kind: "closed",
    what: `The browser's database "${database}" was deleted while store "${store}" was open, say because somebody cleared the site's data`,
    fix: "Nothing more is saved. What was not sent is still in memory (store.outbox.list()): keep what you need of it, then close the store and open it again: it begins afresh from the remote.",
    store,
  });
}

export function isBlocked({ database, store }: Place): StoreError {
  return new StoreError({
    kind: "conflict",
    what: `The browser's database "${database}" must be changed for this release of the app, and another tab still has it open`,
    fix: "Nothing was changed. Close this site's other tabs, then reload the page.",
    store,
  });
}

export function isForeign({ database, store }: Place): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: `There is a database "${database}" in this browser that icecore did not make`,
    fix: "Nothing was changed. Give idbLocal another prefix, or delete that database.",
    store,
  });
}

export function isNoText({ database, store }: Place, key: unknown): StoreError {
  const name = typeof key === "string" ? key : `of type ${typeof key}`;
  return new StoreError({
    kind: "corrupt",
    what: `Row "${name}" of the browser's database "${database}" is no text: something else wrote it`,
    fix: 'Nothing was changed. Take a copy of the database, then "store.forget({ force: true })" starts afresh from the remote.',
    store,
    key: name,
  });
}
