/** Answers that a server of icecore never gives: made on the way, or cut there. */
import type { BodyReader, Fetched } from "../client/remote/fetch-like.ts";

/** What a Wi-Fi says before one has signed in: success, and a page. */
export function signInPage(): Fetched {
  return answer(
    200,
    { "content-type": "text/html" },
    "<!doctype html><title>Welcome</title><h1>Please sign in</h1>",
  );
}

/** What a gateway says when it lost its server, whatever that did. */
export function gatewayPage(): Fetched {
  return answer(502, { "content-type": "text/html" }, "<html><body><h1>502 Bad Gateway</h1></body></html>");
}

export function refusalAnswer(status: number, retryAfterSeconds?: number): Fetched {
  const retryAfter = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return answer(status, { "content-type": "application/json", ...retryAfter }, '{"problem":"not today"}');
}

/** Half of the body; the length that was announced is hidden, so nothing tells but what is missing. */
export async function cutInHalf(fetched: Fetched): Promise<Fetched> {
  const { status, headers } = fetched;
  const whole = new Uint8Array(await fetched.arrayBuffer());
  return withBody(
    { status, headers: { get: (name) => (/^content-length$/i.test(name) ? null : headers.get(name)) } },
    whole.slice(0, Math.floor(whole.length / 2)),
  );
}

function answer(status: number, headers: Readonly<Record<string, string>>, text: string): Fetched {
  const get = (name: string): string | null => headers[name.toLowerCase()] ?? null;
  return withBody({ status, headers: { get } }, new TextEncoder().encode(text));
}

/** Readable both ways, as that of a real fetch. */
function withBody(head: Pick<Fetched, "status" | "headers">, bytes: Uint8Array): Fetched {
  return {
    ...head,
    body: { getReader: () => readerOnce(bytes) },
    arrayBuffer: async () => bytes.slice().buffer,
  };
}

function readerOnce(bytes: Uint8Array): BodyReader {
  let left: Uint8Array | null = bytes;
  return {
    async read() {
      const value = left;
      left = null;
      return value === null ? { done: true } : { done: false, value };
    },
    async cancel() {
      left = null;
    },
  };
}
