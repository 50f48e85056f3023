/**
 * GET …/live: server-sent events that say "something may be new" and nothing else, and a heartbeat in between.
 *
 * Pulled by its reader: who reads slowly gets one hint for many. It ends after a while, so that a token that has ended is noticed, and at
 * once when the server closes; who listens comes back.
 */
import { hintName } from "../shared/wire/http-routes.ts";
import { absent, noStore } from "./answers.ts";
import type { Answering, Call, Parts } from "./call.ts";
import type { Stays } from "./places.ts";

export function createLiveAnswer(parts: Parts, stays: Stays): Answering {
  return async (call) => {
    if (!parts.live)
      throw absent(
        "This server gives no live hints",
        "Poll the head, or take hints from where it sends them.",
      );
    // A store that is not there has no news.
    await parts.stores.of(call.store).head();
    const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no", ...noStore };
    const body = call.request.method === "HEAD" ? null : listen(call, parts, stays.enter(call.holder()));
    return new Response(body, { headers });
  };
}

function listen(call: Call, { host, settings, stores, closing }: Parts, leave: () => void) {
  const { platform } = host;
  const endsAt = platform.now() + settings.liveMsMax;
  let hinted = false;
  let ended = false;
  let waiting = new AbortController();
  const wake = () => waiting.abort();
  const stopListening = stores.of(call.store).listen(() => {
    hinted = true;
    wake();
  });
  closing.addEventListener("abort", wake, { once: true });

  function end(): void {
    ended = true;
    stopListening();
    closing.removeEventListener("abort", wake);
    leave();
    wake();
  }

  return new ReadableStream<Uint8Array>({
    start: (to) => to.enqueue(platform.encodeText(": live\n\n")),
    async pull(to) {
      waiting = new AbortController();
      if (!hinted && !closing.aborted) await platform.wait(settings.heartbeatMs, waiting.signal);
      if (ended) return;
      if (closing.aborted || platform.now() >= endsAt) {
        end();
        return to.close();
      }
      to.enqueue(platform.encodeText(hinted ? `event: ${hintName}\ndata: \n\n` : ": here\n\n"));
      hinted = false;
    },
    cancel: end,
  });
}
