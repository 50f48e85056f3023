/**
 * Turns: interleaves actors at the granularity of requests, from a seed. Each call of a bucket waits for its turn before it happens, and
 * sometimes again before its answer comes back; an actor may be stopped for long in between, as a frozen process is.
 */
import type { Bucket } from "../../shared/ports/bucket.ts";

export interface Turns {
  /** Waits for a turn of this actor. */
  pass(actor: string): Promise<void>;
  /** The bucket as this actor sees it. */
  bucketOf(actor: string, bucket: Bucket): Bucket;
  /** Nothing of this actor gets a turn for so many turns. */
  freeze(actor: string, turns: number): void;
  thawAll(): void;
  /** Gives turns until `done`. Throws when nothing moves any more. */
  runUntil(done: () => boolean): Promise<void>;
  readonly taken: number;
}

export interface TurnsOptions {
  readonly random: () => number;
  readonly onTurn: () => void;
  /** Chance that the answer of a call waits too. */
  readonly answerWaits: number;
}

const turnsMax = 200_000;

export function createTurns({ random, onTurn, answerWaits }: TurnsOptions): Turns {
  let pending: { readonly actor: string; readonly go: () => void }[] = [];
  const frozen = new Map<string, number>();
  let taken = 0;

  const pass = (actor: string) => new Promise<void>((go) => void pending.push({ actor, go }));
  const turned = async <T>(actor: string, call: () => Promise<T>): Promise<T> => {
    await pass(actor);
    const answer = await call();
    if (random() < answerWaits) await pass(actor);
    return answer;
  };
  const isFrozen = ({ actor }: { readonly actor: string }) => (frozen.get(actor) ?? 0) > taken;

  function next(): (typeof pending)[number] | undefined {
    const able = pending.filter((one) => !isFrozen(one));
    const from = able.length > 0 ? able : pending;
    return from[Math.floor(random() * from.length)];
  }

  return {
    get taken() {
      return taken;
    },
    pass,
    bucketOf: (actor, bucket) => ({
      ...bucket,
      get: (key, options) => turned(actor, () => bucket.get(key, options)),
      putIfAbsent: (key, content) => turned(actor, () => bucket.putIfAbsent(key, content)),
      putIfMatch: (key, content, etag, options) =>
        turned(actor, () => bucket.putIfMatch(key, content, etag, options)),
      list: (prefix, options) => turned(actor, () => bucket.list(prefix, options)),
      delete: (keys) => turned(actor, () => bucket.delete(keys)),
    }),
    freeze: (actor, turns) => void frozen.set(actor, taken + turns),
    thawAll: () => frozen.clear(),
    async runUntil(done) {
      for (let idle = 0; !done(); ) {
        // Everybody goes on until they wait for a turn.
        await new Promise((resolve) => setImmediate(resolve));
        const one = next();
        idle = one ? 0 : idle + 1;
        if (idle > 100 || taken > turnsMax) throw new Error(`nothing moves any more after ${taken} turns`);
        if (!one) continue;
        pending = pending.filter((other) => other !== one);
        taken += 1;
        onTurn();
        one.go();
      }
    },
  };
}
