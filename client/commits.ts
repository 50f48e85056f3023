/**
 * Local transactions, one after another. What is changed while one is being written goes into the next one together. A commit that
 * fails keeps its changes: the next one carries them too, so that rows never fall behind what memory says, and nothing is skipped. Where
 * the rows themselves are gone, memory is written anew: it is never behind them, and all of one moment.
 *
 * Where tabs share the rows only the leader changes them, the others add what was made in them. A leader that is one no more forgets
 * its changes, which another one has made or will make, and adds what was made in it all the same.
 */
import { StoreError } from "../shared/errors.ts";
import { ledElsewhere } from "./local/errors.ts";
import type { LocalRows, RowChanges, Rows } from "./local/local.ts";
import { mayWriteAll } from "./local/shared-rows.ts";
import { createGathered, type Gathered, gather, gatheredChanges, noChanges } from "./row-changes.ts";

export interface Commits {
  /** Resolves when these changes are durable; rejects with StoreError when they could not be written yet. */
  commit(changes: RowChanges): Promise<void>;
  /** The same for rows that were made here and are new. */
  add(rows: Rows): Promise<void>;
  /** Writes what is left. Where the rows never opened there is nowhere to write to: then nothing waits. */
  flush(): Promise<void>;
  /** Why the last try failed; null when everything is durable. */
  readonly trouble: StoreError | null;
  /** What was added and is not durable yet. */
  readonly unsaved: Rows;
  /** True for a row whose end is not durable yet. */
  isGoing(key: string): boolean;
  /** The rows are open: what was changed before is written now. */
  open(rows: LocalRows): void;
  /** The rows will not open: nothing that was or will be committed is ever saved. */
  fail(error: unknown): void;
  /** Another tab leads: changes are forgotten, and refused until `lead`. */
  follow(): void;
  lead(): void;
}

interface Waiter {
  /** Waits for nothing but what was added. */
  readonly added: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What goes into one transaction. */
interface Batch {
  readonly changes: Gathered;
  /** What was added of it, as it was made. */
  readonly added: Map<string, string>;
  /** There is more in it than that. */
  mixed: boolean;
  waiters: Waiter[];
}

/** `onTrouble` is told what is so now, and what was so before; `allRows` are those of all that memory holds. */
export function createCommits(
  onTrouble: (trouble: StoreError | null, before: StoreError | null) => void,
  allRows: () => Rows,
): Commits {
  let rows: LocalRows | null = null;
  let batch = newBatch();
  let inWork: Batch | null = null;
  let writing = false;
  let following = false;
  let trouble: StoreError | null = null;
  let failed: StoreError | null = null;

  function note(next: StoreError | null): void {
    const before = trouble;
    if (before === next) return;
    trouble = next;
    onTrouble(next, before);
  }

  async function write(): Promise<void> {
    if (writing || rows === null) return;
    writing = true;
    try {
      while (batch.waiters.length > 0) await writeOnce(rows);
    } finally {
      writing = false;
    }
  }

  async function writeOnce(open: LocalRows): Promise<void> {
    const now = batch;
    batch = newBatch();
    inWork = now;
    try {
      await writeBatch(open, now).catch((error) => renew(open, error));
      inWork = null;
      note(null);
      for (const { resolve } of now.waiters) resolve();
    } catch (error) {
      inWork = null;
      // Somebody else writes all but what was made here: that goes on at once.
      const fenced = now.mixed && (following || !mayWriteAll(open));
      const told = now.waiters.filter(({ added }) => !(fenced && added));
      batch = joined(now, batch, told);
      if (fenced || following) batch = onlyAdded(batch);
      const why = asStoreError(error);
      if (!fenced) note(why);
      for (const { reject } of told) reject(why);
    }
  }

  /** Only who leads holds all there is. */
  async function renew(open: LocalRows, error: unknown): Promise<void> {
    const isGone = error instanceof StoreError && error.kind === "closed";
    if (!isGone || !open.renewal || following || !mayWriteAll(open)) throw error;
    await open.renewal.renew(allRows());
  }

  function wait(added: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      batch.waiters.push({ added, resolve, reject });
      // After this turn, so that what one turn does is one transaction.
      void Promise.resolve().then(write);
    });
  }

  const commit = (more: RowChanges): Promise<void> => {
    if (failed) return Promise.reject(failed);
    const isChange = more.put.size + more.delete.length > 0;
    if (isChange && following) return Promise.reject(ledElsewhere());
    gather(batch.changes, more);
    batch.mixed ||= isChange;
    return wait(!isChange);
  };

  return {
    commit,
    add(added) {
      if (failed) return Promise.reject(failed);
      addTo(batch, added);
      return wait(true);
    },
    flush: async () => (rows === null ? undefined : commit(noChanges)),
    get trouble() {
      return trouble;
    },
    get unsaved() {
      return new Map([...(inWork?.added ?? []), ...batch.added]);
    },
    isGoing: (key) => [inWork, batch].some((one) => one?.changes.gone.has(key)),
    open(opened) {
      rows = opened;
      rows.renewal?.listen(() => {
        batch.mixed = true;
        wait(false).catch(() => undefined);
      });
      void write();
    },
    fail(error) {
      failed = asStoreError(error);
      note(failed);
      for (const { reject } of batch.waiters.splice(0)) reject(failed);
    },
    follow() {
      following = true;
      batch = onlyAdded(batch);
    },
    lead() {
      following = false;
    },
  };
}

function newBatch(): Batch {
  return { changes: createGathered(), added: new Map(), mixed: false, waiters: [] };
}

function addTo(batch: Batch, rows: Rows): void {
  gather(batch.changes, { put: rows, delete: [] });
  for (const [key, value] of rows) batch.added.set(key, value);
}

async function writeBatch(open: LocalRows, { changes, added, mixed }: Batch): Promise<void> {
  if (mixed || (added.size > 0 && !open.shared)) await open.commit(gatheredChanges(changes));
  else if (added.size > 0) await open.shared?.add(added);
}

/** A batch that failed and what came meanwhile, without those who are told of it. */
function joined(failed: Batch, since: Batch, told: readonly Waiter[]): Batch {
  const { changes, added } = failed;
  gather(changes, gatheredChanges(since.changes));
  for (const [key, value] of since.added) added.set(key, value);
  const waiters = [...failed.waiters.filter((one) => !told.includes(one)), ...since.waiters];
  return { changes, added, mixed: failed.mixed || since.mixed, waiters };
}

function onlyAdded({ added, waiters }: Batch): Batch {
  const left = newBatch();
  addTo(left, added);
  left.waiters = waiters.filter((one) => one.added);
  for (const one of waiters) if (!one.added) one.reject(ledElsewhere());
  return left;
}

function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError(
    {
      kind: "unavailable",
      what: `The local storage could not be written: ${error instanceof Error ? error.message : String(error)}`,
      fix: "Free some space or allow storage; it is tried again, and nothing is sent before it is saved.",
    },
    error,
  );
}
