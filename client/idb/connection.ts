/**
 * The connection to one database, made again when it was lost: a browser may close it at any time (clearing site data, a crash of its
 * storage, another tab that upgrades). One transaction happens whole or not at all, so it is simply done again, once.
 */
import { type Database, openDatabase } from "./database.ts";
import { isGone, isLostConnection, type Place } from "./idb-errors.ts";

/** One call at a time. Throws StoreError, and the browser's own errors as they are. */
export interface Connection {
  /** Runs `work`, on a new connection where the old one was lost. Throws StoreError "closed" where the database itself is gone. */
  run<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /** The same for work that needs nothing of what was there: makes the database anew where it is gone. */
  runAnew<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /**
   * Goes on in another life of the database, made where there is none, if `work` says so: null leaves it as it is, and throws StoreError
   * "closed". `lives` are those that this connection has known.
   */
  renew<T>(work: (database: Database, lives: readonly string[]) => Promise<T | null>): Promise<T>;
  close(): void;
}

export interface ConnectionNews {
  /** It was lost, and the database perhaps, too. */
  readonly onLost?: () => void;
  /** Another tab has made the database anew: nothing that was known of its rows holds any more. */
  readonly onAnew?: () => void;
}

/** Opens the database, and makes it where there is none. */
export async function openConnection(place: Place, events: ConnectionNews = {}): Promise<Connection> {
  const { onLost = () => undefined, onAnew } = events;
  const lives: string[] = [];
  let life: string | null = null;
  let open: Database | null = null;

  async function present(): Promise<Database> {
    if (open !== null && !open.isLost()) return open;
    drop();
    const before = life;
    enter(await openDatabase(place, { life, onLost }));
    if (before !== null && life !== before) onAnew?.();
    return open ?? present();
  }

  function enter(database: Database): void {
    open = database;
    life = database.life;
    if (!lives.includes(life)) lives.push(life);
  }

  function drop(): void {
    open?.connection.close();
    open = null;
  }

  async function run<T>(work: (database: Database) => Promise<T>): Promise<T> {
    try {
      return await work(await present());
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      drop();
      return await work(await present());
    }
  }

  await run(async () => undefined);
  return {
    run,
    async runAnew(work) {
      life = null;
      try {
        return await run(work);
      } finally {
        // Whoever asks next takes the life that it has now.
        drop();
      }
    },
    async renew(work) {
      drop();
      const found = await openDatabase(place, { life: null, onLost });
      let done: Awaited<ReturnType<typeof work>> = null;
      try {
        done = await work(found, lives);
      } finally {
        if (done === null) found.connection.close();
      }
      if (done === null) throw isGone(place);
      enter(found);
      return done;
    },
    close: drop,
  };
}
