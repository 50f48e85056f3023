/**
 * A clock that only moves when a test says so, as a Platform: waits end in order of their time, then of their making, and everything
 * that follows from one ends before the next begins. Randomness and nonces come from a seed, so a run is the same each time.
 *
 * What waits for the real machine (a disk, a network, another thread) is not waited for: give the parts under test memory buckets and
 * memory storage. Hashing, text and gzip are the real ones, done at once.
 */
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { AbortSignalLike, Platform } from "../shared/ports/platform.ts";
import { createRandom } from "./random.ts";

export interface VirtualClock {
  readonly platform: Platform;
  /** What `platform.now` says, in milliseconds since 1970. */
  now(): number;
  /** Lets time pass: ends every wait that falls due, in order, each with all that follows from it. */
  advance(ms: number): Promise<void>;
  /** Ends what is under way without any time passing; the same as `advance(0)`. */
  settle(): Promise<void>;
  /** Sets the clock forward or back, as its owner might; waits go by the time that really passes, so none ends. */
  jump(ms: number): void;
  /** Writes down that something happened now. */
  note(what: string): void;
  /** The notes as `+300 what`, in order: milliseconds that really passed since the start. */
  readonly log: readonly string[];
  /** Waits that have not ended. */
  readonly waits: number;
}

interface Wait {
  readonly due: number;
  readonly order: number;
  readonly end: () => void;
}

/** A Saturday morning; any time would do. */
const defaultStart = Date.UTC(2026, 10, 21, 9, 0, 0);

/**
 * @param start milliseconds since 1970
 * @param seed for `random` and nonces
 * @example
 * const clock = createVirtualClock();
 * const store = openStore({ model, storeId: "family", remote, platform: clock.platform });
 * store.sync.wake("hint");
 * await clock.advance(2_000);
 * expect(clock.log).toEqual(["+0 head", "+2000 head"]);
 */
export function createVirtualClock(start: number = defaultStart, seed = 1): VirtualClock {
  let passed = 0;
  let offset = start;
  let made = 0;
  const waits = new Set<Wait>();
  const log: string[] = [];
  const random = createRandom(seed);
  const now = (): number => offset + passed;

  function wait(ms: number, signal?: AbortSignalLike): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = (): void => {
        waits.delete(mine);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      // Whole milliseconds, as real clocks and timers have them; never too early.
      const mine: Wait = { due: passed + Math.ceil(Math.max(0, ms)), order: made++, end };
      waits.add(mine);
      signal?.addEventListener("abort", end, { once: true });
    });
  }

  async function advance(ms: number): Promise<void> {
    const until = passed + ms;
    await promisesSettled();
    for (let next = firstOf(waits, until); next; next = firstOf(waits, until)) {
      passed = Math.max(passed, next.due);
      next.end();
      await promisesSettled();
    }
    passed = until;
  }

  return {
    platform: {
      ...realParts,
      now,
      wait,
      random: random.fraction,
      newNonce: random.nonce,
    },
    now,
    advance,
    settle: () => advance(0),
    jump(ms) {
      offset += ms;
    },
    note(what) {
      log.push(`+${passed} ${what}`);
    },
    log,
    get waits() {
      return waits.size;
    },
  };
}

function firstOf(waits: ReadonlySet<Wait>, until: number): Wait | undefined {
  let first: Wait | undefined;
  for (const one of waits) {
    if (one.due > until) continue;
    if (!first || one.due < first.due || (one.due === first.due && one.order < first.order)) first = one;
  }
  return first;
}

/** The engine empties its whole queue of promises before it comes to this. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Without threads, so that nothing ends at a time of its own. */
const realParts = {
  sha256: (text: string) => createHash("sha256").update(text).digest("hex"),
  encodeText: (text: string) => encoder.encode(text),
  decodeText: (bytes: Uint8Array) => decoder.decode(bytes),
  gzip: async (bytes: Uint8Array) => plainBytes(gzipSync(bytes)),
  gunzip: async (bytes: Uint8Array, bytesMax: number) =>
    plainBytes(gunzipSync(bytes, { maxOutputLength: Math.max(1, bytesMax) })),
};

/** Node's Buffers share memory where slices of plain arrays copy it. */
function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
