import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketNow, type ClockOffset, observeClock } from "../../../shared/log/clock.ts";

const second = 1_000;

/** An answer of a bucket whose clock is `offset` ahead of ours and shows whole seconds. */
function answer(sentAt: number, delays: { readonly there: number; readonly back: number }, offset: number) {
  const atBucket = sentAt + delays.there + offset;
  return {
    sentAt,
    receivedAt: sentAt + delays.there + delays.back,
    date: Math.floor(atBucket / second) * second,
  };
}

const delays = fc.record({ there: fc.nat(3_000), back: fc.nat(3_000) });
const offsets = fc.integer({ min: -100_000_000, max: 100_000_000 });
const sentAts = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });

test("Before the first answer the local clock is all there is.", () => {
  expect(bucketNow(null, 123)).toBe(123);
});

test("One answer bounds the offset by its journey and by a second for the Date header's resolution.", () => {
  expect(observeClock(null, { sentAt: 10_000, receivedAt: 10_200, date: 12_000 })).toEqual({
    low: 1_800,
    high: 3_000,
  });
});

test("However answers are delayed, the true offset stays inside the bounds, which only get tighter.", () => {
  fc.assert(
    fc.property(
      sentAts,
      offsets,
      fc.array(delays, { minLength: 1, maxLength: 20 }),
      (first, offset, journeys) => {
        let bounds: ClockOffset = null;
        let width = Number.POSITIVE_INFINITY;
        for (const [i, journey] of journeys.entries()) {
          bounds = observeClock(bounds, answer(first + i * 7_919, journey, offset));
          if (bounds === null) throw new Error("no bounds after an answer");
          expect(bounds.low).toBeLessThanOrEqual(offset);
          expect(bounds.high).toBeGreaterThanOrEqual(offset);
          expect(bounds.high - bounds.low).toBeLessThanOrEqual(width);
          width = bounds.high - bounds.low;
        }
      },
    ),
  );
});

test("A clock that jumped contradicts the old bounds, and the newest answer counts alone.", () => {
  const before = observeClock(null, { sentAt: 10_000, receivedAt: 10_200, date: 12_000 });
  const jumped = { sentAt: 5_000_000, receivedAt: 5_000_100, date: 12_000 };
  expect(observeClock(before, jumped)).toEqual(observeClock(null, jumped));
});

test("A local clock that the bucket does not contradict is used as it is.", () => {
  expect(bucketNow({ low: -500, high: 800 }, 10_000)).toBe(10_000);
});

test("A wrong local clock is moved to the nearest time that the bucket allows.", () => {
  expect(bucketNow({ low: 3_600_000, high: 3_601_000 }, 10_000)).toBe(3_610_000);
  expect(bucketNow({ low: -3_601_000, high: -3_600_000 }, 10_000_000)).toBe(6_400_000);
});

test("After one answer the bucket's time is known to within the journey and a second.", () => {
  fc.assert(
    fc.property(sentAts, offsets, delays, (sentAt, offset, journey) => {
      const timing = answer(sentAt, journey, offset);
      const error = bucketNow(observeClock(null, timing), timing.receivedAt) - (timing.receivedAt + offset);
      expect(Math.abs(error)).toBeLessThanOrEqual(journey.there + journey.back + second);
    }),
  );
});
