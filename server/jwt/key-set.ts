/**
 * The keys of an issuer at an address (JWKS): read when they are first needed, again when they are old, and again when a token names one
 * that is not among them, which is how keys are rotated.
 *
 * Whatever tokens come, the address is asked only once at a time and no more often than the gaps say. While it is down the keys read last
 * go on being used for a while, at once, and are read beside; what they cannot tell is "unavailable", never "unauthorized": its token may
 * well hold. Where nobody knows that it is down, old keys wait for the read: one of them may have been withdrawn.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import {
  downMs,
  failedGapMs,
  keysAheadMs,
  keysBytesMax,
  keysCountMax,
  keysMsMax,
  keysStaleMsMax,
  unknownKeyGapMs,
} from "./limits.ts";
import type { KeysFetch } from "./platform.ts";

export interface RemoteKeySetOptions {
  readonly url: string;
  readonly platform: Pick<Platform, "now">;
  readonly fetch: KeysFetch;
}

interface Kept {
  readonly find: JWTVerifyGetKey;
  readonly readAt: number;
}

/** Finds the key of a token. Throws what jose throws where there is none, StoreError "unavailable" where that cannot be told. */
export function createRemoteKeySet(options: RemoteKeySetOptions): JWTVerifyGetKey {
  const { platform } = options;
  let kept: Kept | null = null;
  let reading: Promise<void> | null = null;
  let triedAt = Number.NEGATIVE_INFINITY;
  let trouble: unknown = null;

  /** Joins a read that runs; never throws, `trouble` tells. */
  function read(): Promise<void> {
    reading ??= readKeySet(options)
      .then((set) => {
        kept = { find: createLocalJWKSet(set), readAt: platform.now() };
        trouble = null;
      })
      .catch((error) => {
        trouble = error;
      })
      .finally(() => {
        // Counted from its end: an address that is slow to fail is not asked again at once.
        triedAt = platform.now();
        reading = null;
      });
    return reading;
  }

  /** A clock that was set back does not stop the reading. */
  const isPast = (at: number, ms: number) => Math.abs(platform.now() - at) >= ms;

  /** Is it time to read them again? A read that runs is joined in any case. */
  function mayRead(gapMs: number): boolean {
    return reading !== null || isPast(triedAt, trouble === null ? gapMs : failedGapMs);
  }

  /** What was read last, as long as it may be used. */
  const usable = () => (kept === null || isPast(kept.readAt, keysStaleMsMax) ? null : kept);
  /** It failed a moment ago, so that waiting for it would most likely be in vain. */
  const isDown = () => trouble !== null && !isPast(triedAt, downMs);

  async function current(): Promise<Kept> {
    if ((kept === null || isPast(kept.readAt, keysAheadMs)) && mayRead(0)) {
      const isYoung = kept !== null && !isPast(kept.readAt, keysMsMax);
      const atOnce = isYoung || isDown() ? usable() : null;
      const done = read();
      if (atOnce !== null) return atOnce;
      await done;
    }
    const found = usable();
    if (found === null) throw unreadable(trouble);
    return found;
  }

  return async (header, token) => {
    const { find } = await current();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (mayRead(unknownKeyGapMs)) await read();
      const again = await current();
      if (trouble !== null) throw unreadable(trouble);
      return again.find(header, token);
    }
  };
}

/** Keys that are at hand. Throws StoreError "rejected" where they are none. */
export function createLocalKeySet(set: JSONWebKeySet): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(requireKeys(set));
  } catch (cause) {
    const what = "The key set (jwks) is none";
    const fix = 'Give what the issuer publishes: { "keys": [ … ] }, with public keys alone.';
    throw new StoreError({ kind: "rejected", what, fix }, cause);
  }
}

async function readKeySet({ url, fetch }: RemoteKeySetOptions): Promise<JSONWebKeySet> {
  const answer = await fetch(url, { headers: { accept: "application/json, application/jwk-set+json" } });
  const text = await readText(answer);
  if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`);
  return requireKeys(JSON.parse(text));
}

async function readText(answer: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > keysBytesMax) throw new Error(`the answer is longer than ${keysBytesMax} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function requireKeys(value: unknown): JSONWebKeySet {
  const { keys } = (value ?? {}) as { readonly keys?: unknown };
  if (!Array.isArray(keys)) throw new Error("there is no list of keys");
  if (keys.length > keysCountMax) throw new Error(`there are ${keys.length} keys, more than ${keysCountMax}`);
  return value as JSONWebKeySet;
}

function unreadable(cause: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message.slice(0, 200) : "no answer";
  const what = `The keys of the issuer cannot be read (${reason}), so no token can be checked`;
  return new StoreError(
    { kind: "unavailable", what, fix: "Try again in some seconds; look at the issuer's key address." },
    cause,
  );
}
