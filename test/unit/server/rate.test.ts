import { describe, expect, it } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import type { Refusal } from "../../../server/answers.ts";
import type { Claims } from "../../../server/auth.ts";
import { createPrincipalOf, subjectOf } from "../../../server/principal.ts";
import { createRateLimit, type Rate } from "../../../server/rate.ts";
import { defaultServerSettings, type ServerSettings } from "../../../server/settings.ts";
import { testApp } from "../../fixtures/store-host.ts";

function setUp(rate: Rate, changes: Partial<ServerSettings> = {}) {
  const clock = { now: 1_000_000 };
  const settings = { ...defaultServerSettings, ...changes };
  const limit = createRateLimit(rate, {
    platform: { ...createNodePlatform(), now: () => clock.now },
    settings,
    principalOf: createPrincipalOf(subjectOf, settings),
  });
  /** Null: taken; else how long to wait. */
  const take = (claims: Claims | null): number | null => {
    try {
      limit.take(claims);
      return null;
    } catch (error) {
      expect(error).toMatchObject({ status: 429, error: { kind: "unavailable" } });
      return (error as Refusal).error.retryAfterMs ?? -1;
    }
  };
  const taken = (claims: Claims | null, times: number) =>
    Array.from({ length: times }, () => take(claims)).filter((wait) => wait === null).length;
  return { clock, take, taken };
}

const ann = { sub: "ann" };
const bob = { sub: "bob" };

describe("A rate limit", () => {
  it("takes a burst, then one as often as the rate says, and tells exactly when the next one goes", () => {
    const { clock, take, taken } = setUp({ perSecond: 4, burst: 10 });
    expect(taken(ann, 50)).toBe(10);
    expect(take(ann)).toBe(250);
    clock.now += 249;
    expect(take(ann)).toBe(1);
    clock.now += 1;
    expect(take(ann)).toBe(null);
    expect(take(ann)).toBe(250);
    clock.now += 3_600_000;
    expect(taken(ann, 50)).toBe(10);
  });

  it("takes the whole of a burst, also where a second has no whole number of milliseconds for each", () => {
    for (const perSecond of [0.3, 3, 7, 1 / 3])
      for (const burst of [1, 3, 7, 10, 49]) {
        const { clock, taken } = setUp({ perSecond, burst });
        expect([perSecond, burst, taken(ann, 99)]).toEqual([perSecond, burst, burst]);
        clock.now += Math.floor(999 / perSecond);
        expect(taken(ann, 99)).toBe(0);
      }
  });

  it("does not make who keeps asking wait longer than the rate says", () => {
    const { clock, taken } = setUp({ perSecond: 2, burst: 1 });
    let all = 0;
    for (let i = 0; i < 1_000; i++) {
      all += taken(ann, 1);
      clock.now += 10;
    }
    expect(all).toBe(20);
  });

  it("counts each principal for itself, a token's app where there is none, and all others together", () => {
    const { taken } = setUp({ perSecond: 1, burst: 3 });
    expect(taken(ann, 5)).toBe(3);
    expect(taken({ ...ann, app: testApp(1) }, 5)).toBe(0);
    expect(taken(bob, 5)).toBe(3);
    expect(taken({ app: testApp(1) }, 5)).toBe(3);
    expect(taken({ app: testApp(2) }, 5)).toBe(3);
    expect(taken({ sub: `app ${testApp(3)}` }, 5)).toBe(3);
    expect(taken({ app: testApp(3) }, 5)).toBe(3);
    expect(taken(null, 5)).toBe(3);
    expect(taken({}, 5)).toBe(0);
    expect(taken({ sub: "x".repeat(100_000) }, 5)).toBe(0);
  });

  it("is not undone by a clock that is set back, nor fooled by one that jumps", () => {
    const { clock, take, taken } = setUp({ perSecond: 1, burst: 2 });
    expect(taken(ann, 5)).toBe(2);
    clock.now -= 900_000;
    expect(take(ann)).toBe(1_000);
    clock.now += 1_000;
    expect(take(ann)).toBe(null);
    clock.now += 1e12;
    expect(taken(ann, 5)).toBe(2);
  });

  it("remembers a bounded number, the latest", () => {
    const { taken } = setUp({ perSecond: 1, burst: 2 }, { rateHoldersMax: 3 });
    for (let i = 0; i < 100; i++) expect(taken({ sub: `p${i}` }, 3)).toBe(2);
    expect(["p97", "p98", "p99"].map((sub) => taken({ sub }, 1))).toEqual([0, 0, 0]);
    expect(taken({ sub: "p0" }, 1)).toBe(1);
  });

  it("takes slow rates and fractions, and no rate that is none", () => {
    const { clock, take } = setUp({ perSecond: 0.01, burst: 1 });
    expect([take(ann), take(ann)]).toEqual([null, 100_000]);
    clock.now += 100_000;
    expect(take(ann)).toBe(null);
    for (const wrong of [
      { perSecond: 0, burst: 1 },
      { perSecond: -1, burst: 1 },
      { perSecond: 1, burst: 0.5 },
      { perSecond: Number.NaN, burst: 1 },
      { perSecond: 1, burst: Number.NaN },
      { perSecond: Number.POSITIVE_INFINITY, burst: 1 },
    ])
      expect(() => setUp(wrong)).toThrow(expect.objectContaining({ kind: "rejected" }));
  });
});
