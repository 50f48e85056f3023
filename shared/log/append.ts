/**
 * append: puts one update under a server timestamp and acknowledges it only when the seal lies below (docs/protocol.md, "Write").
 *
 * Safe because the head is read after the PUT succeeded: if it still says sealedThrough < ts, then every publish that
 * seals ts lists after its own seal, hence after this PUT, and finds it. A 412 is never read as success (it may be an
 * earlier try's), an unknown answer is tried again under a new timestamp; the copies that this leaves behind fall to
 * the marks. One update of an app at a time: seq + 1 is not sent before seq is acknowledged or settled.
 */

import type { StoreId } from "../wire/ids.ts";
import { updateKey } from "../wire/keys.ts";
import { formatTimestamp, type Timestamp, toTimestamp, zeroTimestamp } from "../wire/time.ts";
import type { Update } from "../wire/update.ts";
import { encodeUpdate } from "../wire/update.ts";
import { bucketNow, type ClockOffset, observeClock } from "./clock.ts";
import { getHead, withHead } from "./head-read.ts";
import type { KnownHead } from "./known-head.ts";
import { type Answer, ask, backOffMs, done, type Env, type Program, type Step } from "./program.ts";

export interface AppendInput {
  readonly store: StoreId;
  readonly update: Update;
  readonly clock: ClockOffset;
  /** Highest sealedThrough that this writer has seen in any head. */
  readonly sealedSeen: Timestamp;
}

interface Base extends AppendInput {
  readonly timestamp: Timestamp;
  /** One above the last timestamp that was taken (412). */
  readonly bumped: Timestamp;
  readonly attempts: number;
}

export type AppendState =
  /** First request of a writer that has not heard the bucket's clock yet. */
  | (Base & { readonly at: "learnClock" })
  | (Base & { readonly at: "put" })
  | (Base & { readonly at: "checkSeal" })
  | (Base & { readonly at: "wait" });

export type AppendOutcome =
  | {
      readonly is: "stored";
      readonly timestamp: Timestamp;
      readonly known: KnownHead;
      readonly clock: ClockOffset;
    }
  /** Not acknowledged: keep it and send the same update again. It may be in the log all the same. */
  | {
      readonly is: "later";
      readonly reason: string;
      readonly retryAfterMs: number;
      readonly clock: ClockOffset;
    };

export const append: Program<AppendInput, AppendState, AppendOutcome> = {
  name: "append",
  start(input, env) {
    const base = { ...input, timestamp: zeroTimestamp, bumped: zeroTimestamp, attempts: 0 };
    if (input.clock === null) return ask({ ...base, at: "learnClock" }, getHead(input.store));
    return send(base, env);
  },
  resume(state, answer, env) {
    // After a wait nobody answered; an unknown answer may be nobody's either.
    const silent = state.at === "wait" || answer.is === "unknown";
    const heard = silent ? state : { ...state, clock: observeClock(state.clock, answer) };
    switch (state.at) {
      case "learnClock":
        return withHead(state.store, answer, (known) => send(sawHead(heard, known), env));
      case "put":
        return afterPut(heard, answer, env);
      case "checkSeal":
        return withHead(state.store, answer, (known) => afterCheck(heard, known, answer.date, env));
      case "wait":
        return send(heard, env);
    }
  },
};

/** Chooses a timestamp and puts; waits rather than running ahead of the bucket's clock. */
function send(base: Base, env: Env): Step<AppendState, AppendOutcome> {
  const now = bucketNow(base.clock, env.now);
  const timestamp = toTimestamp(Math.max(now, base.sealedSeen + 1, base.update.after + 1, base.bumped));
  const aheadMs = timestamp - (now + env.settings.maxSkewMs);
  if (base.attempts >= env.settings.attemptsMax)
    return later(base, "the bucket gave no clear answer", backOffMs(20, env));
  if (aheadMs > env.settings.maxSkewMs)
    return later(base, `${formatTimestamp(timestamp)} lies ahead of the bucket's clock`, aheadMs);
  if (aheadMs > 0)
    return ask(
      { ...base, at: "wait" },
      { do: "wait", ms: Math.ceil(aheadMs), why: "append: ahead of the bucket's clock" },
    );
  const key = updateKey({ store: base.store, timestamp, app: base.update.app });
  const next = { ...base, at: "put", timestamp, attempts: base.attempts + 1 } as const;
  return ask(next, { do: "create", key, body: encodeUpdate(base.update) });
}

function afterPut(base: Base, answer: Answer, env: Env): Step<AppendState, AppendOutcome> {
  if (answer.is === "stored") return ask({ ...base, at: "checkSeal" }, getHead(base.store));
  if (answer.is === "refused") return send({ ...base, bumped: toTimestamp(base.timestamp + 1) }, env);
  return ask(
    { ...base, at: "wait" },
    { do: "wait", ms: backOffMs(base.attempts, env), why: "append: no clear answer" },
  );
}

/** The only place where an update is acknowledged. */
function afterCheck(base: Base, known: KnownHead, date: number, env: Env): Step<AppendState, AppendOutcome> {
  const { timestamp, clock } = base;
  if (known.head.sealedThrough < timestamp && timestamp <= date + env.settings.maxSkewMs)
    return done({ is: "stored", timestamp, known, clock });
  return send(sawHead(base, known), env);
}

function sawHead<B extends Base>(base: B, known: KnownHead): B {
  return { ...base, sealedSeen: toTimestamp(Math.max(base.sealedSeen, known.head.sealedThrough)) };
}

function later(base: Base, reason: string, retryAfterMs: number): Step<AppendState, AppendOutcome> {
  return done({ is: "later", reason, retryAfterMs: Math.max(1, Math.ceil(retryAfterMs)), clock: base.clock });
}
