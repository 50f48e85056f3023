/** What came of many stores' rounds, as metrics. Pure. */
import type { Timestamp } from "../shared/wire/time.ts";
import type { Measured } from "./metrics.ts";
import type { RoundsDone } from "./store-rounds.ts";

/** One after the other, of one store. */
export function addDone(first: RoundsDone, second: RoundsDone): RoundsDone {
  return {
    ...second,
    published: first.published + second.published,
    setAside: first.setAside + second.setAside,
    deadLetters: first.deadLetters + second.deadLetters,
    troubles: first.troubles + second.troubles,
    oldestWaiting: first.oldestWaiting ?? second.oldestWaiting,
  };
}

export type RoundsMeasured = Omit<Measured, "Ghosts" | "StoresChecked">;

export function measure(all: readonly RoundsDone[], now: number): RoundsMeasured {
  const sum = (count: (done: RoundsDone) => number) => all.reduce((total, done) => total + count(done), 0);
  const ages = all.map(({ oldestWaiting }) => ageMs(oldestWaiting, now));
  return {
    OldestUnpublishedAgeMs: Math.max(0, ...ages),
    UpdatesPublished: sum(({ published }) => published),
    DeadLetters: sum(({ deadLetters }) => deadLetters),
    SetAside: sum(({ setAside }) => setAside),
    RoundTroubles: sum(({ troubles }) => troubles),
  };
}

function ageMs(oldest: Timestamp | null, now: number): number {
  return oldest === null ? 0 : now - oldest;
}
