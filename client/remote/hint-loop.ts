/**
 * Listening for hints, over whatever carries them, until told to stop. It comes back by itself, waits longer each time it fails, and waits
 * a random share of that, so that a service that restarts is not met by all of its clients at once. Nothing that goes wrong concerns
 * anybody else: polls go on.
 */
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { goodLiveMs, noHintsMs, reconnectMs, reconnectMsMax } from "./http-limits.ts";

/** "none": nobody gives hints here, so that it is worth asking again after a long while only. */
export type Heard = "some" | "none";

export interface HintLoop {
  readonly platform: Platform;
  readonly wake: (reason: string) => void;
  readonly signal: AbortSignalLike;
}

/** `listen` is one connection, to its end; it throws where there was none. */
export function keepListening(
  { platform, wake, signal }: HintLoop,
  listen: (wake: (reason: string) => void) => Promise<Heard>,
): void {
  void follow();

  async function follow(): Promise<void> {
    const wakeNow = (reason: string) => {
      if (!signal.aborted) wake(reason);
    };
    for (let failures = 0; !signal.aborted; ) {
      const beganAt = platform.now();
      const heard = await listen(wakeNow).catch(() => null);
      const good = heard === "some";
      failures = good && platform.now() - beganAt >= goodLiveMs ? 0 : failures + 1;
      const backOffMs = Math.min(reconnectMsMax, reconnectMs * 2 ** Math.min(failures, 20));
      const restMs = heard === "none" ? noHintsMs : backOffMs;
      await platform.wait(restMs * (0.5 + platform.random() / 2), signal);
      // What came in between was heard by nobody.
      if (good) wakeNow("live again");
    }
  }
}
