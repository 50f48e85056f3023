/**
 * The rows of one database in a tab that is one of several: puts together who leads (leadership.ts), what the tabs say to each other
 * (tab-channel.ts), in which order their commits go (rev-order.ts), and the transactions (shared-database.ts).
 */

import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import type { Json } from "../../shared/json.ts";
import { closedStore } from "../errors.ts";
import { ledElsewhere } from "../local/errors.ts";
import type { LocalRows, RowChanges } from "../local/local.ts";
import { createQueue } from "../local/queue.ts";
import type { SharedListener, SharedRows } from "../local/shared-rows.ts";
import { createWebPlatform } from "../platform.ts";
import { openConnection } from "./connection.ts";
import { idbError, type Place } from "./idb-errors.ts";
import { type Leadership, takePart } from "./leadership.ts";
import { createRevOrder } from "./rev-order.ts";
import { beginTerm, clearShared, readRev, readShared, writeShared } from "./shared-database.ts";
import { openTabChannel, type TabNote } from "./tab-channel.ts";
import { onReturn } from "./wake.ts";

/** A tab's note of its commit comes well within this after the commits that follow it. */
const gapMs = 300;
/** A tab that was killed between a commit and its note is noticed after this at the latest. */
const lookMs = 10_000;

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export async function openShared(place: Place, locks: LockManager): Promise<LocalRows> {
  const platform = createWebPlatform();
  const connection = await openConnection(place);
  const queue = createQueue();
  const asked = new Map<string, Asked>();
  const stopped = new AbortController();
  let listener: SharedListener | null = null;
  let leadership: Leadership | null = null;
  /** Of the leader that answered last. */
  let heardTerm: number | null = null;
  let gapTimed = false;

  const order = createRevOrder({
    pass: (changes) => listener?.changed(changes),
    onGap() {
      if (gapTimed) return;
      gapTimed = true;
      void platform.wait(gapMs).then(() => {
        gapTimed = false;
        if (order.hasGap && !stopped.signal.aborted) listener?.changed("reload");
      });
    },
    later: (work) => void platform.wait(0).then(work),
  });

  const channel = openTabChannel(place.database, (note) => {
    if (note.is === "rows") order.heard(note.rev, { put: new Map(note.put), delete: note.gone });
    else if (note.is === "rev") order.look(note.rev);
    else if (note.is === "ping") void answerPing();
    else if (note.is === "leads") hearLeader(note.term);
    else if (note.is === "told") listener?.told(note.words);
    else if (note.is === "asked") void answerTo(note);
    else settle(note);
  });

  /** A frozen page may still hear, but its timers stand still: only who can work says that it leads. */
  async function answerPing(): Promise<void> {
    if (leadership?.term == null) return;
    await platform.wait(0);
    const { term } = leadership;
    if (term !== null) channel.post({ is: "leads", term });
  }

  function hearLeader(term: number): void {
    leadership?.heard();
    if (term !== heardTerm) askAgain();
    heardTerm = term;
  }

  /** Who was asked leads no more: whoever waits asks the next one. */
  function askAgain(): void {
    for (const { reject } of asked.values()) reject(ledElsewhere(place.store));
    asked.clear();
  }

  async function answerTo({ id, words }: Extract<TabNote, { is: "asked" }>): Promise<void> {
    if (listener === null || leadership?.term == null) return;
    try {
      await listener.asked(words);
      channel.post({ is: "answered", id, trouble: null });
    } catch (error) {
      const { kind, what, fix } = error instanceof StoreError ? error : failed(error);
      channel.post({ is: "answered", id, trouble: { kind, what, fix } });
    }
  }

  function settle({ id, trouble }: Extract<TabNote, { is: "answered" }>): void {
    const one = asked.get(id);
    asked.delete(id);
    if (trouble === null) one?.resolve();
    else one?.reject(new StoreError({ ...trouble, kind: trouble.kind as StoreErrorKind }));
  }

  async function look(): Promise<void> {
    try {
      order.look(await connection.run(readRev));
    } catch {
      // What is wrong shows with the next commit.
    }
  }

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      await platform.wait(lookMs, stopped.signal);
      if (!stopped.signal.aborted) await look();
    }
  }

  async function answer<T>(doing: string, call: () => Promise<T>): Promise<T> {
    if (stopped.signal.aborted) throw closedStore(place.store);
    return queue.run(async () => {
      try {
        return await call();
      } catch (error) {
        throw idbError(error, doing, place);
      }
    });
  }

  async function save(changes: RowChanges, term: number | null): Promise<void> {
    const rev = await connection.run((database) => writeShared(database, place, { changes, term }));
    channel.post({ is: "rows", rev, put: [...changes.put], gone: changes.delete });
    order.own(rev);
  }

  const shared: SharedRows = {
    isLeader: () => leadership?.term != null,
    listen(given) {
      listener = given;
    },
    add: (put) => answer("save", () => save({ put, delete: [] }, null)),
    tell: (words: Json) => channel.post({ is: "told", words }),
    ask(words) {
      const id = platform.newNonce();
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject });
        channel.post({ is: "asked", id, words });
      });
    },
  };

  const stopReturn = onReturn(() => void look());
  async function close(): Promise<void> {
    stopped.abort();
    stopReturn();
    askAgain();
    await leadership?.close();
    await queue.run(() => {
      channel.close();
      connection.close();
    });
  }

  try {
    leadership = await takePart({
      locks,
      name: place.database,
      platform,
      begin: () => connection.run(beginTerm),
      onChange(term) {
        askAgain();
        if (term !== null) channel.post({ is: "leads", term });
        // The first change comes before anybody listens.
        listener?.leads();
      },
      ping: () => channel.post({ is: "ping" }),
    });
  } catch (error) {
    await close();
    throw error;
  }
  void watch();
  return {
    shared,
    load() {
      order.loading();
      return answer("read", async () => {
        let rev: number | null = null;
        try {
          const found = await connection.run((database) => readShared(database, place));
          rev = found.rev;
          return found.rows;
        } finally {
          order.loaded(rev);
        }
      });
    },
    commit(changes) {
      // The term of who asks, not of who it is when its turn comes.
      const term = leadership?.term ?? null;
      return answer("save", async () => {
        if (term === null) throw ledElsewhere(place.store);
        try {
          await save(changes, term);
        } catch (error) {
          if (error instanceof StoreError && error.kind === "conflict" && leadership?.term === term)
            leadership.lost();
          throw error;
        }
      });
    },
    clear: () =>
      answer("remove the rows", async () => {
        const term = leadership?.term ?? null;
        const rev = await connection.runAnew((database) => clearShared(database, term));
        // Nobody can follow this: they read, and find another life.
        channel.post({ is: "rev", rev });
        order.own(rev);
      }),
    async close() {
      if (!stopped.signal.aborted) await close();
    },
  };
}

function failed(error: unknown): StoreError {
  return new StoreError(
    {
      kind: "unavailable",
      what: `The leading tab failed: ${error instanceof Error ? error.message : String(error)}`,
      fix: "Try again.",
    },
    error,
  );
}
