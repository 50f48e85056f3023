/**
 * The rows of one database in a tab that is one of several: puts together who leads (leadership.ts), what the tabs say to each other
 * (tab-channel.ts), in which order their commits go (rev-order.ts), and the transactions (shared-database.ts).
 */

import { StoreError } from "../../shared/errors.ts";
import type { Json } from "../../shared/json.ts";
import { closedStore } from "../errors.ts";
import { createFollowing } from "../follow.ts";
import { ledElsewhere } from "../local/errors.ts";
import type { LocalRows, RowChanges, Rows } from "../local/local.ts";
import { createQueue } from "../local/queue.ts";
import type { SharedListener, SharedRows } from "../local/shared-rows.ts";
import { createWebPlatform } from "../platform.ts";
import { openConnection } from "./connection.ts";
import { idbError, type Place } from "./idb-errors.ts";
import { type Leadership, takePart } from "./leadership.ts";
import { createRevOrder } from "./rev-order.ts";
import { beginTerm, clearShared, readRev, readShared, renewRows, writeShared } from "./shared-database.ts";
import { answerAsked, createAsking } from "./tab-asking.ts";
import { openTabChannel, type TabNote } from "./tab-channel.ts";
import { onReturn } from "./wake.ts";

/** A tab's note of its commit comes well within this after the commits that follow it. */
const gapMs = 300;
/** A tab that was killed between a commit and its note is noticed after this at the latest. */
const lookMs = 10_000;

export async function openShared(place: Place, locks: LockManager): Promise<LocalRows> {
  const platform = createWebPlatform();
  const queue = createQueue();
  const stopped = new AbortController();
  let listener: SharedListener | null = null;
  let leadership: Leadership | null = null;
  /** A term is one of a life: that of another life with the same number is another leader's. */
  let termLife: string | null = null;
  let isHeir = false;
  let lost: () => void = () => undefined;
  /** Of the leader that answered last. */
  let heardTerm: number | null = null;
  let gapTimed = false;

  const connection = await openConnection(place, {
    onLost: () => void look(),
    onAnew() {
      // Who did that leads.
      if (leadership?.term != null) leadership.lost();
      readAnew();
    },
  });

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
    else if (note.is === "rev") hearRev(note.rev);
    else if (note.is === "ping") void answerPing();
    else if (note.is === "leads") hearLeader(note.term);
    else if (note.is === "told") listener?.told(note.words);
    else if (note.is === "asked") void answerTo(note);
    else asking.answered(note);
  });

  const asking = createAsking({ store: place.store, newId: platform.newNonce, post: channel.post });

  /** A frozen page may still hear, but its timers stand still: only who can work says that it leads. */
  async function answerPing(): Promise<void> {
    if (leadership?.term == null) return;
    await platform.wait(0);
    const { term } = leadership;
    if (term !== null) channel.post({ is: "leads", term });
  }

  /** Perhaps of another life: a connection that was lost finds that out. */
  function hearRev(rev: number): void {
    order.look(rev);
    void look();
  }

  function hearLeader(term: number): void {
    leadership?.heard();
    if (term !== heardTerm) asking.again();
    heardTerm = term;
  }

  async function answerTo(note: Extract<TabNote, { is: "asked" }>): Promise<void> {
    const { asked } = listener ?? {};
    if (asked !== undefined && leadership?.term != null) channel.post(await answerAsked(note, asked));
  }

  async function look(): Promise<void> {
    try {
      order.look(await queue.run(() => connection.run(readRev)));
    } catch {
      // What is wrong shows with the next commit, which a leader makes at once.
      if (leadership?.term != null) lost();
    }
  }

  function readAnew(): void {
    order.restart();
    asking.again();
    listener?.changed("reload");
  }

  /** Where the database is gone, and nobody has led in another one, this tab's term is its first. */
  async function begin(): Promise<number> {
    isHeir = false;
    try {
      return await connection.run((database) => {
        termLife = database.life;
        return beginTerm(database);
      });
    } catch (error) {
      if (!isClosed(error)) throw error;
      await renew(new Map(), 1);
      isHeir = true;
      return 1;
    }
  }

  async function renew(rows: Rows, term: number): Promise<void> {
    const rev = await connection.renew(async (database, lives) => {
      const made = await renewRows(database, { rows, term, lives });
      if (made !== null) termLife = database.life;
      return made;
    });
    channel.post({ is: "rev", rev });
    readAnew();
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
    const rev = await connection.run(async (database) => {
      if (term !== null && database.life !== termLife) throw ledElsewhere(place.store);
      return writeShared(database, place, { changes, term });
    });
    channel.post({ is: "rows", rev, put: [...changes.put], gone: changes.delete });
    order.own(rev);
  }

  const shared: SharedRows = {
    follow: createFollowing,
    isLeader: () => leadership?.term != null,
    isHeir: () => isHeir,
    listen(given) {
      listener = given;
    },
    add: (put) => answer("save", () => save({ put, delete: [] }, null)),
    tell: (words: Json) => channel.post({ is: "told", words }),
    ask: asking.ask,
  };

  const stopReturn = onReturn(() => void look());
  async function close(): Promise<void> {
    stopped.abort();
    stopReturn();
    asking.again();
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
      begin: () => queue.run(begin),
      onChange(term) {
        asking.again();
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
    renewal: {
      listen(given) {
        lost = given;
      },
      renew: (rows) =>
        answer("save", async () => {
          const term = leadership?.term ?? null;
          if (term === null) throw ledElsewhere(place.store);
          try {
            await renew(rows, term);
          } catch (error) {
            // Another tab can lead what is there now; this one has nothing to do with it.
            if (isClosed(error)) void leadership?.close();
            throw error;
          }
        }),
    },
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

function isClosed(error: unknown): boolean {
  return error instanceof StoreError && error.kind === "closed";
}
