import { describe, expect, it } from "vitest";
import { createServiceClock } from "../../../../bucket/s3-fetch/clock.ts";

describe("The service's clock", () => {
  const local = { ms: 1_000_000 };
  const newClock = () => createServiceClock({ now: () => local.ms });
  const at = (sentAt: number, receivedAt = sentAt) => ({ sentAt, receivedAt });

  it("is what an answer tells, whatever else is known", () => {
    const clock = newClock();
    clock.observe(5_000, at(local.ms));
    expect(clock.date(7_000)).toBe(7_000);
  });

  it("is the local clock where nothing is known", () => {
    const clock = newClock();
    expect([clock.date(null), clock.now(), clock.isKnown()]).toEqual([local.ms, local.ms, false]);
  });

  it("is never before what was modified already, where the local clock is slow, and goes on with it", () => {
    const clock = newClock();
    clock.observeModified(local.ms + 500, at(local.ms - 10, local.ms));
    clock.observeModified(local.ms - 90_000, at(local.ms));
    local.ms += 1_000;
    expect([clock.date(null), clock.now(), clock.isKnown()]).toEqual([local.ms + 500, local.ms + 500, false]);
  });

  it.each([-600_000, 600_000])("is corrected by %i ms once it was seen", (offMs) => {
    const clock = newClock();
    // Whole seconds: it was somewhere within this one.
    clock.observe(local.ms + offMs - 400, at(local.ms - 20, local.ms));
    local.ms += 10_000;
    expect(clock.isKnown()).toBe(true);
    for (const seen of [clock.date(null), clock.now()])
      expect(Math.abs(seen - (local.ms + offMs))).toBeLessThanOrEqual(620);
  });

  it("forgets what turned out to be wrong", () => {
    const clock = newClock();
    clock.observe(5_000, at(local.ms));
    clock.observeModified(local.ms + 5_000, at(local.ms));
    clock.forget();
    expect([clock.date(null), clock.now(), clock.isKnown()]).toEqual([local.ms, local.ms, false]);
  });

  it("takes only the times of a span, whatever else it carries", () => {
    const clock = newClock();
    const answer = { ...at(local.ms), date: 77, status: 200 };
    clock.observe(local.ms - 3_000, answer);
    expect(clock.date(null)).toBe(local.ms - 3_000);
  });
});
