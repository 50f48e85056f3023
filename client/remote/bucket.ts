/**
 * bucketRemote: direct mode. The client runs the whole protocol itself over a bucket, with its own credentials: reads objects, and
 * appends by "put, then check the seal". A rollup must run somewhere.
 */
import { type Host, run } from "../../shared/drive/run.ts";
import { checkUpdate, createWriter } from "../../shared/drive/writer.ts";
import { StoreError } from "../../shared/errors.ts";
import { tail } from "../../shared/log/tail.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { newSettings, type Settings } from "../../shared/settings.ts";
import type { Update } from "../../shared/wire/update.ts";
import { createWebPlatform } from "../platform.ts";
import type { Remote } from "./remote.ts";

/**
 * A bucket as the remote of a client.
 *
 * @example
 * const remote = bucketRemote(createS3Bucket("s3://notes?region=eu-central-1"));
 */
export function bucketRemote(
  bucket: Bucket,
  platform: Platform = createWebPlatform(),
  settings: Partial<Settings> = {},
): Remote {
  const clock: { offsetMs: number | null } = { offsetMs: null };
  const dated = withClock(bucket, platform, (offsetMs) => {
    clock.offsetMs = offsetMs;
  });
  const host: Host = { bucket: dated, platform, settings: newSettings(settings) };
  return {
    name: bucket.name,
    open(store) {
      let writer = createWriter(host, store);

      /** What came of an unclear one the log tells the outbox, which keeps the order; a writer would wait for it for ever. */
      async function append(update: Update) {
        const used = writer;
        writer = createWriter(host, store);
        const outcome = await used.append(update);
        if (outcome.is === "stored") writer = used;
        return outcome;
      }

      return {
        get: dated.get,
        tail: (input) => run(tail, { store, ...input }, host),
        async send(update) {
          try {
            checkUpdate(update, store, host);
          } catch (error) {
            if (error instanceof StoreError) return { is: "rejected", reason: error.what };
            throw error;
          }
          const first = await append(update);
          // It may only seem so by a clock that was set meanwhile; a new writer asks the bucket for the time.
          const outcome =
            first.is === "later" && first.retryAfterMs > host.settings.backOffMaxMs
              ? await append(update)
              : first;
          if (outcome.is === "later") return outcome;
          return { is: "stored", timestamp: outcome.timestamp, known: outcome.known };
        },
        clockOffsetMs: () => clock.offsetMs,
      };
    },
  };
}

/** Tells of the bucket's clock at each answer. */
function withClock(inner: Bucket, platform: Platform, tell: (offsetMs: number) => void): Bucket {
  const dated = async <T extends { readonly date: number }>(answer: Promise<T>): Promise<T> => {
    const given = await answer;
    // Dates may have whole seconds: only what lies beyond that is an offset.
    const late = given.date - platform.now();
    tell(late > 0 ? late : Math.min(0, late + 1_000));
    return given;
  };
  return { ...inner, get: (key, options) => dated(inner.get(key, options)) };
}
