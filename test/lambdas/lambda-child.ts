/**
 * A Lambda's process, as far as a function can tell: imports a bundle, calls its handler with each event that comes, one at a time, and answers
 * with what it gave and with what the process was still at. Run by Node 24 itself, which strips the types.
 */
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";

interface Invocation {
  readonly event: unknown;
  readonly requestId: string;
  readonly timeoutMs: number;
  /** Ends the process, as a time-out would, when it is about to send the request of this number. */
  readonly dieAtRequest?: number;
}

interface Sent {
  readonly method: string;
  readonly path: string;
}

/** Requests over HTTP that have no whole answer yet. */
const open = new Set<object>();
let sent: Sent[] = [];
let dieAt = Number.POSITIVE_INFINITY;

function begin(request: object, one: Sent): void {
  if (sent.length + 1 >= dieAt) process.kill(process.pid, "SIGKILL");
  open.add(request);
  sent.push(one);
}

subscribe("http.client.request.start", (given) => {
  const { request } = given as { request: ClientRequest };
  begin(request, { method: request.method, path: request.path });
});
subscribe("http.client.request.error", (given) => {
  open.delete((given as { request: ClientRequest }).request);
});
subscribe("http.client.response.finish", (given) => {
  const { request, response } = given as { request: ClientRequest; response: IncomingMessage };
  response.once("close", () => open.delete(request));
});
// Node's own fetch.
subscribe("undici:request:create", (given) => {
  const { request } = given as { request: Sent };
  begin(request, { method: request.method, path: request.path });
});
for (const end of ["undici:request:trailers", "undici:request:error"])
  subscribe(end, (given) => void open.delete((given as { request: object }).request));

const [, , bundle = ""] = process.argv;
const send = (word: object) => process.send?.(word);

try {
  const { handler } = (await import(bundle)) as {
    handler: (event: unknown, context: object) => Promise<unknown>;
  };
  const atStart = sent;
  process.on("message", (given) => void invoke(handler, given as Invocation));
  send({ is: "ready", requests: atStart });
} catch (error) {
  send({ is: "broken", error: told(error) });
}

async function invoke(
  handler: (event: unknown, context: object) => Promise<unknown>,
  { event, requestId, timeoutMs, dieAtRequest }: Invocation,
): Promise<void> {
  sent = [];
  dieAt = dieAtRequest ?? Number.POSITIVE_INFINITY;
  const end = Date.now() + timeoutMs;
  const context = {
    awsRequestId: requestId,
    functionName: "icecore-test",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:icecore-test",
    memoryLimitInMB: "512",
    logGroupName: "/aws/lambda/icecore-test",
    logStreamName: "2026/11/21/[$LATEST]0",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, end - Date.now()),
  };
  try {
    const answer = await handler(event, context);
    // Here a Lambda's process is frozen: what is open now has not been awaited.
    send({ is: "answer", answer: answer ?? null, open: open.size, requests: sent });
  } catch (error) {
    send({ is: "failed", error: told(error), open: open.size, requests: sent });
  }
}

function told(error: unknown): object {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "", message: String(error) };
}
