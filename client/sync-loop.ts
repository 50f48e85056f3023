/**
 * The loop that decides when a round runs. It goes at its own pace: actions, hints, timers and "online" only wake it, nothing ever waits
 * for it, and one round runs at a time.
 *
 * After a round that brought something it polls soon; each quiet one waits longer; a failed one backs off, doubling. Each wait is
 * between half and all of its wish, so that many clients never come at once. Each action is followed by the beginning of a round; where the last one failed, or the
 * store asked to wait, that is the one that would come anyway.
 */
import { StoreError } from "../shared/errors.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { createSignal } from "../shared/ports/signal.ts";
import type { ClientSettings } from "./settings.ts";

export interface RoundResult {
  readonly active: boolean;
  /** Something made here is not in the log yet. */
  readonly pending: boolean;
  /** Come back for sending after this long. */
  readonly retryAfterMs: number | null;
}

export interface SyncLoop {
  start(): void;
  /** Something may be new, or the user asks: the next round runs at once. */
  wake(reason: string): void;
  /** An action was made: a round after a moment, so that several go together. */
  wakeSoon(): void;
  /** Resolves when a round that began after this call has ended; rejects with its error, and with "closed" where none will begin. */
  now(): Promise<void>;
  /** Resolves when the round that runs has ended; none begins afterwards. */
  stop(): Promise<void>;
}

export interface SyncLoopOptions {
  readonly platform: Platform;
  readonly settings: ClientSettings;
  /** Reasons of its own: "start", "action", "timer", "idle" for the slowest polls, "retry" and "now"; others are those of `wake`. */
  readonly round: (reason: string) => Promise<RoundResult>;
  /** Nobody looks. */
  readonly isHidden: () => boolean;
  readonly onResult: (error: unknown | null) => void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createSyncLoop({ platform, settings, round, onResult, isHidden }: SyncLoopOptions): SyncLoop {
  let stopped = false;
  let started = false;
  let running: Promise<void> | null = null;
  /** What asked for a round while one ran: one more follows, whatever the number. */
  let due: string | null = null;
  /** When the first and the last action were made that no round has begun after. */
  let acted: { readonly first: number; readonly last: number } | null = null;
  /** The next round has its time, and an action does not bring it forward. */
  let heldBack = false;
  /** The timer that runs waits for the end of a row of actions. */
  let actionsTimed = false;
  let waiters: Waiter[] = [];
  let pollMs = settings.pollDelayMs;
  let failures = 0;
  const timer = createTimer(platform);

  function schedule(ms: number, reason: string): void {
    if (stopped) return;
    actionsTimed = reason === "action";
    timer.set(ms, () => ring(reason));
  }

  /** Actions made since only move its end: one timer for all of them. */
  function ring(reason: string): void {
    const ms = reason === "action" && acted ? soonMs(acted) : 0;
    if (ms > 0) schedule(ms, reason);
    else runNow(reason);
  }

  function runNow(reason: string): void {
    if (stopped || !started) return;
    if (running) {
      due ??= reason;
      return;
    }
    timer.clear();
    actionsTimed = false;
    acted = null;
    running = runOnce(reason).finally(() => {
      running = null;
      const next = due;
      due = null;
      if (next !== null) runNow(next);
    });
  }

  async function runOnce(reason: string): Promise<void> {
    const told = waiters;
    waiters = [];
    try {
      const { active, pending, retryAfterMs } = await round(reason);
      failures = 0;
      heldBack = retryAfterMs !== null;
      // Where nobody looks, the first quiet round makes it as slow as it gets; who comes back wakes it.
      const growth = isHidden() ? Number.POSITIVE_INFINITY : settings.pollGrowth;
      pollMs = active ? settings.pollDelayMs : Math.min(settings.pollDelayMsMax, pollMs * growth);
      onResult(null);
      for (const { resolve } of told) resolve();
      if (acted && !heldBack) schedule(soonMs(acted), "action");
      else if (settings.polls || pending || retryAfterMs !== null) {
        const reason = pollMs < settings.pollDelayMsMax ? "timer" : "idle";
        schedule(Math.min(jittered(pollMs), retryAfterMs ?? Number.POSITIVE_INFINITY), reason);
      }
    } catch (error) {
      failures += 1;
      heldBack = true;
      onResult(error);
      for (const { reject } of told) reject(error);
      const { retryDelayMs, retryDelayMsMax } = settings;
      schedule(jittered(Math.min(retryDelayMsMax, retryDelayMs * 2 ** Math.min(failures - 1, 20))), "retry");
    }
  }

  /** At least half of the wish, so that an idle client stays idle. */
  function jittered(ms: number): number {
    return ms * (0.5 + platform.random() / 2);
  }

  /** The last action and a moment, but no longer than the first may wait; by a clock that may have been set meanwhile. */
  function soonMs({ first, last }: { readonly first: number; readonly last: number }): number {
    const { sendDelayMs, sendDelayMsMax } = settings;
    const ms = Math.min(last + sendDelayMs, first + sendDelayMsMax) - platform.now();
    return Math.min(sendDelayMs, Math.max(0, ms));
  }

  function wake(reason: string): void {
    pollMs = settings.pollDelayMs;
    runNow(reason);
  }

  return {
    start() {
      started = true;
      runNow("start");
    },
    wake,
    wakeSoon() {
      const now = platform.now();
      // A first one that lies in the future is of before the clock was set back.
      acted = { first: acted && acted.first <= now ? acted.first : now, last: now };
      if (started && !running && !heldBack && !actionsTimed) schedule(soonMs(acted), "action");
    },
    now() {
      if (stopped) return Promise.reject(stoppedLoop());
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject });
        wake("now");
      });
    },
    async stop() {
      stopped = true;
      timer.clear();
      await running;
      for (const { reject } of waiters.splice(0)) reject(stoppedLoop());
    },
  };
}

function stoppedLoop(): StoreError {
  return new StoreError({
    kind: "closed",
    what: "The store was closed before it synchronised",
    fix: "Open it again; what is unsent is kept.",
  });
}

/** One wait at a time; a new one replaces the old, which ends: no timer is left behind. */
function createTimer(platform: Platform) {
  let end: () => void = () => undefined;
  return {
    set(ms: number, ring: () => void): void {
      end();
      const { signal, abort } = createSignal();
      end = abort;
      void platform.wait(ms, signal).then(() => {
        if (!signal.aborted) ring();
      });
    },
    clear(): void {
      end();
    },
  };
}
