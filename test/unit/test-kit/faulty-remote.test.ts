import { describe, expect, it } from "vitest";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { bucketRemote } from "../../../client/remote/bucket.ts";
import type { Remote, RemoteStore } from "../../../client/remote/remote.ts";
import { createStore, readStoreHead } from "../../../shared/drive/store.ts";
import { newSettings } from "../../../shared/settings.ts";
import { headKey, updatesPrefix } from "../../../shared/wire/keys.ts";
import {
  createFaultyRemote,
  type FaultyRemoteOptions,
  type RemoteFault,
  type RemoteRequest,
} from "../../../test-kit/faulty-remote.ts";
import { createRandom } from "../../../test-kit/random.ts";
import { createVirtualClock } from "../../../test-kit/virtual-clock.ts";
import { testStoreId, testUpdate } from "../../fixtures/store-host.ts";

const store = testStoreId("main");
const key = headKey(store);

async function open(options: Partial<FaultyRemoteOptions> = {}) {
  const clock = createVirtualClock();
  const { platform } = clock;
  const bucket = createMemoryBucket({ now: clock.now });
  const host = { bucket, platform, settings: newSettings() };
  await createStore(host, store);
  const remote = createFaultyRemote(bucketRemote(bucket, platform), {
    random: createRandom(1).fraction,
    platform,
    ...options,
  });
  const to = remote.open(store);
  const known = await readStoreHead(host, store);
  return {
    clock,
    remote,
    to,
    tail: () => to.tail({ known, marks: null, seen: {} }),
    /** Updates under way in the bucket. */
    raw: async () => (await bucket.list(updatesPrefix(store))).objects.length,
  };
}

const outcomeOf = (call: Promise<{ readonly is: string }>): Promise<string> =>
  call.then(
    ({ is }) => is,
    (error) => error.kind,
  );

describe("A faulty remote", () => {
  it("passes everything on as long as nothing is asked of it, and counts it", async () => {
    const { remote, to, tail, raw } = await open();
    expect(await outcomeOf(to.get(key))).toBe("found");
    expect(await outcomeOf(to.send(testUpdate(1, 1)))).toBe("stored");
    expect(await outcomeOf(tail())).toBe("tail");
    expect([remote.name, to.clockOffsetMs(), await raw()]).toEqual(["memory:", 0, 1]);
    const { faults, ...calls } = remote.counts();
    expect(calls).toEqual({ get: 1, tail: 1, send: 1, down: 0 });
    expect(Object.values(faults).every((count) => count === 0)).toBe(true);
  });

  it("answers nothing while the network is away, and all again when it is back", async () => {
    const { remote, to, tail, raw } = await open({ down: true });
    expect(remote.down).toBe(true);
    for (const call of [() => to.get(key), tail, () => to.send(testUpdate(1, 1))])
      expect(await outcomeOf(call())).toBe("unavailable");
    expect([await raw(), remote.counts().down]).toEqual([0, 3]);
    remote.setDown(false);
    expect(await outcomeOf(to.send(testUpdate(1, 1)))).toBe("stored");
    expect([await raw(), remote.counts().down, remote.counts().send]).toEqual([1, 3, 2]);
  });

  it("loses the answers that are under way when the network goes", async () => {
    const { clock, remote, to, raw } = await open({ chances: { answerLate: 1 }, lateMs: [500, 500] });
    const sent = outcomeOf(to.send(testUpdate(1, 1)));
    await clock.advance(200);
    remote.setDown(true);
    await clock.advance(300);
    expect([await sent, await raw()]).toEqual(["unavailable", 1]);
  });

  it.each([
    ["requestLost", "unavailable", 0],
    ["answerLost", "unavailable", 1],
    ["unavailable", "unavailable", 0],
    ["unauthorized", "unauthorized", 0],
    ["limit", "limit", 0],
    ["sentLate", "unavailable", 0],
    ["sentTwice", "stored", 2],
    ["later", "later", 0],
    ["rejected", "rejected", 0],
  ] as const)(
    "meets a send with %s: the client hears %s, and the store has it %i times",
    async (fault, hears, times) => {
      const { remote, to, raw } = await open();
      remote.once(fault);
      expect(await outcomeOf(to.send(testUpdate(1, 1)))).toBe(hears);
      expect(await raw()).toBe(times);
      expect(remote.counts().faults[fault]).toBe(1);
      expect(await outcomeOf(to.send(testUpdate(1, 1)))).toBe("stored");
    },
  );

  it("says how long to wait, as the test asked or as its options say", async () => {
    const { remote, to } = await open({ retryAfterMs: 7_000 });
    remote.once("later");
    remote.once("later", { retryAfterMs: 60_000 });
    expect(await to.send(testUpdate(1, 1))).toMatchObject({ is: "later", retryAfterMs: 7_000 });
    expect(await to.send(testUpdate(1, 1))).toMatchObject({ is: "later", retryAfterMs: 60_000 });
  });

  it("keeps an answer back for as long as the test says, or for a time between the two of its options", async () => {
    const { clock, remote, to } = await open({ chances: { answerLate: 1 }, lateMs: [2_000, 3_000] });
    remote.once("answerLate", { lateMs: 100 });
    void to.get(key).then(({ is }) => clock.note(is));
    await clock.advance(100);
    expect(clock.log).toEqual(["+100 found"]);
    for (let i = 0; i < 20; i++) void to.get(key).then(() => clock.note("late"));
    await clock.advance(10_000);
    const times = clock.log.slice(1).map((line) => Number.parseInt(line, 10) - 100);
    expect(times).toHaveLength(20);
    expect(times.every((ms) => ms >= 2_000 && ms <= 3_000)).toBe(true);
    expect(new Set(times).size).toBeGreaterThan(5);
  });

  it("lets what comes late arrive some requests later, or when asked", async () => {
    const { remote, to, raw } = await open({ lateCallsMax: 3 });
    remote.once("sentLate");
    await outcomeOf(to.send(testUpdate(1, 1)));
    expect([remote.heldCount(), await raw()]).toEqual([1, 0]);
    for (let i = 0; i < 3; i++) await to.get(key);
    expect([remote.heldCount(), await raw()]).toEqual([0, 1]);
    remote.once("sentLate");
    await outcomeOf(to.send(testUpdate(1, 2)));
    await remote.landHeld();
    expect([remote.heldCount(), await raw()]).toEqual([0, 2]);
  });

  it("does what was asked once, in that order, to the next request that can meet it", async () => {
    const { remote, to, tail } = await open();
    remote.once("rejected");
    remote.once("unauthorized", { of: "tail" });
    remote.once("limit");
    remote.once("unavailable");
    expect(await outcomeOf(to.get(key))).toBe("limit");
    expect(await outcomeOf(to.get(key))).toBe("unavailable");
    expect(await outcomeOf(to.get(key))).toBe("found");
    expect(await outcomeOf(tail())).toBe("unauthorized");
    expect(await outcomeOf(to.send(testUpdate(1, 1)))).toBe("rejected");
    expect(await outcomeOf(to.send(testUpdate(1, 1)))).toBe("stored");
  });

  it("meets about as many requests as its chances say, and none any more when they are taken back", async () => {
    const { remote, to } = await open({ chances: { requestLost: 0.3, answerLost: 0.2, later: 0.5 } });
    const heard = async (): Promise<number> => {
      let lost = 0;
      for (let i = 0; i < 1_000; i++) if ((await outcomeOf(to.get(key))) === "unavailable") lost += 1;
      return lost;
    };
    // Those of sends alone leave gets as they are.
    const lost = await heard();
    expect(lost).toBeGreaterThan(430);
    expect(lost).toBeLessThan(570);
    expect(remote.counts().faults).toMatchObject({ later: 0 });
    remote.setChances({ requestLost: 0, answerLost: 0, later: 0 });
    expect(await heard()).toBe(0);
  });

  it("tells of each request what it was and what met it", async () => {
    const seen: RemoteRequest[] = [];
    const { remote, to, tail } = await open({ onRequest: (request) => void seen.push(request) });
    const update = testUpdate(1, 1);
    remote.once("sentTwice");
    await to.get(key, { ifNoneMatch: '"m1"' });
    await to.send(update);
    remote.setDown(true);
    await outcomeOf(tail());
    const nothing = { key: null, ifNoneMatch: null, update: null };
    expect(seen).toEqual([
      { ...nothing, call: "get", key, ifNoneMatch: '"m1"', fate: null },
      { ...nothing, call: "send", update, fate: "sentTwice" },
      { ...nothing, call: "tail", fate: "down" },
    ]);
  });

  it("goes wrong in the same way for the same seed, and in another way for another", async () => {
    const chances = { requestLost: 0.2, answerLost: 0.2, sentTwice: 0.2, sentLate: 0.2, later: 0.1 };
    const run = async (seed: number): Promise<string> => {
      const { to, raw } = await open({ chances, random: createRandom(seed).fraction });
      const heard: (string | number)[] = [];
      for (let seq = 1; seq <= 60; seq++)
        heard.push(await outcomeOf(to.send(testUpdate(1, seq))), await raw());
      return heard.join(" ");
    };
    expect(await run(3)).toBe(await run(3));
    expect(await run(3)).not.toBe(await run(4));
  });

  it("passes hints on while there is a network, and has none to give where the remote gives none", async () => {
    let hint: (reason: string) => void = () => undefined;
    const inner: Remote = {
      name: "hinting",
      open: (): RemoteStore => ({
        get: () => Promise.reject(new Error("not asked")),
        tail: () => Promise.reject(new Error("not asked")),
        send: () => Promise.reject(new Error("not asked")),
        clockOffsetMs: () => null,
        live: (wake) => {
          hint = wake;
        },
      }),
    };
    const remote = createFaultyRemote(inner, { random: () => 0 });
    const heard: string[] = [];
    const { signal } = new AbortController();
    remote.open(store).live?.((reason) => void heard.push(reason), signal);
    hint("first");
    remote.setDown(true);
    hint("second");
    remote.setDown(false);
    hint("third");
    expect(heard).toEqual(["first", "third"]);
    expect((await open()).to.live).toBeUndefined();
  });

  it("refuses chances that are none, faults that it does not know, and lateness without a clock", async () => {
    const remote = createFaultyRemote(bucketRemote(createMemoryBucket(), createVirtualClock().platform), {
      random: () => 0,
    });
    expect(() => remote.setChances({ answerLost: 1.1 })).toThrow(/a chance is from 0 to 1/);
    expect(() => remote.setChances({ answerLost: 0.6, requestLost: 0.6 })).toThrow(/add up to at most 1/);
    expect(() => remote.once("exploded" as RemoteFault)).toThrow(/a fault is one of requestLost/);
    remote.setChances({ answerLost: 0, requestLost: 0, answerLate: 1 });
    await expect(remote.open(store).get(key)).rejects.toThrow(/late answers need the option `platform`/);
  });
});
