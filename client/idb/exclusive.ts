/**
 * Who may open a database: one at a time among all tabs and workers of this origin, by a Web Lock of the database's name. The browser
 * frees it when a page ends, however it ends; but a moment later, so that a page that was loaded again must not give up at once.
 */
import { createWebPlatform } from "../platform.ts";

export interface TabLock {
  /** False when somebody has taken it by force. */
  readonly isMine: () => boolean;
  /** Resolves when others can have it. Never fails. */
  release(): Promise<void>;
}

/** On a busy machine it took up to 280 ms after a tab was closed. A user who opens a second tab does not mind to wait so long for the no. */
const patienceMs = 1_000;

/** Null while somebody else has it. Throws the browser's own errors as they are. */
export function takeExclusive(locks: LockManager, name: string): Promise<TabLock | null> {
  const patience = new AbortController();
  void createWebPlatform()
    .wait(patienceMs)
    .then(() => patience.abort());
  return new Promise((resolve, reject) => {
    let mine = false;
    const ended = locks.request(name, { mode: "exclusive", signal: patience.signal }, () => {
      mine = true;
      return new Promise<void>((end) => {
        resolve({
          isMine: () => mine,
          async release() {
            end();
            await ended.catch(() => undefined);
          },
        });
      });
    });
    ended.catch((error: unknown) => {
      mine = false;
      if (patience.signal.aborted) resolve(null);
      else reject(error);
    });
  });
}
