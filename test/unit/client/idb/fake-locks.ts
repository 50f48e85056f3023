/** Web Locks in memory, as far as leadership needs them: in line, if free, by force, and given up while waiting. */

interface Request {
  readonly run: (lock: object | null) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Options {
  readonly ifAvailable?: boolean;
  readonly steal?: boolean;
  readonly signal?: AbortSignal;
}

export interface FakeLocks {
  request(name: string, options: Options, run: Request["run"]): Promise<unknown>;
  /** How many wait in line. */
  readonly waiting: number;
  readonly isHeld: boolean;
  /** Every request fails, as in a browser that is shutting down. */
  break(): void;
}

export function createFakeLocks(): FakeLocks {
  let held: Request | null = null;
  const line: Request[] = [];
  let isBroken = false;

  function hold(one: Request): void {
    held = one;
    void (async () => {
      try {
        one.resolve(await one.run({}));
      } catch (error) {
        one.reject(error);
      } finally {
        if (held === one) {
          held = null;
          const next = line.shift();
          if (next) hold(next);
        }
      }
    })();
  }

  return {
    async request(_, { ifAvailable = false, steal = false, signal }, run) {
      // The browser answers from another process.
      await Promise.resolve();
      if (isBroken) throw new DOMException("no locks", "InvalidStateError");
      if (signal?.aborted) throw signal.reason;
      return new Promise((resolve, reject) => {
        const one: Request = { run, resolve, reject };
        if (steal) {
          held?.reject(new DOMException("stolen", "AbortError"));
          hold(one);
        } else if (held === null) hold(one);
        else if (ifAvailable) Promise.resolve(run(null)).then(resolve, reject);
        else {
          line.push(one);
          signal?.addEventListener("abort", () => {
            const at = line.indexOf(one);
            if (at < 0) return;
            line.splice(at, 1);
            reject(signal.reason);
          });
        }
      });
    },
    get waiting() {
      return line.length;
    },
    get isHeld() {
      return held !== null;
    },
    break() {
      isBroken = true;
    },
  };
}
