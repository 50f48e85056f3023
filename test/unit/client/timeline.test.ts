/** The whole client on a virtual clock, behind a network that a test takes away: whole lists of what happened when. */

import { describe, expect, it } from "vitest";
import type { Local } from "../../../client/local/local.ts";
import { memoryLocal } from "../../../client/local/memory.ts";
import { createRandom } from "../../../test-kit/random.ts";
import { testStoreId } from "../../fixtures/store-host.ts";
import { createTimelineWorld, type TimelineWorld } from "../../fixtures/timeline-world.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The ids of all actions that were published, in log order. */
async function actionsOf(world: TimelineWorld): Promise<readonly string[]> {
  return (await world.log()).flatMap(({ actions }) => actions.map(({ id }) => id));
}

async function keysOf(world: TimelineWorld): Promise<readonly string[]> {
  return (await world.log()).flatMap(({ actions }) =>
    actions.map(({ data }) => String((data as { readonly key: string }).key)),
  );
}

interface Pair {
  readonly key: string;
}

async function copyRows(from: Local, to: Local): Promise<void> {
  const [source, target] = [await from.open(testStoreId("main")), await to.open(testStoreId("main"))];
  await target.commit({ put: await source.load(), delete: [] });
  await Promise.all([source.close(), target.close()]);
}

/** Everything that was made goes out and is published. */
async function settle(world: TimelineWorld): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await world.clock.advance(61_000);
    await world.rollup();
  }
  await world.clock.advance(61_000);
}

const requestsOf = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => /^\+\d+ (head|object|tail|send)/.test(line));
const sendsOf = (lines: readonly string[]): readonly string[] => lines.filter((line) => / send /.test(line));

describe("A client's network", () => {
  it("is away when it starts: it backs off, and sends all at once when the app says that it is back", async () => {
    const world = await createTimelineWorld({ down: true });
    const store = world.open();
    world.put(store, "a");
    world.put(store, "b");
    await world.clock.advance(10_000);
    world.put(store, "c");
    await world.clock.advance(2_000);
    expect(world.lines()).toEqual([
      "+0 phase starting",
      "+0 phase syncing",
      "+0 head: down",
      "+0 phase offline",
      "+1000 phase syncing",
      "+1000 head: down",
      "+1000 phase offline",
      "+3000 phase syncing",
      "+3000 head: down",
      "+3000 phase offline",
      "+7000 phase syncing",
      "+7000 head: down",
      "+7000 phase offline",
    ]);
    world.remote.setDown(false);
    store.sync.wake("online");
    await world.clock.advance(3_000);
    expect(world.lines()).toEqual([
      "+12000 phase syncing",
      "+12000 head",
      "+12000 send 1 of 3 actions",
      "+12000 a stored",
      "+12000 b stored",
      "+12000 c stored",
      "+12000 tail",
      "+12000 phase idle",
      "+14000 phase syncing",
      "+14000 head if changed",
      "+14000 tail",
      "+14000 phase idle",
    ]);
    await world.rollup();
    await world.clock.advance(2_000);
    expect(world.lines()).toEqual([
      "+17000 phase syncing",
      "+17000 head if changed",
      "+17000 tail",
      "+17000 a published",
      "+17000 b published",
      "+17000 c published",
      "+17000 phase idle",
    ]);
    await store.close();
    expect([world.lines(), world.clock.waits]).toEqual([["+17000 phase closed"], 0]);
  });

  it("goes while an answer is under way: the update is in the store, is sent again, and is in the log once", async () => {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(1_000);
    world.lines();
    world.remote.once("answerLost", { of: "send" });
    world.put(store, "a");
    await world.clock.advance(2_999);
    expect(world.lines()).toEqual([
      "+1300 phase syncing",
      "+1300 send 1 of 1 actions: answerLost",
      "+1300 phase offline",
      "+2300 phase syncing",
      "+2300 head if changed",
      "+2300 send 1 of 1 actions",
      "+2300 a stored",
      "+2300 tail",
      "+2300 phase idle",
    ]);
    await settle(world);
    expect(await keysOf(world)).toEqual(["a"]);
    expect(world.lines().filter((line) => line.includes("a published"))).toHaveLength(1);
    expect([store.sync.status.pending, store.sync.status.dead, store.confirmedState.pairs.size]).toEqual([
      0, 0, 1,
    ]);
    expect(world.remote.counts()).toMatchObject({ send: 2, faults: { answerLost: 1 } });
    await store.close();
  });

  it("delivers an update twice and another one long after the client gave it up: each is in the log once, in order", async () => {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(1_000);
    world.remote.once("sentTwice");
    world.remote.once("sentLate");
    for (const key of ["a", "b", "c"]) {
      world.put(store, key);
      await world.clock.advance(5_000);
    }
    await world.rollup();
    await world.remote.landHeld();
    await settle(world);
    expect(await keysOf(world)).toEqual(["a", "b", "c"]);
    expect(sendsOf(world.lines())).toEqual([
      "+1300 send 1 of 1 actions: sentTwice",
      "+6300 send 2 of 1 actions: sentLate",
      "+7300 send 2 of 1 actions",
      "+11300 send 3 of 1 actions",
    ]);
    expect(store.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
    await store.close();
  });

  it("is away for a month in which hundreds of actions are made daily: they go out as eleven updates", async () => {
    const world = await createTimelineWorld();
    const store = world.open({ notes: false });
    await world.clock.advance(1_000);
    world.remote.setDown(true);
    const perDay = 333;
    for (let day = 0; day < 30; day++) {
      for (let i = 0; i < perDay; i++) store.do.put({ key: `${day}-${i}`, value: i });
      await world.clock.advance(dayMs);
    }
    expect(store.sync.status).toMatchObject({ phase: "offline", pending: 9_990 });
    // Seven tries in the first 63 seconds, and from then on one a minute.
    expect(world.remote.counts().down).toBe(7 + 43_198);
    world.lines();
    world.remote.setDown(false);
    store.sync.wake("online");
    await world.clock.settle();
    expect(requestsOf(world.lines()).map((line) => line.replace(/^\+\d+ /, ""))).toEqual([
      "head if changed",
      // What was grouped when nobody knew yet that the network is gone stays as it is.
      "send 1 of 333 actions",
      ...Array.from({ length: 9 }, (_, i) => `send ${i + 2} of 1000 actions`),
      "send 11 of 657 actions",
      "tail",
    ]);
    await settle(world);
    expect(store.sync.status).toMatchObject({ phase: "idle", pending: 0, dead: 0 });
    const ids = await actionsOf(world);
    expect([ids.length, ids.join()]).toEqual([9_990, [...ids].sort().join()]);
    await store.close();
  }, 120_000);
});

describe("A network that does everything wrong", () => {
  const chances = {
    requestLost: 0.1,
    answerLost: 0.1,
    answerLate: 0.1,
    unavailable: 0.05,
    unauthorized: 0.03,
    limit: 0.02,
    sentTwice: 0.1,
    sentLate: 0.1,
    later: 0.05,
  };
  const none = Object.fromEntries(Object.keys(chances).map((fault) => [fault, 0]));

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "loses and doubles nothing, and keeps each client's order, with seed %i",
    async (seed) => {
      const world = await createTimelineWorld({ random: createRandom(seed).fraction, chances });
      const stores = [world.open({ notes: false }), world.open({ notes: false })];
      for (let i = 0; i < 40; i++) {
        for (const [n, store] of stores.entries()) store.do.put({ key: `${n}-${i}`, value: i });
        await world.clock.advance(2_500);
        if (i % 4 === 0) await world.rollup();
      }
      world.remote.setChances(none);
      await world.remote.landHeld();
      await settle(world);
      const keys = await keysOf(world);
      for (const [n, store] of stores.entries()) {
        expect(keys.filter((key) => key.startsWith(`${n}-`))).toEqual(
          Array.from({ length: 40 }, (_, i) => `${n}-${i}`),
        );
        expect(store.sync.status).toMatchObject({ phase: "idle", pending: 0, dead: 0, cloned: false });
        expect(store.confirmedState.pairs.size).toBe(80);
        await store.close();
      }
    },
  );
});

describe("A user who types", () => {
  it("every 100 ms for 8 seconds sends two updates: one after five seconds, one after the last letter", async () => {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(1_000);
    world.lines();
    for (let i = 0; i < 80; i++) {
      store.do.put({ key: "k", value: i });
      await world.clock.advance(100);
    }
    await world.clock.advance(2_000);
    expect(requestsOf(world.lines())).toEqual([
      "+6000 send 1 of 50 actions",
      "+6000 tail",
      "+9200 send 2 of 30 actions",
      "+9200 tail",
    ]);
    await settle(world);
    expect(store.confirmedState.pairs.get("k")).toEqual({ value: 79 });
    expect((await world.log()).map(({ actions }) => actions.length)).toEqual([50, 30]);
    await store.close();
  });

  it("and stops during a slow round sees the rest go out a moment after it, not at the next poll", async () => {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(1_000);
    world.lines();
    world.remote.once("answerLate", { of: "tail", lateMs: 800 });
    world.put(store, "a");
    await world.clock.advance(900);
    world.put(store, "b");
    await world.clock.advance(500);
    expect(world.lines()).toEqual([
      "+1300 phase syncing",
      "+1300 send 1 of 1 actions",
      "+1300 a stored",
      "+1300 tail: answerLate",
      "+2100 phase idle",
      "+2200 phase syncing",
      "+2200 send 2 of 1 actions",
      "+2200 b stored",
      "+2200 tail",
      "+2200 phase idle",
    ]);
    await store.close();
  });

  it("over a slow network sends no more updates than over a fast one", async () => {
    const world = await createTimelineWorld({ chances: { answerLate: 1 }, lateMs: [150, 150] });
    const store = world.open();
    await world.clock.advance(1_000);
    world.lines();
    for (let i = 0; i < 80; i++) {
      store.do.put({ key: "k", value: i });
      await world.clock.advance(100);
    }
    await world.clock.advance(2_000);
    expect(sendsOf(world.lines())).toEqual([
      "+6000 send 1 of 50 actions: answerLate",
      "+9200 send 2 of 30 actions: answerLate",
    ]);
    await store.close();
  });
});

describe("A store that asks to wait", () => {
  it("is sent nothing before that time, whatever is made, hinted or asked for meanwhile, and is read all the same", async () => {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(1_000);
    world.lines();
    world.remote.once("later", { retryAfterMs: 30_000 });
    world.put(store, "a");
    await world.clock.advance(1_000);
    world.put(store, "b");
    store.sync.wake("hint");
    await store.sync.now();
    await world.clock.advance(30_000);
    const lines = requestsOf(world.lines());
    expect(sendsOf(lines)).toEqual([
      "+1300 send 1 of 1 actions: later",
      "+31300 send 1 of 1 actions",
      "+31300 send 2 of 1 actions",
    ]);
    expect(lines.filter((line) => line.endsWith("head if changed")).length).toBeGreaterThan(5);
    await store.close();
  });
});

describe("An idle client", () => {
  it("that is told by hints polls 66 times in an hour, with one conditional GET each, and lists nothing", async () => {
    const world = await createTimelineWorld();
    const store = world.open({ settings: { tail: "hint" } });
    await world.clock.advance(1_999);
    expect(requestsOf(world.lines())).toEqual(["+0 head", "+0 tail"]);
    world.bucket.reset();
    await world.clock.advance(hourMs);
    const lines = requestsOf(world.lines());
    expect(lines.every((line) => line.endsWith(" head if changed"))).toBe(true);
    expect(lines.map((line) => Number.parseInt(line, 10)).slice(0, 11)).toEqual([
      2_000, 5_000, 9_500, 16_250, 26_375, 41_563, 64_345, 98_517, 149_775, 209_775, 269_775,
    ]);
    expect(world.bucket.counts()).toMatchObject({ get: 66, getUnchanged: 66, list: 0, put: 0, swap: 0 });
    await store.close();
  });

  it("that polls for the tail lists nothing once it is idle, with one conditional GET a poll", async () => {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(209_000);
    expect(requestsOf(world.lines()).filter((line) => line.endsWith(" tail"))).toHaveLength(10);
    world.bucket.reset();
    await world.clock.advance(hourMs);
    expect(world.bucket.counts()).toMatchObject({ get: 60, getUnchanged: 60, list: 0, put: 0, swap: 0 });
    await store.close();
  });

  it("reads the tail after a hint, shows what is in it, and polls soon from then on", async () => {
    const world = await createTimelineWorld();
    const other = world.open({ notes: false, local: memoryLocal() });
    const store = world.open({ settings: { tail: "hint" } });
    await world.clock.advance(hourMs);
    world.put(other, "news");
    await world.clock.advance(1_000);
    expect(store.state.pairs.size).toBe(0);
    world.lines();
    store.sync.wake("hint");
    await world.clock.advance(0);
    expect(store.state.pairs.get("news")).toEqual({ value: "news" });
    await world.clock.advance(2_000);
    expect(
      requestsOf(world.lines()).filter((line) => line.endsWith("head if changed")).length,
    ).toBeGreaterThan(1);
    await Promise.all([store.close(), other.close()]);
  });
});

describe("A token", () => {
  it("that is refused lets the client ask ever more rarely, and a new one lets all go out at once", async () => {
    const world = await createTimelineWorld({ chances: { unauthorized: 1 } });
    const store = world.open();
    world.put(store, "a");
    await world.clock.advance(6_000);
    expect(world.lines()).toEqual([
      "+0 phase starting",
      "+0 phase syncing",
      "+0 head: unauthorized",
      "+0 phase unauthorized",
      "+1000 phase syncing",
      "+1000 head: unauthorized",
      "+1000 phase unauthorized",
      "+3000 phase syncing",
      "+3000 head: unauthorized",
      "+3000 phase unauthorized",
    ]);
    expect(store.sync.status).toMatchObject({ pending: 1, error: { kind: "unauthorized" } });
    world.remote.setChances({ unauthorized: 0 });
    store.sync.wake("signed in");
    await world.clock.advance(1_000);
    expect(world.lines()).toEqual([
      "+6000 phase syncing",
      "+6000 head",
      "+6000 send 1 of 1 actions",
      "+6000 a stored",
      "+6000 tail",
      "+6000 phase idle",
    ]);
    expect(store.sync.status.error).toBeNull();
    await store.close();
  });

  it("that ends between reading and sending keeps the update, which goes out when there is a new one", async () => {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(1_000);
    world.lines();
    world.remote.once("unauthorized", { of: "send" });
    world.put(store, "a");
    await world.clock.advance(2_000);
    expect(world.lines()).toEqual([
      "+1300 phase syncing",
      "+1300 send 1 of 1 actions: unauthorized",
      "+1300 phase unauthorized",
      "+2300 phase syncing",
      "+2300 head if changed",
      "+2300 send 1 of 1 actions",
      "+2300 a stored",
      "+2300 tail",
      "+2300 phase idle",
    ]);
    await store.close();
  });
});

describe("A copy of a client's storage", () => {
  it("whose updates the store has refused under the old name ends with a dead letter, and hangs on nothing", async () => {
    const world = await createTimelineWorld();
    const [local, copied] = [memoryLocal(), memoryLocal()];
    const original = world.open({ local });
    world.put(original, "a");
    await settle(world);
    await original.close();
    await copyRows(local, copied);

    // The copy uses three seqs, of which the original will use one.
    const copy = world.open({ local: copied });
    await world.clock.advance(1_000);
    for (const key of ["b", "c"]) {
      world.remote.once("rejected");
      world.put(copy, key);
      // For the empty one that would settle them.
      world.remote.once("rejected");
      await world.clock.advance(5_000);
    }
    const again = world.open({ local });
    await world.clock.advance(1_000);
    world.put(again, "theirs");
    await world.clock.advance(5_000);
    for (const _ of ["c", "the empty one"]) world.remote.once("rejected");
    await world.rollup();
    await world.clock.advance(120_000);
    const states = copy.outbox
      .list()
      .map(({ action, at }) => `${(action.data as unknown as Pair).key} ${at}`);
    expect(states).toEqual(["b stored", "c dead"]);
    await settle(world);
    expect(copy.sync.status).toMatchObject({ cloned: true, pending: 0, phase: "idle", error: null });
    expect([...(await keysOf(world))].sort()).toEqual(["a", "b", "theirs"]);
    await Promise.all([again.close(), copy.close()]);
  });
});

describe("The clock of a client's machine", () => {
  it("is set back while the app is closed: what is made before the rows are read stays behind what is in them", async () => {
    const world = await createTimelineWorld({ down: true });
    const local = memoryLocal();
    let store = world.open({ local });
    await world.clock.advance(1_000);
    world.put(store, "first");
    await world.clock.advance(1_000);
    await store.close();
    world.jump(-hourMs);
    store = world.open({ local });
    world.put(store, "second");
    await world.clock.advance(1_000);
    world.put(store, "third");
    await world.clock.advance(1_000);
    expect(store.outbox.list().map(({ at }) => at)).toEqual(["sent", "sent", "waiting"]);
    await store.close();
    store = world.open({ local });
    await world.clock.advance(1_000);
    expect(store.sync.status.pending).toBe(3);
    world.remote.setDown(false);
    await settle(world);
    expect(await keysOf(world)).toEqual(["first", "second", "third"]);
    expect(store.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
    await store.close();
  });

  /** One action after each jump; the server's time when each was made. */
  async function live(jumps: readonly number[]) {
    const world = await createTimelineWorld();
    const store = world.open();
    await world.clock.advance(1_000);
    const madeAt: number[] = [];
    for (const [i, ms] of jumps.entries()) {
      world.jump(ms);
      madeAt.push(world.serverNow());
      world.put(store, `k${i}`);
      await world.clock.advance(30_000);
      if (i % 2 === 1) await world.rollup();
    }
    await settle(world);
    const { status } = store.sync;
    await store.close();
    // What lies under a time that was thought to be a day ahead comes of age.
    await world.clock.advance(2 * dayMs);
    await world.rollup();
    return { world, status, madeAt };
  }

  it.each([
    ["back an hour", [0, -hourMs, 0]],
    ["forward a day", [0, dayMs, 0]],
    ["back an hour, forward a day and back again, at once", [-hourMs, dayMs, hourMs - dayMs, 0]],
    ["back and forth between updates", [0, -hourMs, 0, dayMs, 0, -2 * dayMs, 0, 2 * hourMs]],
  ])("goes %s: nothing is lost, the order stays, and timestamps are near the server's", async (_, jumps) => {
    const { world, status, madeAt } = await live(jumps);
    const log = await world.log();
    expect(await keysOf(world)).toEqual(jumps.map((_, i) => `k${i}`));
    expect(status).toMatchObject({
      phase: "idle",
      pending: 0,
      dead: 0,
      cloned: false,
      error: null,
    });
    const lateMs = log.map(({ timestamp }, i) => timestamp - (madeAt[i] ?? 0));
    // The moment before sending, and at most one poll more where the clock must be learned anew.
    for (const ms of lateMs) expect(ms).toBeGreaterThanOrEqual(0);
    for (const ms of lateMs) expect(ms).toBeLessThanOrEqual(30_000);
    const ids = await actionsOf(world);
    expect([...ids].sort()).toEqual(ids);
  });
});
