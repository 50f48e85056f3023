/**
 * Answers to what Node's own server hands on to nobody: what is no HTTP, headers that are too long, what did not come whole in time, an
 * expectation that nobody meets. They say what every other refusal says, and end their connection: what follows on it cannot be told apart.
 *
 * Nothing is said where an answer has begun, nor to a socket that its sender has left; no socket can make this throw.
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Platform } from "../../shared/ports/platform.ts";
import { encodeWireError } from "../../shared/wire/http.ts";
import { jsonHeaders, noStore, Refusal } from "../answers.ts";

/** So that who goes on sending reads the answer, too, before the connection is reset. */
const lingerMs = 1_000;

export function answerStrays(server: Server, platform: Pick<Platform, "now" | "wait">): void {
  /** Of each connection, those at work, or whose request is still coming. */
  const answers = new WeakMap<Duplex, readonly ServerResponse[]>();
  const atWork = (socket: Duplex) =>
    (answers.get(socket) ?? []).filter(({ destroyed, req }) => !destroyed || !req.complete);

  server.on("request", ({ socket }, answer) => {
    answers.set(socket, [...atWork(socket), answer]);
  });

  function end(socket: Duplex, refusal: Refusal): void {
    const begun = atWork(socket).some(({ headersSent }) => headersSent);
    // Node takes its own listener away, and a socket may fail more than once.
    socket.on("error", () => undefined);
    if (begun || !socket.writable) return void socket.destroy();
    socket.end(textOf(refusal, platform.now()));
    // Read on, and away.
    socket.resume();
    void platform.wait(lingerMs).then(() => socket.destroy());
  }

  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => end(socket, refusalOf(error)));

  // This is no proxy; Node would close without a word.
  server.on("connect", (_: IncomingMessage, socket: Duplex) => end(socket, malformed()));

  server.on("checkExpectation", (_: IncomingMessage, answer: ServerResponse) => {
    const { status, error } = expectsTooMuch();
    const body = JSON.stringify(encodeWireError(error));
    answer.writeHead(status, { ...closing, "content-length": Buffer.byteLength(body) }).end(body);
  });
}

const closing = { ...jsonHeaders, ...noStore, connection: "close" };

function textOf({ status, error }: Refusal, now: number): string {
  const body = JSON.stringify(encodeWireError(error));
  const date = new Date(now).toUTCString();
  const headers = { ...closing, date, "content-length": String(Buffer.byteLength(body)) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${body}`;
}

function refusalOf({ code }: NodeJS.ErrnoException): Refusal {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new Refusal(431, {
        kind: "limit",
        what: "The request's address and headers are too long",
        fix: "Send fewer or shorter headers.",
      });
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return new Refusal(413, {
        kind: "limit",
        what: "The body's chunks say more than they hold",
        fix: "Send it without extensions of its chunks.",
      });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Refusal(408, {
        kind: "unavailable",
        what: "The request did not come whole in time",
        fix: "Send it again.",
      });
    default:
      return malformed();
  }
}

export function malformed(): Refusal {
  return new Refusal(400, {
    kind: "rejected",
    what: "The request is malformed",
    fix: "Correct its address and its Host, and see that it is HTTP/1.1.",
  });
}

function expectsTooMuch(): Refusal {
  return new Refusal(417, {
    kind: "rejected",
    what: "The request expects what this server does not know",
    fix: "Leave Expect out, or send 100-continue.",
  });
}
