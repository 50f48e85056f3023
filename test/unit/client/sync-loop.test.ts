/** The loop alone, over a round of the test's own: whole lists of what happened when, on a clock that only the test moves. */
import { describe, expect, it } from "vitest";
import { type ClientSettings, defaultClientSettings } from "../../../client/settings.ts";
import { createSyncLoop } from "../../../client/sync-loop.ts";
import { createVirtualClock } from "../../../test-kit/virtual-clock.ts";

/** What becomes of one round. */
interface Turn {
  readonly takesMs?: number;
  readonly active?: boolean;
  readonly pending?: boolean;
  readonly retryAfterMs?: number;
  readonly fails?: string;
}

interface WorldOptions {
  /** Whether nobody looks at the page. */
  readonly isHidden?: () => boolean;
  /** What chance always says: 1 is the longest wait, 0 the shortest. */
  readonly random?: number;
  readonly settings?: Partial<ClientSettings>;
}

/** The last turn is that of all further rounds. */
function createWorld(
  turns: readonly Turn[],
  { random = 1, settings = {}, isHidden = () => false }: WorldOptions = {},
) {
  const clock = createVirtualClock();
  let begun = 0;
  const loop = createSyncLoop({
    platform: { ...clock.platform, random: () => random },
    isHidden,
    settings: { ...defaultClientSettings, pollGrowth: 2, ...settings },
    onResult: (error) => clock.note(error === null ? "ok" : `failed: ${textOf(error)}`),
    async round(reason) {
      const {
        takesMs = 0,
        active = false,
        pending = false,
        retryAfterMs = null,
        fails,
      } = turns[begun] ?? turns.at(-1) ?? {};
      begun += 1;
      clock.note(`round ${reason}`);
      if (takesMs > 0) await clock.platform.wait(takesMs);
      if (fails !== undefined) throw new Error(fails);
      return { active, pending, retryAfterMs };
    },
  });
  /** Notes what becomes of a call. */
  const follow = (name: string, call: Promise<void>): void => {
    const end = (how: string) => () => clock.note(`${name} ${how}`);
    void call.then(end("resolved"), (error) => end(`rejected: ${textOf(error)}`)());
  };
  const act = (): void => {
    clock.note("action");
    loop.wakeSoon();
  };
  return { clock, loop, follow, act };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const quiet: Turn = {};
const active: Turn = { active: true };
const failing: Turn = { fails: "no network" };

describe("The loop's start", () => {
  it("begins nothing before it is started, whatever is asked of it, and then one round for all", async () => {
    const { clock, loop, follow, act } = createWorld([quiet]);
    act();
    loop.wake("hint");
    follow("now", loop.now());
    await clock.advance(10_000);
    loop.start();
    await clock.advance(3_999);
    expect(clock.log).toEqual(["+0 action", "+10000 round start", "+10000 ok", "+10000 now resolved"]);
  });
});

describe("Polls", () => {
  it("come after the poll delay while something happens", async () => {
    const { clock, loop } = createWorld([active]);
    loop.start();
    await clock.advance(6_000);
    expect(clock.log).toEqual([
      "+0 round start",
      "+0 ok",
      "+2000 round timer",
      "+2000 ok",
      "+4000 round timer",
      "+4000 ok",
      "+6000 round timer",
      "+6000 ok",
    ]);
  });

  it("come as late as can be where nobody looks and nothing happens, and soon where something does", async () => {
    let hidden = true;
    const { clock, loop } = createWorld([active, quiet, quiet, quiet], { isHidden: () => hidden });
    loop.start();
    await clock.advance(62_000);
    expect(roundsOf(clock.log)).toEqual(["+0 round start", "+2000 round timer", "+62000 round idle"]);
    hidden = false;
    loop.wake("visibilitychange");
    await clock.advance(4_000);
    expect(roundsOf(clock.log).slice(3)).toEqual(["+62000 round visibilitychange", "+66000 round timer"]);
  });

  it("are none where the store is one user's alone, but what was made is seen through, and a failure is tried again", async () => {
    const turns: Turn[] = [failing, quiet, { active: true, pending: true }, { pending: true }, quiet];
    const { clock, loop, act } = createWorld(turns, { settings: { polls: false } });
    loop.start();
    await clock.advance(100_000);
    expect(roundsOf(clock.log)).toEqual(["+0 round start", "+1000 round retry"]);
    act();
    await clock.advance(200_000);
    expect(roundsOf(clock.log).slice(2)).toEqual([
      "+100300 round action",
      "+102300 round timer",
      "+106300 round timer",
    ]);
  });

  it("come ever later while nothing happens, up to the longest delay, and soon again after one that brought something", async () => {
    const turns = [...Array.from({ length: 7 }, () => quiet), active, quiet];
    const { clock, loop } = createWorld(turns);
    loop.start();
    await clock.advance(190_000);
    expect(roundsOf(clock.log)).toEqual([
      "+0 round start",
      "+4000 round timer",
      "+12000 round timer",
      "+28000 round timer",
      "+60000 round timer",
      "+120000 round idle",
      "+180000 round idle",
    ]);
    await clock.advance(60_000);
    expect(roundsOf(clock.log).slice(7)).toEqual([
      "+240000 round idle",
      "+242000 round timer",
      "+246000 round timer",
    ]);
  });

  it("come after half of their delay where chance says the least, and never sooner", async () => {
    const { clock, loop } = createWorld([active, quiet], { random: 0 });
    loop.start();
    await clock.advance(7_000);
    expect(roundsOf(clock.log)).toEqual([
      "+0 round start",
      "+1000 round timer",
      "+3000 round timer",
      "+7000 round timer",
    ]);
  });

  it("count their delay from the end of the round before, and never overtake a slow one", async () => {
    const { clock, loop } = createWorld([{ active: true, takesMs: 5_000 }]);
    loop.start();
    await clock.advance(12_000);
    expect(clock.log).toEqual(["+0 round start", "+5000 ok", "+7000 round timer", "+12000 ok"]);
  });
});

describe("Actions", () => {
  it("go together while each comes within the send delay of the one before", async () => {
    const { clock, loop, act } = createWorld([quiet, active]);
    loop.start();
    await clock.advance(1_000);
    for (let i = 0; i < 3; i++) {
      act();
      await clock.advance(250);
    }
    await clock.advance(100);
    expect(clock.log).toEqual([
      "+0 round start",
      "+0 ok",
      "+1000 action",
      "+1250 action",
      "+1500 action",
      "+1800 round action",
      "+1800 ok",
    ]);
  });

  it("wait no longer than the longest send delay after the first of them, however many follow", async () => {
    const { clock, loop, act } = createWorld([quiet, active]);
    loop.start();
    await clock.advance(1_000);
    for (let i = 0; i < 110; i++) {
      act();
      await clock.advance(100);
    }
    await clock.advance(1_900);
    expect(roundsOf(clock.log)).toEqual([
      "+0 round start",
      "+6000 round action",
      "+11000 round action",
      "+12200 round action",
    ]);
  });

  it("wait no longer when the clock is set back meanwhile, nor is any round late when it is set forward", async () => {
    const { clock, loop, act } = createWorld([quiet, active]);
    loop.start();
    await clock.advance(1_000);
    const type = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        act();
        await clock.advance(100);
      }
    };
    await type(1_000);
    clock.jump(-3_600_000);
    await type(5_500);
    expect(roundsOf(clock.log)).toEqual(["+0 round start", "+7000 round action"]);
    clock.jump(24 * 3_600_000);
    act();
    await clock.advance(300);
    expect(roundsOf(clock.log).slice(2)).toHaveLength(1);
  });

  it("that come during a round are followed by one of their own, a moment later and not at the next poll", async () => {
    const { clock, loop, act } = createWorld([{ takesMs: 1_000 }, active]);
    loop.start();
    await clock.advance(900);
    act();
    await clock.advance(300);
    expect(clock.log).toEqual([
      "+0 round start",
      "+900 action",
      "+1000 ok",
      "+1200 round action",
      "+1200 ok",
    ]);
  });

  it("that came early in a long round are followed by one as soon as it ends", async () => {
    const { clock, loop, act } = createWorld([{ takesMs: 5_000 }, active]);
    loop.start();
    await clock.advance(100);
    act();
    act();
    await clock.advance(5_500);
    expect(clock.log).toEqual([
      "+0 round start",
      "+100 action",
      "+100 action",
      "+5000 ok",
      "+5000 round action",
      "+5000 ok",
    ]);
  });

  it("go with a round that begins before their delay is over, and ask for none of their own then", async () => {
    const { clock, loop, act } = createWorld([active]);
    loop.start();
    await clock.advance(1_000);
    act();
    await clock.advance(100);
    loop.wake("hint");
    await clock.advance(1_999);
    expect(roundsOf(clock.log)).toEqual(["+0 round start", "+1100 round hint"]);
    await clock.advance(1);
    expect(roundsOf(clock.log).slice(2)).toEqual(["+3100 round timer"]);
  });
});

describe("A wake", () => {
  it.each(["online", "visible", "hint"])(
    "for the reason %s begins a round at once, and polls come soon again",
    async (reason) => {
      const { clock, loop } = createWorld([quiet]);
      loop.start();
      await clock.advance(100_000);
      expect(roundsOf(clock.log).at(-1)).toBe("+60000 round timer");
      loop.wake(reason);
      await clock.advance(12_000);
      expect(roundsOf(clock.log).slice(5)).toEqual([
        `+100000 round ${reason}`,
        "+104000 round timer",
        "+112000 round timer",
      ]);
    },
  );

  it("during a round causes exactly one more round, however often it is called", async () => {
    const { clock, loop } = createWorld([{ takesMs: 1_000 }, { takesMs: 500 }]);
    loop.start();
    await clock.advance(100);
    loop.wake("hint");
    loop.wake("online");
    await clock.advance(100);
    loop.wake("hint");
    await clock.advance(5_299);
    expect(clock.log).toEqual(["+0 round start", "+1000 ok", "+1000 round hint", "+1500 ok"]);
  });

  it("during a round that fails begins the next one at once, without the back-off", async () => {
    const { clock, loop } = createWorld([{ ...failing, takesMs: 1_000 }, quiet]);
    loop.start();
    await clock.advance(500);
    loop.wake("online");
    await clock.advance(1_000);
    expect(clock.log).toEqual([
      "+0 round start",
      "+1000 failed: no network",
      "+1000 round online",
      "+1000 ok",
    ]);
  });
});

describe("Failures", () => {
  it("double the wait for the next round, from the retry delay up to the longest", async () => {
    const { clock, loop } = createWorld([failing]);
    loop.start();
    await clock.advance(184_000);
    expect(roundsOf(clock.log)).toEqual([
      "+0 round start",
      "+1000 round retry",
      "+3000 round retry",
      "+7000 round retry",
      "+15000 round retry",
      "+31000 round retry",
      "+63000 round retry",
      "+123000 round retry",
      "+183000 round retry",
    ]);
  });

  it("wait half as long where chance says the least", async () => {
    const { clock, loop } = createWorld([failing], { random: 0 });
    loop.start();
    await clock.advance(3_500);
    expect(roundsOf(clock.log)).toEqual([
      "+0 round start",
      "+500 round retry",
      "+1500 round retry",
      "+3500 round retry",
    ]);
  });

  it("are forgotten with the first round that succeeds", async () => {
    const { clock, loop } = createWorld([failing, failing, active, failing]);
    loop.start();
    await clock.advance(6_000);
    expect(clock.log).toEqual([
      "+0 round start",
      "+0 failed: no network",
      "+1000 round retry",
      "+1000 failed: no network",
      "+3000 round retry",
      "+3000 ok",
      "+5000 round timer",
      "+5000 failed: no network",
      "+6000 round retry",
      "+6000 failed: no network",
    ]);
  });

  it("keep their back-off, whatever the number of actions meanwhile; a wake ends it", async () => {
    const { clock, loop, act } = createWorld([failing], { settings: { retryDelayMs: 10_000 } });
    loop.start();
    await clock.advance(2_000);
    act();
    await clock.advance(7_999);
    act();
    await clock.advance(1);
    expect(roundsOf(clock.log)).toEqual(["+0 round start", "+10000 round retry"]);
    await clock.advance(5_000);
    loop.wake("online");
    await clock.advance(39_999);
    expect(roundsOf(clock.log).slice(2)).toEqual(["+15000 round online"]);
    await clock.advance(1);
    expect(roundsOf(clock.log).slice(3)).toEqual(["+55000 round retry"]);
  });

  it("keep their back-off also from an action that came while the failing round ran", async () => {
    const { clock, loop, act } = createWorld([{ ...failing, takesMs: 2_000 }, active]);
    loop.start();
    await clock.advance(100);
    act();
    await clock.advance(3_000);
    expect(clock.log).toEqual([
      "+0 round start",
      "+100 action",
      "+2000 failed: no network",
      "+3000 round retry",
      "+3000 ok",
    ]);
  });

  it("are over for an action that came while the round ran that succeeded: it is followed by one soon", async () => {
    const { clock, loop, act } = createWorld([failing, { takesMs: 1_000 }, active]);
    loop.start();
    await clock.advance(1_900);
    act();
    await clock.advance(300);
    expect(clock.log).toEqual([
      "+0 round start",
      "+0 failed: no network",
      "+1000 round retry",
      "+1900 action",
      "+2000 ok",
      "+2200 round action",
      "+2200 ok",
    ]);
  });
});

describe("A store that asks to wait", () => {
  it("is asked again after that time where the next poll would come later", async () => {
    const { clock, loop } = createWorld([quiet, quiet, { retryAfterMs: 5_000 }, quiet]);
    loop.start();
    await clock.advance(17_000);
    expect(roundsOf(clock.log)).toEqual([
      "+0 round start",
      "+4000 round timer",
      "+12000 round timer",
      "+17000 round timer",
    ]);
  });

  it("does not keep reading back: the polls before that time come as ever", async () => {
    const { clock, loop } = createWorld([{ active: true, retryAfterMs: 60_000 }]);
    loop.start();
    await clock.advance(4_000);
    expect(roundsOf(clock.log)).toEqual(["+0 round start", "+2000 round timer", "+4000 round timer"]);
  });

  it("is not asked sooner because of an action, neither during the round nor after it", async () => {
    const { clock, loop, act } = createWorld([{ takesMs: 1_000, retryAfterMs: 3_000 }, active]);
    loop.start();
    await clock.advance(500);
    act();
    await clock.advance(1_000);
    act();
    await clock.advance(2_500);
    expect(clock.log).toEqual([
      "+0 round start",
      "+500 action",
      "+1000 ok",
      "+1500 action",
      "+4000 round timer",
      "+4000 ok",
    ]);
    act();
    await clock.advance(300);
    expect(roundsOf(clock.log).at(-1)).toBe("+4300 round action");
  });
});

describe("A round that somebody waits for", () => {
  it("begins at once, and its end resolves the call", async () => {
    const { clock, loop, follow } = createWorld([quiet, { takesMs: 400 }]);
    loop.start();
    await clock.advance(1_000);
    follow("now", loop.now());
    await clock.advance(400);
    expect(clock.log).toEqual([
      "+0 round start",
      "+0 ok",
      "+1000 round now",
      "+1400 ok",
      "+1400 now resolved",
    ]);
  });

  it("is never the one that ran already: a call waits for the round after it, and calls share that one", async () => {
    const { clock, loop, follow } = createWorld([{ takesMs: 1_000 }]);
    loop.start();
    await clock.advance(500);
    follow("first", loop.now());
    follow("second", loop.now());
    await clock.advance(1_500);
    expect(clock.log).toEqual([
      "+0 round start",
      "+1000 ok",
      "+1000 round now",
      "+2000 ok",
      "+2000 first resolved",
      "+2000 second resolved",
    ]);
  });

  it("rejects the call with its own error, not with that of the round before", async () => {
    const { clock, loop, follow } = createWorld([
      { takesMs: 1_000, fails: "the first" },
      { takesMs: 1_000, fails: "the second" },
    ]);
    loop.start();
    await clock.advance(500);
    follow("now", loop.now());
    await clock.advance(1_500);
    expect(clock.log).toEqual([
      "+0 round start",
      "+1000 failed: the first",
      "+1000 round now",
      "+2000 failed: the second",
      "+2000 now rejected: the second",
    ]);
  });
});

describe("The loop's stop", () => {
  const closed =
    "rejected: The store was closed before it synchronised. Open it again; what is unsent is kept.";

  it("waits for the round that runs, and nothing begins afterwards", async () => {
    const { clock, loop, follow, act } = createWorld([{ takesMs: 1_000 }]);
    loop.start();
    await clock.advance(400);
    act();
    loop.wake("hint");
    follow("stop", loop.stop());
    await clock.advance(1_000);
    loop.start();
    loop.wake("online");
    act();
    await clock.advance(3_600_000);
    expect(clock.log).toEqual([
      "+0 round start",
      "+400 action",
      "+1000 ok",
      "+1000 stop resolved",
      "+1400 action",
    ]);
  });

  it("waits for a round that fails as well, and does not fail with it", async () => {
    const { clock, loop, follow } = createWorld([{ takesMs: 1_000, ...failing }]);
    loop.start();
    await clock.advance(400);
    follow("stop", loop.stop());
    await clock.advance(100_000);
    expect(clock.log).toEqual(["+0 round start", "+1000 failed: no network", "+1000 stop resolved"]);
  });

  it("lets the round that runs tell who waits for it, and tells the others that there will be none", async () => {
    const { clock, loop, follow } = createWorld([quiet, { takesMs: 1_000 }]);
    loop.start();
    await clock.advance(100);
    follow("of the round", loop.now());
    await clock.advance(100);
    follow("of the next", loop.now());
    follow("stop", loop.stop());
    await clock.advance(1_000);
    follow("too late", loop.now());
    await clock.settle();
    expect(clock.log).toEqual([
      "+0 round start",
      "+0 ok",
      "+100 round now",
      "+1100 ok",
      "+1100 of the round resolved",
      `+1100 of the next ${closed}`,
      "+1100 stop resolved",
      `+1200 too late ${closed}`,
    ]);
  });

  it("leaves no timer behind that would keep a process alive, and no call without an end", async () => {
    const { clock, loop, follow, act } = createWorld([quiet]);
    loop.start();
    await clock.advance(100);
    act();
    act();
    expect(clock.waits).toBe(1);
    await loop.stop();
    expect(clock.waits).toBe(0);
    follow("again", loop.stop());
    await clock.settle();
    expect(clock.log.at(-1)).toBe("+100 again resolved");
  });
});

function roundsOf(log: readonly string[]): readonly string[] {
  return log.filter((line) => line.includes(" round "));
}
