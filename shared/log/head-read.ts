/** Asking for the head, reading it out of an answer (absent, or a claim, is an error, never "empty"), and asking for its swap. */
import type { Trouble } from "../errors.ts";
import type { Etag } from "../ports/bucket.ts";
import { parseClaim } from "../wire/claim.ts";
import { encodeHead, type Head, parseHead } from "../wire/head.ts";
import type { StoreId } from "../wire/ids.ts";
import { headKey } from "../wire/keys.ts";
import type { KnownHead } from "./known-head.ts";
import { type AnswerBody, fail, type Request, type Step } from "./program.ts";
import { badObject, beingRecovered, noHead } from "./troubles.ts";

export function getHead(store: StoreId, ifNoneMatch?: Etag): Request & { do: "get" } {
  const key = headKey(store);
  return ifNoneMatch === undefined ? { do: "get", key } : { do: "get", key, ifNoneMatch };
}

/** Replaces the head that `etag` stands for by its successor. */
export function swapHead(store: StoreId, next: Head, etag: Etag): Request & { do: "swap" } {
  return { do: "swap", key: headKey(store), body: encodeHead(next), etag, ifMatch: next.ifMatch };
}

export type HeadAnswer =
  | { readonly ok: true; readonly known: KnownHead }
  | { readonly ok: false; readonly trouble: Trouble };

export function readHead(store: StoreId, answer: AnswerBody): HeadAnswer {
  if (answer.is === "absent") return { ok: false, trouble: noHead(store) };
  if (answer.is === "unreadable")
    return { ok: false, trouble: badObject(store, headKey(store), answer.reason) };
  if (answer.is !== "found")
    return { ok: false, trouble: badObject(store, headKey(store), `answer was "${answer.is}"`) };
  const head = parseHead(answer.json);
  if (head.ok) return { ok: true, known: { head: head.value, etag: answer.etag } };
  const claim = parseClaim(answer.json);
  if (claim.ok) return { ok: false, trouble: beingRecovered(store, claim.value.at) };
  return { ok: false, trouble: badObject(store, headKey(store), head.reason) };
}

/** Goes on with the head of an answer, or fails with what is wrong with it. */
export function withHead<State, Outcome>(
  store: StoreId,
  answer: AnswerBody,
  next: (known: KnownHead) => Step<State, Outcome>,
): Step<State, Outcome> {
  const read = readHead(store, answer);
  return read.ok ? next(read.known) : fail(read.trouble);
}
