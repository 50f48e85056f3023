import { describe, expect, it } from "vitest";
import { type Leadership, takePart } from "../../../../client/idb/leadership.ts";
import type { Platform } from "../../../../shared/ports/platform.ts";
import { createVirtualClock } from "../../../../test-kit/virtual-clock.ts";
import { createFakeLocks } from "./fake-locks.ts";

interface Tab {
  /** What `onChange` was told, in order. */
  readonly changes: (number | null)[];
  leadership: Leadership | null;
  /** Does nothing, like a page that the browser froze: its timers end when it wakes up. */
  isFrozen: boolean;
  wake: () => void;
  pings: number;
}

/** Tabs of one database, whose terms it counts; each hears what the others say. */
function setUp() {
  const clock = createVirtualClock();
  const locks = createFakeLocks();
  const tabs: Tab[] = [];
  const database = { term: 0, fails: 0 };

  /** Pings are heard, and answered by a leader that is awake. */
  function ping(by: Tab): void {
    by.pings += 1;
    const answers = tabs.some((one) => one !== by && !one.isFrozen && one.leadership?.term != null);
    if (answers) for (const one of tabs) if (!one.isFrozen) one.leadership?.heard();
  }

  async function begin(): Promise<number> {
    await Promise.resolve();
    if (database.fails > 0) {
      database.fails -= 1;
      throw new DOMException("not now", "UnknownError");
    }
    database.term += 1;
    return database.term;
  }

  async function open(): Promise<Tab> {
    const tab: Tab = { changes: [], leadership: null, isFrozen: false, pings: 0, wake: () => undefined };
    tabs.push(tab);
    const wait: Platform["wait"] = async (ms, signal) => {
      await clock.platform.wait(ms, signal);
      if (tab.isFrozen)
        await new Promise<void>((resolve) => {
          tab.wake = () => {
            tab.isFrozen = false;
            resolve();
          };
        });
    };
    tab.leadership = await takePart({
      locks: locks as never,
      name: "icecore/family",
      platform: { ...clock.platform, wait },
      begin,
      onChange: (term) => void tab.changes.push(term),
      ping: () => ping(tab),
    });
    return tab;
  }

  const terms = () => tabs.map(({ leadership }) => leadership?.term ?? null);
  return { clock, locks, database, open, terms, tabs };
}

const minute = 60_000;

describe("Who leads among the tabs of one database", () => {
  it("is the first one, in term 1, as soon as it takes part; others follow, and nothing changes while it answers", async () => {
    const { open, terms, clock, tabs, locks } = setUp();
    await open();
    expect(terms()).toEqual([1]);
    await open();
    await open();
    await clock.advance(10 * minute);
    expect(terms()).toEqual([1, null, null]);
    expect(tabs.map(({ changes }) => changes)).toEqual([[1], [], []]);
    expect([locks.isHeld, locks.waiting]).toEqual([true, 2]);
    // Each follower asks every 1.5 to 2.5 seconds, the leader never does.
    expect(tabs[0]?.pings).toBe(0);
    for (const { pings } of tabs.slice(1)) expect(pings).toBeGreaterThanOrEqual(240);
    for (const { pings } of tabs.slice(1)) expect(pings).toBeLessThanOrEqual(400);
  });

  it("is the next in line, in a term of its own, when the leader closes", async () => {
    const { open, terms, clock, tabs } = setUp();
    const first = await open();
    await open();
    await open();
    await first.leadership?.close();
    await clock.settle();
    expect(terms()).toEqual([null, 2, null]);
    expect(tabs.map(({ changes }) => changes)).toEqual([[1, null], [2], []]);
  });

  it("is another one after some ten seconds without an answer, and who wakes up then follows and gets in line", async () => {
    const { open, terms, clock, locks } = setUp();
    const first = await open();
    await open();
    first.isFrozen = true;
    await clock.advance(7_000);
    expect(terms()).toEqual([1, null]);
    await clock.advance(9_000);
    // By force: the term of the frozen one is over, whatever it believes.
    expect(terms()[1]).toBe(2);
    await clock.advance(minute);
    expect(terms()).toEqual([null, 2]);
    first.wake();
    await clock.advance(10 * minute);
    expect(terms()).toEqual([null, 2]);
    expect(locks.waiting).toBe(1);
  });

  it("stays while one answer in five questions comes, however late", async () => {
    const { open, terms, clock } = setUp();
    const first = await open();
    const other = await open();
    first.isFrozen = true;
    for (let i = 0; i < 20; i++) {
      await clock.advance(7_400);
      other.leadership?.heard();
    }
    expect(terms()).toEqual([1, null]);
  });

  it("does not take its own sleep for the leader's: questions count, not the clock", async () => {
    const { open, terms, clock } = setUp();
    await open();
    await open();
    clock.jump(60 * minute);
    await clock.advance(minute);
    expect(terms()).toEqual([1, null]);
  });

  it("is one tab of several that find the leader silent at once, and the database settles who", async () => {
    const { open, terms, clock, tabs, database } = setUp();
    const first = await open();
    for (let i = 0; i < 4; i++) await open();
    first.isFrozen = true;
    await clock.advance(2 * minute);
    const led = terms().filter((term) => term !== null);
    expect(led).toEqual([database.term]);
    // No term was given twice.
    const begun = tabs.flatMap(({ changes }) => changes.filter((term) => term !== null));
    expect(new Set(begun).size).toBe(begun.length);
    await clock.advance(10 * minute);
    expect(terms().filter((term) => term !== null)).toEqual(led);
  });

  it("gives up when it is told that another term has begun, and gets in line again", async () => {
    const { open, terms, clock } = setUp();
    const first = await open();
    await open();
    first.leadership?.lost();
    expect(first.changes).toEqual([1, null]);
    await clock.settle();
    expect(terms()).toEqual([null, 2]);
  });

  it("throws what the database says when the first term cannot begin, and leaves the lock to others", async () => {
    const { open, database, locks, clock } = setUp();
    database.fails = 1;
    await expect(open()).rejects.toThrow("not now");
    await clock.settle();
    expect([locks.isHeld, locks.waiting]).toEqual([false, 0]);
    expect((await open()).leadership?.term).toBe(1);
  });

  it("tries again after a second when a later term cannot begin", async () => {
    const { open, terms, clock, database } = setUp();
    const first = await open();
    await open();
    database.fails = 1;
    await first.leadership?.close();
    await clock.settle();
    expect(terms()).toEqual([null, null]);
    await clock.advance(1_000);
    expect(terms()).toEqual([null, 2]);
  });

  it("leaves nothing behind when it is closed: no lock, nobody in line, no timer, and no change afterwards", async () => {
    const { open, clock, locks, tabs } = setUp();
    await open();
    await open();
    for (const { leadership } of [...tabs].reverse()) await leadership?.close();
    await clock.settle();
    expect([locks.isHeld, locks.waiting, clock.waits]).toEqual([false, 0, 0]);
    await clock.advance(minute);
    expect(tabs.map(({ changes }) => changes)).toEqual([[1, null], []]);
  });

  it("throws where the browser has no locks to give", async () => {
    const { open, locks } = setUp();
    locks.break();
    await expect(open()).rejects.toThrow("no locks");
  });
});
