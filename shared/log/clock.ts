/**
 * The bucket's clock as seen from here: an interval of offsets, narrowed by each answer.
 *
 * An answer with Date D (one-second resolution), sent at t0 and received at t1, says that the offset lies in
 * [D - t1, D + 1 s - t0]. Intervals are intersected; when nothing is left (a clock jumped) the newest counts alone.
 * Safety never depends on it: a wrong clock costs another try.
 */
import type { Timing } from "./program.ts";

/** Bounds of (bucket's clock - local clock) in milliseconds; null before the first answer. */
export type ClockOffset = { readonly low: number; readonly high: number } | null;

const dateResolutionMs = 1_000;

export function observeClock(offset: ClockOffset, { date, sentAt, receivedAt }: Timing): ClockOffset {
  const seen = { low: date - receivedAt, high: date + dateResolutionMs - sentAt };
  const low = Math.max(offset?.low ?? seen.low, seen.low);
  const high = Math.min(offset?.high ?? seen.high, seen.high);
  return low <= high ? { low, high } : seen;
}

/** The local clock where the bucket does not contradict it, else the nearest time that it allows. */
export function bucketNow(offset: ClockOffset, now: number): number {
  return offset === null ? now : now + Math.min(Math.max(0, offset.low), offset.high);
}
