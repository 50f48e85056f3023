/**
 * Local transactions, one after another. What is changed while one is being written goes into the next one together. A commit that
 * fails keeps its changes: the next one carries them too, so that rows never fall behind what memory says, and nothing is skipped.
 */
import { StoreError } from "../shared/errors.ts";
import type { LocalRows, RowChanges } from "./local/local.ts";
import { createGathered, gather, gatheredChanges, noChanges } from "./row-changes.ts";

export interface Commits {
  /** Resolves when these changes are durable; rejects with StoreError when they could not be written yet. */
  commit(changes: RowChanges): Promise<void>;
  /** Writes what is left. Where the rows never opened there is nowhere to write to: then nothing waits. */
  flush(): Promise<void>;
  /** Why the last try failed; null when everything is durable. */
  readonly trouble: StoreError | null;
  /** The rows are open: what was changed before is written now. */
  open(rows: LocalRows): void;
  /** The rows will not open: nothing that was or will be committed is ever saved. */
  fail(error: unknown): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** `onTrouble` is told what is so now, and what was so before. */
export function createCommits(
  onTrouble: (trouble: StoreError | null, before: StoreError | null) => void,
): Commits {
  let rows: LocalRows | null = null;
  let changes = createGathered();
  let waiters: Waiter[] = [];
  let writing = false;
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
      while (waiters.length > 0) await writeOnce(rows);
    } finally {
      writing = false;
    }
  }

  async function writeOnce(open: LocalRows): Promise<void> {
    const [now, told] = [changes, waiters];
    changes = createGathered();
    waiters = [];
    try {
      if (now.put.size + now.gone.size > 0) await open.commit(gatheredChanges(now));
      note(null);
      for (const { resolve } of told) resolve();
    } catch (error) {
      gather(now, gatheredChanges(changes));
      changes = now;
      const failed = asStoreError(error);
      note(failed);
      for (const { reject } of told) reject(failed);
    }
  }

  const commit = (more: RowChanges): Promise<void> => {
    if (failed) return Promise.reject(failed);
    gather(changes, more);
    return new Promise((resolve, reject) => {
      waiters.push({ resolve, reject });
      // After this turn, so that what one turn does is one transaction.
      void Promise.resolve().then(write);
    });
  };

  return {
    commit,
    flush: async () => (rows === null ? undefined : commit(noChanges)),
    get trouble() {
      return trouble;
    },
    open(opened) {
      rows = opened;
      void write();
    },
    fail(error) {
      failed = asStoreError(error);
      for (const { reject } of waiters.splice(0)) reject(failed);
    },
  };
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
