/** createReader: a poller that many may call at once, and that reads the tail above its position as well. */

import { StoreError } from "../errors.ts";
import type { Held } from "../log/held.ts";
import type { ReadOutcome } from "../log/read.ts";
import { tail } from "../log/tail.ts";
import { stuckReader } from "../log/troubles.ts";
import type { StampedUpdate } from "../wire/update.ts";
import { createPoller, type PollerOptions, type PollOptions } from "./poller.ts";
import { type Host, run } from "./run.ts";

export interface Reader {
  readonly held: Held | null;
  /**
   * Reads what is new. Throws StoreError; the replica stays where it was. A reader of the raw log that is stuck throws too: its
   * log is not whole.
   */
  poll(options?: PollOptions): Promise<ReadOutcome>;
  /** The tail above the position, in log order. Polls again by itself where the log moved meanwhile. */
  pollTail(): Promise<readonly StampedUpdate[]>;
}

export function createReader(host: Host, options: PollerOptions): Reader {
  const { store } = options;
  const poller = createPoller(host, options);
  let seen: Readonly<Record<string, StampedUpdate>> = {};

  /** One at a time: two at once would both begin from one position. */
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  async function pollTail(): Promise<readonly StampedUpdate[]> {
    for (let tries = 0; tries < host.settings.attemptsMax; tries++) {
      const read = await poller.poll();
      if (read.is === "stuck") throw new StoreError(stuckReader(store));
      const { held } = poller;
      if (!held) break;
      const outcome = await run(tail, { store, known: held.known, marks: held.marks, seen }, host);
      if (outcome.is === "moved") continue;
      seen = outcome.seen;
      poller.held = { ...held, known: outcome.known, marks: outcome.marks };
      return outcome.updates;
    }
    throw new StoreError({
      kind: "conflict",
      what: `The log of store "${store}" moved on faster than its tail could be read`,
      fix: "Poll again later.",
      store,
    });
  }

  return {
    get held() {
      return poller.held;
    },
    poll: (pollOptions) => inTurn(() => poller.poll(pollOptions)),
    pollTail: () => inTurn(pollTail),
  };
}
