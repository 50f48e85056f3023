/**
 * What a protocol program is: a state machine on plain data.
 *
 * `start` and `resume` are pure and synchronous; a state is JSON, so that a model checker can fork, hash and interleave the
 * very code that ships. A program asks for one thing at a time; the driver (drive/run.ts) does it and resumes the program
 * with the answer. States are named as in docs/protocol.md.
 */
import type { Trouble } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Etag, IfMatchSpelling, Listed } from "../ports/bucket.ts";
import type { Sha256 } from "../ports/hash.ts";
import type { Settings } from "../settings.ts";
import type { Snapshot } from "../wire/snapshot.ts";
import type { Timestamp } from "../wire/time.ts";
import type { StampedUpdate } from "../wire/update.ts";
import type { Held } from "./held.ts";

/** Given anew at each step: the local clock, a nonce never given before, a number for jitter; and what never changes. */
export interface Env {
  readonly now: number;
  readonly nonce: string;
  readonly random: number;
  readonly sha256: Sha256;
  readonly settings: Settings;
}

export type Request =
  | { readonly do: "get"; readonly key: string; readonly ifNoneMatch?: Etag }
  /** Immutable objects, in any order; each at most `bytesMax` (default objectBytesMax). */
  | { readonly do: "getAll"; readonly keys: readonly string[]; readonly bytesMax?: number }
  | { readonly do: "create"; readonly key: string; readonly body: Json }
  /** `ifMatch`: how the head says that this bucket wants the etag spelled. */
  | {
      readonly do: "swap";
      readonly key: string;
      readonly body: Json;
      readonly etag: Etag;
      readonly ifMatch: IfMatchSpelling;
    }
  | { readonly do: "list"; readonly prefix: string; readonly after?: string; readonly limit?: number }
  | { readonly do: "delete"; readonly keys: readonly string[] }
  | { readonly do: "wait"; readonly ms: number; readonly why: string }
  | ReplicaRequest;

/** Asked of the reader's own replica, not of the bucket. `held` is what the reader holds once the replica took it. */
export type ReplicaRequest =
  /** Another epoch: drop what is confirmed and start from nothing. */
  | { readonly do: "reset"; readonly epoch: string; readonly held: Held }
  | { readonly do: "load"; readonly snapshot: Snapshot; readonly held: Held }
  /** Updates in log order, all above the position; the position becomes `through`, in the same transaction. */
  | {
      readonly do: "apply";
      readonly updates: readonly StampedUpdate[];
      readonly through: Timestamp;
      readonly hash: string;
      readonly held: Held;
    };

/** One object as read: `json` is unknown until a parser of wire/ took it. */
export type ReadBody =
  /** `bytes` is the length of its JSON in UTF-8, before compression. */
  | { readonly is: "found"; readonly json: unknown; readonly etag: Etag; readonly bytes: number }
  | { readonly is: "absent" }
  /** There, but too large, no gzip, no UTF-8 or no JSON. */
  | { readonly is: "unreadable"; readonly reason: string; readonly text: string };

export type AnswerBody =
  | ReadBody
  | { readonly is: "unchanged" }
  | { readonly is: "all"; readonly bodies: readonly ReadBody[] }
  | { readonly is: "stored"; readonly etag: Etag }
  | { readonly is: "refused" }
  | { readonly is: "unknown"; readonly why: string }
  | { readonly is: "listed"; readonly objects: readonly Listed[]; readonly more: boolean }
  | { readonly is: "done" }
  /** The replica took it. */
  | { readonly is: "applied" }
  /** The replica cannot go on: the reason is its own. */
  | { readonly is: "stuck"; readonly trouble: Trouble };

/** When the request went out and its answer came in, by the local clock, and the bucket's clock in between. */
export interface Timing {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly date: number;
}

export type Answer = AnswerBody & Timing;

export type Step<State, Outcome> =
  | { readonly then: "ask"; readonly state: State; readonly request: Request }
  | { readonly then: "done"; readonly outcome: Outcome }
  | { readonly then: "fail"; readonly trouble: Trouble };

export interface Program<Input, State, Outcome> {
  readonly name: string;
  start(input: Input, env: Env): Step<State, Outcome>;
  resume(state: State, answer: Answer, env: Env): Step<State, Outcome>;
}

export function ask<State>(state: State, request: Request): Step<State, never> {
  return { then: "ask", state, request };
}

export function done<Outcome>(outcome: Outcome): Step<never, Outcome> {
  return { then: "done", outcome };
}

export function fail(trouble: Trouble): Step<never, never> {
  return { then: "fail", trouble };
}

/** A step of an inner program as a step of the outer one. */
export function nest<Inner, InnerOutcome, Outer, OuterOutcome>(
  step: Step<Inner, InnerOutcome>,
  wrap: (state: Inner) => Outer,
  finish: (outcome: InnerOutcome) => Step<Outer, OuterOutcome>,
): Step<Outer, OuterOutcome> {
  if (step.then === "ask") return ask(wrap(step.state), step.request);
  return step.then === "done" ? finish(step.outcome) : step;
}

/** Full jitter: uniform up to a ceiling that doubles with each try. */
export function backOffMs(attempt: number, env: Env): number {
  const { backOffMinMs, backOffMaxMs } = env.settings;
  return Math.round(env.random * Math.min(backOffMaxMs, backOffMinMs * 2 ** Math.min(attempt, 20)));
}
