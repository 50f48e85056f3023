/**
 * The connection to one database, made again when it was lost: a browser may close it at any time (clearing site data, a crash of its
 * storage, another tab that upgrades). One transaction happens whole or not at all, so it is simply done again, once.
 */
import { type Database, openDatabase } from "./database.ts";
import { isLostConnection, type Place } from "./idb-errors.ts";

/** One call at a time. Throws StoreError, and the browser's own errors as they are. */
export interface Connection {
  /** Runs `work`, on a new connection where the old one was lost. Throws StoreError "closed" where the database itself is gone. */
  run<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /** The same for work that needs nothing of what was there: makes the database anew where it is gone. */
  runAnew<T>(work: (database: Database) => Promise<T>): Promise<T>;
  close(): void;
}

/** Opens the database, and makes it where there is none. */
export async function openConnection(place: Place): Promise<Connection> {
  let life: string | null = null;
  let open: Database | null = null;

  async function present(): Promise<Database> {
    if (open !== null && !open.isLost()) return open;
    drop();
    open = await openDatabase(place, { life });
    life = open.life;
    return open;
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
    close: drop,
  };
}
