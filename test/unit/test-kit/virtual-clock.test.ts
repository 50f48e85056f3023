import { describe, expect, it } from "vitest";
import { defaultClientSettings } from "../../../client/settings.ts";
import { createSyncLoop } from "../../../client/sync-loop.ts";
import { createVirtualClock } from "../../../test-kit/virtual-clock.ts";

describe("A virtual clock", () => {
  it("stands still until it is told to go on, and then ends waits in the order of their time", async () => {
    const clock = createVirtualClock(1_000);
    for (const ms of [300, 100, 200]) void clock.platform.wait(ms).then(() => clock.note(`waited ${ms}`));
    await clock.settle();
    expect(clock.log).toEqual([]);
    expect(clock.now()).toBe(1_000);
    await clock.advance(250);
    expect(clock.log).toEqual(["+100 waited 100", "+200 waited 200"]);
    expect([clock.now(), clock.waits]).toEqual([1_250, 1]);
    await clock.advance(50);
    expect(clock.log.at(-1)).toBe("+300 waited 300");
  });

  it("ends waits of one time in the order in which they were made", async () => {
    const clock = createVirtualClock();
    for (const name of ["a", "b", "c"]) void clock.platform.wait(10).then(() => clock.note(name));
    await clock.advance(10);
    expect(clock.log).toEqual(["+10 a", "+10 b", "+10 c"]);
  });

  it("lets everything that follows from a wait end before the next one ends", async () => {
    const clock = createVirtualClock();
    const work = async (name: string): Promise<void> => {
      await clock.platform.wait(10);
      for (let i = 0; i < 50; i++) await Promise.resolve();
      await clock.platform.gzip(Uint8Array.of(1, 2, 3));
      clock.note(name);
    };
    void work("first");
    void work("second");
    await clock.advance(10);
    expect(clock.log).toEqual(["+10 first", "+10 second"]);
  });

  it("runs a wait that is made on the way, where it falls due in the same stretch", async () => {
    const clock = createVirtualClock();
    void (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.platform.wait(100);
        clock.note(`turn ${i}`);
      }
    })();
    await clock.advance(250);
    expect(clock.log).toEqual(["+100 turn 0", "+200 turn 1"]);
    await clock.advance(50);
    expect(clock.log.at(-1)).toBe("+300 turn 2");
  });

  it("ends a wait at once when its signal is aborted, before or while it waits", async () => {
    const clock = createVirtualClock();
    const control = new AbortController();
    void clock.platform.wait(1_000, control.signal).then(() => clock.note("stopped"));
    await clock.advance(5);
    control.abort();
    await clock.settle();
    await clock.platform.wait(1_000, control.signal);
    expect([clock.log, clock.waits]).toEqual([["+5 stopped"], 0]);
  });

  it("can be set forward and back without any wait ending earlier or later", async () => {
    const clock = createVirtualClock(50_000);
    void clock.platform.wait(100).then(() => clock.note("waited"));
    clock.jump(3_600_000);
    await clock.settle();
    expect([clock.log, clock.now()]).toEqual([[], 3_650_000]);
    clock.jump(-3_640_000);
    await clock.advance(100);
    expect([clock.log, clock.platform.now()]).toEqual([["+100 waited"], 10_100]);
  });

  it("has whole milliseconds, and ends a wait for a part of one when that one is over", async () => {
    const clock = createVirtualClock(1_000);
    void clock.platform.wait(10.2).then(() => clock.note(`waited until ${clock.now()}`));
    await clock.advance(20);
    expect(clock.log).toEqual(["+11 waited until 1011"]);
  });

  it("gives the same randomness and nonces for the same seed, and others for another", () => {
    const drawn = (seed: number) => {
      const { platform } = createVirtualClock(0, seed);
      return [platform.random(), platform.random(), platform.newNonce(), platform.newNonce()];
    };
    expect(drawn(7)).toEqual(drawn(7));
    expect(drawn(7)).not.toEqual(drawn(8));
    const [first, , nonce, next] = drawn(7);
    expect(first).toBeGreaterThanOrEqual(0);
    expect(first).toBeLessThan(1);
    expect(nonce).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/);
    expect(next).not.toBe(nonce);
  });

  it("hashes, encodes and packs as the real platform does", async () => {
    const { platform } = createVirtualClock();
    const bytes = platform.encodeText("äöü 🧊");
    expect(platform.decodeText(bytes)).toBe("äöü 🧊");
    expect(await platform.gunzip(await platform.gzip(bytes), 100)).toEqual(bytes);
    await expect(platform.gunzip(await platform.gzip(bytes), 5)).rejects.toThrow();
    expect(platform.sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });

  it("shows the client's loop as a list of what happened when, without sleeping", async () => {
    const clock = createVirtualClock();
    const settings = { ...defaultClientSettings, pollGrowth: 2 };
    const loop = createSyncLoop({
      platform: { ...clock.platform, random: () => 1 },
      settings,
      isHidden: () => false,
      onResult: () => undefined,
      async round(reason) {
        clock.note(reason);
        return { active: false, pending: false, retryAfterMs: null };
      },
    });
    loop.start();
    await clock.advance(30_000);
    expect(clock.log).toEqual(["+0 start", "+4000 timer", "+12000 timer", "+28000 timer"]);
    await loop.stop();
  });
});
