/**
 * The loop that decides when a round runs. It goes at its own pace: actions, hints, timers and "online" only wake it, nothing ever waits
 * for it, and one round runs at a time.
 *
 * After a round that brought something it polls soon; each quiet one waits longer; a failed one backs off, doubling. All waits have full
 * jitter, so that many clients never come at once.
 */
import type { Platform } from "../shared/ports/platform.ts";
import type { ClientSettings } from "./settings.ts";

export interface RoundResult {
  readonly active: boolean;
  /** Come back for sending after this long. */
  readonly retryAfterMs: number | null;
}

export interface SyncLoop {
  start(): void;
  /** Something may be new, or the user asks: the next round runs at once. */
  wake(reason: string): void;
  /** An action was made: a round after a moment, so that several go together. */
  wakeSoon(): void;
  /** Resolves when a round that began after this call has ended; rejects with its error. */
  now(): Promise<void>;
  stop(): Promise<void>;
}

export interface SyncLoopOptions {
  readonly platform: Platform;
  readonly settings: ClientSettings;
  readonly round: (reason: string) => Promise<RoundResult>;
  readonly onResult: (error: unknown | null) => void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createSyncLoop({ platform, settings, round, onResult }: SyncLoopOptions): SyncLoop {
  let stopped = false;
  let started = false;
  let running: Promise<void> | null = null;
  let due: string | null = null;
  let soonSince: number | null = null;
  let waiters: Waiter[] = [];
  let pollMs = settings.pollDelayMs;
  let failures = 0;
  const timer = createTimer(platform);

  function schedule(ms: number, reason: string): void {
    if (stopped) return;
    timer.set(ms, () => runNow(reason));
  }

  function runNow(reason: string): void {
    if (stopped || !started) return;
    if (running) {
      due ??= reason;
      return;
    }
    timer.clear();
    soonSince = null;
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
      const { active, retryAfterMs } = await round(reason);
      failures = 0;
      pollMs = active
        ? settings.pollDelayMs
        : Math.min(settings.pollDelayMsMax, pollMs * settings.pollGrowth);
      onResult(null);
      for (const { resolve } of told) resolve();
      schedule(Math.min(jittered(pollMs), retryAfterMs ?? Number.POSITIVE_INFINITY), "timer");
    } catch (error) {
      failures += 1;
      onResult(error);
      for (const { reject } of told) reject(error);
      const { retryDelayMs, retryDelayMsMax } = settings;
      schedule(jittered(Math.min(retryDelayMsMax, retryDelayMs * 2 ** Math.min(failures, 20))), "retry");
    }
  }

  /** Full jitter around the wish: half of it at least, so that an idle client stays idle. */
  function jittered(ms: number): number {
    return ms * (0.5 + platform.random() / 2);
  }

  return {
    start() {
      started = true;
      runNow("start");
    },
    wake(reason) {
      pollMs = settings.pollDelayMs;
      runNow(reason);
    },
    wakeSoon() {
      if (failures > 0) return;
      const now = platform.now();
      soonSince ??= now;
      const longest = Math.max(0, soonSince + settings.sendDelayMsMax - now);
      schedule(Math.min(settings.sendDelayMs, longest), "action");
    },
    now() {
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject });
        this.wake("now");
      });
    },
    async stop() {
      stopped = true;
      timer.clear();
      await running?.catch(() => undefined);
      for (const { resolve } of waiters) resolve();
    },
  };
}

/** One wait at a time; a new one replaces the old. */
function createTimer(platform: Platform) {
  let round = 0;
  return {
    set(ms: number, ring: () => void): void {
      const mine = ++round;
      void platform.wait(ms).then(() => {
        if (mine === round) ring();
      });
    },
    clear(): void {
      round += 1;
    },
  };
}
