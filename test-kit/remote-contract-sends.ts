/** Part of the remote contract. Send: stored, again, later; and what the log makes of it. */
import { expect, it } from "vitest";
import { type Timestamp, toTimestamp } from "../shared/wire/time.ts";
import { type AskedRemote, contentsOf } from "./remote-contract-parts.ts";

const hourMs = 60 * 60_000;
/** The service's clock, and a timestamp before it, may be this much apart from the test's. */
const clockSlackMs = 5 * 60_000;

export function describeSends(asked: () => AskedRemote): void {
  it("stores an update under a time near the present one, and it is in the log after a rollup as it was sent", async () => {
    const { to, update, newApp, rollup, logOf } = asked();
    const app = newApp();
    const sent = update(app, 1);
    const outcome = await to.send(sent);
    expect(outcome).toMatchObject({ is: "stored" });
    if (outcome.is !== "stored") return;
    expect(Math.abs(outcome.timestamp - Date.now())).toBeLessThan(clockSlackMs);
    await rollup();
    const log = await logOf(app);
    expect(log.map(contentsOf)).toEqual([sent]);
    expect(log[0]?.timestamp).toBe(outcome.timestamp);
  });

  it("stores updates of one app in the order of their numbers, each above the one before", async () => {
    const { stored, update, newApp, rollup, logOf } = asked();
    const app = newApp();
    const timestamps: Timestamp[] = [];
    for (let seq = 1; seq <= 5; seq++) timestamps.push(await stored(update(app, seq, timestamps.at(-1))));
    expect([...timestamps].sort((a, b) => a - b)).toEqual(timestamps);
    expect(new Set(timestamps).size).toBe(5);
    await rollup();
    const log = await logOf(app);
    expect(log.map(({ seq, timestamp }) => [seq, timestamp])).toEqual(timestamps.map((at, i) => [i + 1, at]));
  });

  it("takes the same update again, as often as it comes, and it is in the log once", async () => {
    const { stored, update, newApp, rollup, logOf } = asked();
    const app = newApp();
    const sent = update(app, 1);
    for (let i = 0; i < 3; i++) await stored(sent);
    await rollup();
    await stored(sent);
    await rollup();
    expect((await logOf(app)).map(contentsOf)).toEqual([sent]);
  });

  it("keeps apart updates of several apps that are sent at once", async () => {
    const { stored, update, newApp, rollup, logOf } = asked();
    const apps = [newApp(), newApp(), newApp(), newApp()];
    await Promise.all(apps.map((app) => stored(update(app, 1))));
    await rollup();
    for (const app of apps) expect(await logOf(app)).toHaveLength(1);
  });

  it("says later to an update whose author has seen what lies in the future, and says when to come back", async () => {
    const { to, update, newApp, headKey: key, rollup, logOf } = asked();
    const { date } = await to.get(key);
    const app = newApp();
    const outcome = await to.send(update(app, 1, toTimestamp(date + hourMs)));
    expect(outcome.is).toBe("later");
    if (outcome.is !== "later") return;
    expect(outcome.retryAfterMs).toBeGreaterThan(0);
    expect(outcome.reason).not.toBe("");
    await rollup();
    expect(await logOf(app)).toEqual([]);
  });

  it("stores an update behind what its author has seen, however soon it comes", async () => {
    const { stored, update, newApp } = asked();
    const first = await stored(update(newApp(), 1));
    const answer = await stored(update(newApp(), 1, first));
    expect(answer).toBeGreaterThan(first);
  });

  it("gives a head that it has read after storing, or none", async () => {
    const { to, update, newApp, head } = asked();
    const before = await head();
    const outcome = await to.send(update(newApp(), 1));
    if (outcome.is !== "stored") throw new Error(`not stored: ${outcome.reason}`);
    if (outcome.known === null) return;
    expect(outcome.known.head.rev).toBeGreaterThanOrEqual(before.head.rev);
    expect(outcome.known.head.epoch).toBe(before.head.epoch);
  });
}
