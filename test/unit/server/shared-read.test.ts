import { describe, expect, it } from "vitest";
import { createSharedRead } from "../../../server/shared-read.ts";

/** Reads that end when the test says so, and a clock that moves when it says so. */
function setUp(paced = false) {
  const clock = { now: 0 };
  const waits: { readonly until: number; readonly done: () => void }[] = [];
  const reads: { end(value?: string): void; fail(): void }[] = [];
  const shared = createSharedRead<string>({
    sharedMs: 1_000,
    paced,
    platform: {
      now: () => clock.now,
      wait: (ms) => new Promise((done) => void waits.push({ until: clock.now + ms, done })),
    },
    read: () =>
      new Promise((resolve, reject) => {
        const number = reads.length + 1;
        reads.push({
          end: () => resolve(`read ${number}`),
          fail: () => reject(new Error(`read ${number} failed`)),
        });
      }),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    shared,
    reads,
    settle,
    async move(ms: number) {
      clock.now += ms;
      for (const wait of waits.splice(0))
        if (wait.until <= clock.now) wait.done();
        else waits.push(wait);
      await settle();
    },
  };
}

describe("A shared read", () => {
  it("is one for all who ask while it runs and for a second after it began", async () => {
    const { shared, reads, move } = setUp();
    const all = Promise.all([shared.get(), shared.get()]);
    reads[0]?.end();
    expect(await all).toEqual(["read 1", "read 1"]);
    await move(999);
    expect(await shared.get()).toBe("read 1");
    await move(1);
    const next = shared.get();
    reads[1]?.end();
    expect(await next).toBe("read 2");
  });

  it("is not what is given to who asks after it was spoilt, even while it still runs; they all get one that began later", async () => {
    const { shared, reads, settle } = setUp();
    const early = shared.get();
    shared.spoil();
    const late = [shared.get(), shared.get()];
    shared.spoil();
    late.push(shared.get());
    reads[0]?.end();
    expect(await early).toBe("read 1");
    await settle();
    expect(reads).toHaveLength(2);
    reads[1]?.end();
    expect(await Promise.all(late)).toEqual(["read 2", "read 2", "read 2"]);
    expect(await shared.get()).toBe("read 2");
  });

  it("waits with its successor where it is paced, so that nothing makes it more frequent", async () => {
    const { shared, reads, move, settle } = setUp(true);
    const first = shared.get();
    reads[0]?.end();
    await first;
    shared.spoil();
    const second = shared.get();
    shared.spoil();
    const third = shared.get();
    await move(999);
    expect(reads).toHaveLength(1);
    await move(1);
    expect(reads).toHaveLength(2);
    reads[1]?.end();
    expect(await Promise.all([second, third])).toEqual(["read 2", "read 2"]);
    await settle();
    expect(reads).toHaveLength(2);
  });

  it("that failed is tried again by the next who asks, and fails for those who had joined it", async () => {
    const { shared, reads } = setUp();
    const both = Promise.allSettled([shared.get(), shared.get()]);
    reads[0]?.fail();
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const again = shared.get();
    reads[1]?.end();
    expect(await again).toBe("read 2");
  });

  it("is made again where the clock was set back", async () => {
    const { shared, reads, move } = setUp(true);
    const first = shared.get();
    reads[0]?.end();
    await first;
    await move(-3_600_000);
    const again = shared.get();
    await move(1_000);
    expect(reads).toHaveLength(2);
    reads[1]?.end();
    expect(await again).toBe("read 2");
  });
});
