/** One thing after another: what the Local port promises for calls that nobody waits for. */

export interface Queue {
  /** Runs `work` after everything that was asked for before; a failure of one is no failure of the next. */
  run<T>(work: () => T | Promise<T>): Promise<T>;
}

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(work) {
      const mine = last.then(work);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
