/**
 * The service's clock, as well as it can be known: for the dates of answers, for signatures, for the end of credentials.
 *
 * Each answer's Date tells it. A browser shows that header only where the bucket's CORS rules expose it. Where they do not, the local
 * clock stands in for it, corrected by what always shows: nothing is modified later than now, so Last-Modified tells by how much the
 * local clock is slow at least; and the first object that is stored here has a Last-Modified that is the service's clock itself
 * (write.ts looks it up once). Until then a local clock may be fast, by 15 minutes at most: beyond that S3 refuses signatures. Dates
 * decide about good timestamps and about how soon is sealed, never about what is safe.
 */
import { bucketNow, type ClockOffset, observeClock } from "../../shared/log/clock.ts";
import type { Platform } from "../../shared/ports/platform.ts";

export interface Span {
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface ServiceClock {
  /** The date of an answer: `told` by it, else what is known. */
  date(told: number | null): number;
  /** For signatures and ends. */
  now(): number;
  /** False until an answer told it. */
  isKnown(): boolean;
  /** The clock showed `date`, in whole seconds, at some time within the span. */
  observe(date: number, span: Span): void;
  /** Something was modified then, hence before an answer of this span. */
  observeModified(date: number, span: Span): void;
  /** What was known is wrong. */
  forget(): void;
}

export function createServiceClock({ now }: Pick<Platform, "now">): ServiceClock {
  let offset: ClockOffset = null;
  /** By so much the local clock is slow at least. */
  let slowMs = 0;

  return {
    date: (told) => told ?? now() + (offset?.low ?? slowMs),
    now: () => (offset === null ? now() + slowMs : bucketNow(offset, now())),
    isKnown: () => offset !== null,
    observe(date, { sentAt, receivedAt }) {
      offset = observeClock(offset, { date, sentAt, receivedAt });
    },
    observeModified(date, { receivedAt }) {
      slowMs = Math.max(slowMs, date - receivedAt);
    },
    forget() {
      offset = null;
      slowMs = 0;
    },
  };
}
