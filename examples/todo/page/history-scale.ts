/**
 * The slider's scale. People remember the last minutes by the second and the last month by the day, so it is logarithmic: each step goes
 * back some percent further than the one before. Pure.
 */

/** The slider's rightmost place, which is now. */
export const stepsMax = 200;

const hourMs = 3_600_000;
/** A little more than the oldest item, so that one can see the time before it. */
const roomFactor = 1.3;

/** How far back the slider reaches. */
export function spanOf(oldestAgeMs: number): number {
  return Math.max(hourMs, oldestAgeMs * roomFactor);
}

/** 0 at the right end, the whole span at the left. */
export function ageAt(step: number, spanMs: number): number {
  const back = Math.min(stepsMax, Math.max(0, stepsMax - step)) / stepsMax;
  const seconds = spanMs / 1_000;
  return Math.round(1_000 * ((1 + seconds) ** back - 1));
}
