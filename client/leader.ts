/**
 * What only one tab does for all: the rounds, the loop that decides when, and live hints. It may end and begin anew; each time with a
 * loop and a reader of its own, which know nothing of the time before.
 */
import type { Platform } from "../shared/ports/platform.ts";
import { createSignal } from "../shared/ports/signal.ts";
import type { RemoteStore } from "./remote/remote.ts";
import type { Rounds } from "./round.ts";
import type { ClientSettings } from "./settings.ts";
import { createSyncLoop, type RoundResult, type SyncLoop } from "./sync-loop.ts";

export interface Leader extends Pick<SyncLoop, "wake" | "wakeSoon" | "now"> {
  start(): void;
  /** Resolves when the round that runs has ended. It may start again. */
  stop(): Promise<void>;
  /** The same for good. */
  end(): Promise<void>;
}

export interface LeaderOptions {
  readonly platform: Platform;
  /** Nobody looks; false where other tabs follow, of which it is not known. */
  readonly isHidden: () => boolean;
  readonly settings: ClientSettings;
  readonly remote: RemoteStore | null;
  readonly newRounds: (remote: RemoteStore) => Rounds;
  readonly run: (rounds: Rounds, reason: string) => Promise<RoundResult>;
  readonly onResult: (error: unknown | null) => void;
}

export function createLeader({
  platform,
  isHidden,
  settings,
  remote,
  newRounds,
  run,
  onResult,
}: LeaderOptions): Leader {
  let started = false;
  let live = createSignal();
  let loop = newLoop();

  function newLoop(): SyncLoop {
    const rounds = remote && newRounds(remote);
    const round = async (reason: string): Promise<RoundResult> =>
      rounds ? run(rounds, reason) : { active: false, pending: false, retryAfterMs: null };
    return createSyncLoop({ platform, settings, round, onResult, isHidden });
  }

  async function end(): Promise<void> {
    live.abort();
    await loop.stop();
  }

  return {
    start() {
      started = true;
      if (!remote) return;
      loop.start();
      if (settings.polls) remote.live?.((reason) => loop.wake(reason), live.signal);
    },
    async stop() {
      if (!started) return;
      started = false;
      await end();
      live = createSignal();
      loop = newLoop();
    },
    end,
    wake: (reason) => loop.wake(reason),
    wakeSoon: () => loop.wakeSoon(),
    now: () => loop.now(),
  };
}
