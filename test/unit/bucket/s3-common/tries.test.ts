import { describe, expect, it } from "vitest";
import { s3FirstTriesMax, s3ReadMsMax, s3ReadTriesMax } from "../../../../bucket/limits.ts";
import { createNodePlatform } from "../../../../bucket/platform/node.ts";
import { faultOf } from "../../../../bucket/s3/fault.ts";
import { createTries, type Tries } from "../../../../bucket/s3-common/tries.ts";
import type { Platform } from "../../../../shared/ports/platform.ts";
import { defaultSettings } from "../../../../shared/settings.ts";

const busy = Object.assign(new Error("busy"), { $metadata: { httpStatusCode: 503 } });
const reset = Object.assign(new Error("reset"), { code: "ECONNRESET" });
const denied = Object.assign(new Error("denied"), { $metadata: { httpStatusCode: 403 } });

/** A clock that moves only by waits and by `callMs` for each call. */
function newClock({ random = 0.5 } = {}) {
  const clock = { now: 0, waits: [] as number[] };
  const platform: Platform = {
    ...createNodePlatform(),
    now: () => clock.now,
    random: () => random,
    wait: async (ms) => {
      clock.waits.push(ms);
      clock.now += ms;
    },
  };
  return { clock, platform };
}

const newTries = (platform: Platform, signal?: AbortSignal): Tries =>
  createTries({ platform, faultOf, signal });

/** Throws each error once, then gives "done"; the last one for ever where `forEver`. */
function failing(errors: readonly unknown[], { forEver = false, each = (): void => undefined } = {}) {
  const made = { calls: 0 };
  const call = async (): Promise<string> => {
    each();
    const error = errors[forEver ? Math.min(made.calls, errors.length - 1) : made.calls];
    made.calls++;
    if (error !== undefined) throw error;
    return "done";
  };
  return { made, call };
}
const fail = (fault: { readonly code: string; readonly status: number | null }): string =>
  `${fault.status} ${fault.code}`;

describe("Tries", () => {
  it("try again after what passes, and give what comes in the end", async () => {
    const { platform, clock } = newClock();
    const { made, call } = failing([busy, reset, busy]);
    expect(await newTries(platform).run(call, fail)).toBe("done");
    expect([made.calls, clock.waits.length]).toEqual([4, 3]);
  });

  it("do not try again after what does not pass", async () => {
    const { platform, clock } = newClock();
    const { made, call } = failing([denied], { forEver: true });
    await expect(newTries(platform).run(call, fail)).rejects.toBe("403 ");
    expect([made.calls, clock.waits]).toEqual([1, []]);
  });

  it(`give up after ${s3ReadTriesMax} tries with the last fault`, async () => {
    const { platform } = newClock();
    const { made, call } = failing([reset, busy], { forEver: true });
    await expect(newTries(platform).run(call, fail)).rejects.toBe("503 ");
    expect(made.calls).toBe(s3ReadTriesMax);
  });

  it(`give up after ${s3FirstTriesMax} tries at an endpoint that has never answered anything`, async () => {
    const { platform } = newClock();
    const { made, call } = failing([reset], { forEver: true });
    await expect(newTries(platform).run(call, fail)).rejects.toBe("null ECONNRESET");
    expect(made.calls).toBe(s3FirstTriesMax);
  });

  it("are patient with an endpoint that has answered once: well, badly, or to a write", async () => {
    for (const answer of ["well", "badly", "write"] as const) {
      const { platform } = newClock();
      const tries = newTries(platform);
      if (answer === "well") await tries.run(async () => 1, fail);
      if (answer === "badly") await expect(tries.run(failing([denied]).call, fail)).rejects.toBeDefined();
      if (answer === "write") tries.answered();
      const { made, call } = failing([reset], { forEver: true });
      await expect(tries.run(call, fail)).rejects.toBe("null ECONNRESET");
      expect(made.calls).toBe(s3ReadTriesMax);
    }
  });

  it("begin no new one after the time is up, however many are left", async () => {
    const { platform, clock } = newClock();
    const slowCall = failing([busy], {
      forEver: true,
      each: () => {
        clock.now += s3ReadMsMax / 2 + 1;
      },
    });
    await expect(newTries(platform).run(slowCall.call, fail)).rejects.toBe("503 ");
    expect(slowCall.made.calls).toBe(2);
  });

  it("pause with full jitter up to a ceiling that doubles and ends at the longest pause", async () => {
    const { platform, clock } = newClock({ random: 1 });
    await expect(newTries(platform).run(failing([busy], { forEver: true }).call, fail)).rejects.toBeDefined();
    const { backOffMinMs, backOffMaxMs } = defaultSettings;
    expect(clock.waits).toEqual(
      Array.from({ length: s3ReadTriesMax - 1 }, (_, i) =>
        Math.min(backOffMaxMs, backOffMinMs * 2 ** (i + 1)),
      ),
    );
    const calm = newClock({ random: 0 });
    await expect(
      newTries(calm.platform).run(failing([busy], { forEver: true }).call, fail),
    ).rejects.toBeDefined();
    expect(calm.clock.waits.every((ms) => ms === 0)).toBe(true);
  });

  it("end when the signal does, while they wait too, and send nothing after it", async () => {
    const stopping = new AbortController();
    const { platform } = newClock();
    const wait = async (_: number, signal?: unknown): Promise<void> => {
      expect(signal).toBe(stopping.signal);
      stopping.abort();
    };
    const { made, call } = failing([busy], { forEver: true });
    await expect(newTries({ ...platform, wait }, stopping.signal).run(call, fail)).rejects.toBe("503 ");
    expect(made.calls).toBe(1);
    await expect(newTries(platform, stopping.signal).run(call, fail)).rejects.toBe("503 ");
    expect(made.calls).toBe(2);
  });

  it("do not keep what succeeds from a signal that came meanwhile", async () => {
    const { platform } = newClock();
    expect(await newTries(platform, AbortSignal.abort()).run(async () => "done", fail)).toBe("done");
  });
});
