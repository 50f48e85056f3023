/** GET …/head: the head, only where it changed, and after a wait for news where the client asks for one. GET …/tail beside it. */
import { headFresh } from "../shared/drive/body.ts";
import { heldRevParam, waitParam } from "../shared/wire/http-routes.ts";
import { packedAnswer, Refusal } from "./answers.ts";
import type { Answering, Call, Parts } from "./call.ts";
import { isUnchanged } from "./http-etag.ts";
import type { Stays } from "./places.ts";
import type { ServedStore } from "./served-store.ts";

export function createHeadAnswer(parts: Parts, stays: Stays): Answering {
  return async (call) => {
    const served = parts.stores.of(call.store);
    const waitMs = waitOf(call, parts.live ? parts.settings.waitMsMax : 0);
    // Heard from here on, so that nothing falls between the look and the wait.
    const news = waitMs > 0 ? listen(served, parts) : null;
    try {
      let head = await served.head({ now: wantsFresh(call.request) });
      if (news && isUnchanged(call.request, head.etag)) {
        await stays.hold(call.holder(), () => news.wait(waitMs));
        head = await served.head();
      }
      const headers = { etag: head.etag, "cache-control": headFresh };
      return isUnchanged(call.request, head.etag)
        ? new Response(null, { status: 304, headers })
        : packedAnswer(call.request, head.body, { headers });
    } finally {
      news?.stop();
    }
  };
}

export function createTailAnswer(parts: Parts): Answering {
  return async (call) => {
    const rev = call.param(heldRevParam);
    const tail = await parts.stores
      .of(call.store)
      .tail(rev === undefined ? 0 : wholeNumber(rev, heldRevParam));
    const headers = { etag: tail.etag, "cache-control": headFresh };
    return isUnchanged(call.request, tail.etag)
      ? new Response(null, { status: 304, headers })
      : packedAnswer(call.request, tail.body, { headers });
  };
}

/** Asked for what stands in the bucket, past every cache. */
function wantsFresh(request: Request): boolean {
  return /\bno-cache\b/i.test(request.headers.get("cache-control") ?? "");
}

function waitOf(call: Call, waitMsMax: number): number {
  const seconds = call.param(waitParam);
  return seconds === undefined ? 0 : Math.min(waitMsMax, 1_000 * wholeNumber(seconds, waitParam));
}

function wholeNumber(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Refusal(400, {
    kind: "rejected",
    what: `${name} is no whole number`,
    fix: "Give one from 0, or leave it out.",
  });
}

/** A hint ends the wait, and so does one that came before it began. */
function listen(served: ServedStore, { host, closing }: Parts) {
  const heard = new AbortController();
  const hear = () => heard.abort();
  const stopListening = served.listen(hear);
  closing.addEventListener("abort", hear, { once: true });
  if (closing.aborted) hear();
  return {
    wait: (ms: number) => host.platform.wait(ms, heard.signal),
    stop() {
      stopListening();
      closing.removeEventListener("abort", hear);
    },
  };
}
