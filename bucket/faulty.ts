/**
 * Wraps a bucket and lets things go wrong, for tests: answers of writes get lost, writes land late or twice, reads fail.
 * Owns the writes that are still under way. All chances are 0 unless given, and everything is drawn from the given
 * `random`, so a seed replays a run as long as the calls come in the same order.
 */
import { assert, StoreError } from "../shared/errors.ts";
import type { Bucket, GetAnswer, WriteAnswer } from "../shared/ports/bucket.ts";

/** Chances from 0 to 1. Those of writes are of one call, so together at most 1. */
export interface FaultChances {
  /** A write happens, and its answer is lost: `unknown`. */
  readonly answerLost: number;
  /** A write does not happen: `unknown`. */
  readonly writeLost: number;
  /** A write answers `unknown` and happens some calls later, or in `landHeld`. */
  readonly writeLate: number;
  /** A write happens twice, as after a retry on the way; the second answer comes back: `refused`, of one's own success. */
  readonly writeTwice: number;
  /** A write certainly does not happen: StoreError "unavailable". */
  readonly writeFails: number;
  /** A get, list or delete throws StoreError "unavailable"; a delete may have deleted some keys. */
  readonly callFails: number;
  /** A get answers with a body that was cut off or has a wrong byte. No real bucket does this unseen; ask for it to test it. */
  readonly bodyDamaged: number;
}

export interface FaultyOptions {
  /** Uniform in [0, 1), from a seed. */
  readonly random: () => number;
  readonly chances?: Partial<FaultChances>;
  /** A late write lands at most this many calls later. @default 20 */
  readonly lateCallsMax?: number;
  /** Dates the answers of writes that never reached the bucket. @default Date.now */
  readonly now?: () => number;
}

export interface FaultyBucket extends Bucket {
  /** Replaces the given chances from now on, e.g. all by 0 to let everything recover. */
  setChances(chances: Partial<FaultChances>): void;
  /** Lets every late write land now, in random order. */
  landHeld(): Promise<void>;
  /** Late writes that did not land yet. */
  heldCount(): number;
}

type WriteFate = "none" | "answerLost" | "writeLost" | "writeLate" | "writeTwice" | "writeFails";

interface Held {
  readonly write: () => Promise<WriteAnswer>;
  callsLeft: number;
}

const noChances: FaultChances = {
  answerLost: 0,
  writeLost: 0,
  writeLate: 0,
  writeTwice: 0,
  writeFails: 0,
  callFails: 0,
  bodyDamaged: 0,
};
const writeFates = ["answerLost", "writeLost", "writeLate", "writeTwice", "writeFails"] as const;
const lateCallsDefault = 20;

/** A bucket that goes wrong with the given chances. */
export function createFaultyBucket(inner: Bucket, options: FaultyOptions): FaultyBucket {
  const { random, lateCallsMax = lateCallsDefault, now = Date.now } = options;
  let chances: FaultChances = { ...noChances, ...options.chances };
  assertChances(chances);
  let held: readonly Held[] = [];

  const land = async (due: readonly Held[]): Promise<void> => {
    held = held.filter((one) => !due.includes(one));
    // One that fails has nobody to tell: it did not happen, as `unknown` allows.
    for (const one of shuffled(due, random)) await one.write().catch(() => undefined);
  };
  const passCall = async (): Promise<void> => {
    for (const one of held) one.callsLeft -= 1;
    await land(held.filter((one) => one.callsLeft <= 0));
  };
  const hold = (write: Held["write"]): void => {
    held = [...held, { write, callsLeft: 1 + Math.floor(random() * lateCallsMax) }];
  };

  const write = async (key: string, perform: Held["write"]): Promise<WriteAnswer> => {
    await passCall();
    const fate = drawFate(chances, random());
    if (fate === "writeFails") throw unavailable(inner.name, "write", key);
    if (fate === "writeLate") hold(perform);
    if (fate === "writeLost" || fate === "writeLate") return unknown(now());
    const answer = await perform();
    if (fate === "answerLost") return unknown(answer.date);
    return fate === "writeTwice" ? perform() : answer;
  };
  const call = async <T>(doing: string, key: string, perform: () => Promise<T>): Promise<T> => {
    await passCall();
    if (random() < chances.callFails) throw unavailable(inner.name, doing, key);
    return perform();
  };

  return {
    ...inner,
    async get(key, getOptions) {
      const answer = await call("get", key, () => inner.get(key, getOptions));
      return random() < chances.bodyDamaged ? damaged(answer, random) : answer;
    },
    putIfAbsent: (key, content) => write(key, () => inner.putIfAbsent(key, content)),
    putIfMatch: (key, content, etag, swapOptions) =>
      write(key, () => inner.putIfMatch(key, content, etag, swapOptions)),
    list: (prefix, listOptions) => call("list", prefix, () => inner.list(prefix, listOptions)),
    async delete(keys) {
      await passCall();
      if (random() >= chances.callFails) return inner.delete(keys);
      await inner.delete(keys.slice(0, Math.floor(random() * (keys.length + 1))));
      throw unavailable(inner.name, "delete", keys[0] ?? "");
    },
    setChances(changes) {
      chances = { ...chances, ...changes };
      assertChances(chances);
    },
    landHeld: () => land(held),
    heldCount: () => held.length,
  };
}

function drawFate(chances: FaultChances, drawn: number): WriteFate {
  let below = 0;
  for (const fate of writeFates) {
    below += chances[fate];
    if (drawn < below) return fate;
  }
  return "none";
}

function assertChances(chances: FaultChances): void {
  const all = Object.values(chances);
  assert(
    all.every((chance) => chance >= 0 && chance <= 1),
    "a chance is from 0 to 1",
  );
  const writes = writeFates.reduce((sum, fate) => sum + chances[fate], 0);
  assert(writes <= 1 + Number.EPSILON * writeFates.length, "the chances of writes add up to at most 1");
}

function unknown(date: number): WriteAnswer {
  return { is: "unknown", why: "the faulty bucket lost the answer", date };
}

function unavailable(bucket: string, doing: string, key: string): StoreError {
  const what = `The faulty bucket let a ${doing} of ${bucket} fail`;
  return new StoreError({ kind: "unavailable", what, fix: "Try again.", key });
}

/** Cuts the body off, or changes one byte: half and half. */
function damaged(answer: GetAnswer, random: () => number): GetAnswer {
  if (answer.is !== "found" || answer.body.length === 0) return answer;
  const at = Math.floor(random() * answer.body.length);
  if (random() < 0.5) return { ...answer, body: answer.body.slice(0, at) };
  const body = answer.body.slice();
  body[at] = (body[at] ?? 0) ^ (1 + Math.floor(random() * 255));
  return { ...answer, body };
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
