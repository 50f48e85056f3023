/**
 * A proxy on loopback that lets things go wrong between a client and a real server: what a network, a load balancer or a busy service
 * does. It never answers in the server's stead with anything but an error; what passes is the server's own word.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

/** What becomes of one request. */
export type Fate =
  | "pass"
  /** 503 SlowDown; the server never sees it. */
  | "busy"
  /** 409 ConditionalRequestConflict; the server never sees it. */
  | "conflict"
  /** The connection is reset before the server sees it. */
  | "reset"
  /** The server does it, and the connection is reset instead of an answer. */
  | "answerLost"
  /** The server does it, and 500 comes back. */
  | "answerSpoilt"
  /** The server does it twice, as after a retry on the way; the second answer comes back. */
  | "twice"
  /** Half of the answer's body, then a reset. */
  | "half"
  /** The answer comes late. */
  | "late"
  /** No answer, ever, and no reset. */
  | "silent"
  /** 200 and a web page. */
  | "webPage"
  /** A 412 becomes the 404 that AWS says where If-Match meets no object. */
  | "notFoundFor412"
  /** 403 ExpiredToken; the server never sees it. */
  | "expired";

export interface Seen {
  readonly method: string;
  readonly url: string;
  /** Conditional writes are what matters most. */
  readonly conditional: boolean;
}

export interface FaultyProxy {
  readonly endpoint: string;
  /** Decides from now on; "pass" for all at first. */
  decide(fate: (seen: Seen) => Fate): void;
  /** How often each fate was met. */
  readonly counts: Readonly<Partial<Record<Fate, number>>>;
  close(): Promise<void>;
}

const lateMsMax = 150;

export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let fateOf: (seen: Seen) => Fate = () => "pass";
  const counts: Partial<Record<Fate, number>> = {};
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    const conditional =
      method === "PUT" && (headers["if-none-match"] !== undefined || headers["if-match"] !== undefined);
    const fate = fateOf({ method, url, conditional });
    counts[fate] = (counts[fate] ?? 0) + 1;
    // A client that has gone, or a server that is down, is what this proxy is for.
    meet(fate, { request, response, target }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    decide(fate) {
      fateOf = fate;
    },
    counts,
    close: () => closeAll(server),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: string;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

async function meet(fate: Fate, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const body = await buffer(request);
  switch (fate) {
    case "busy":
      return refuse(response, 503, "SlowDown");
    case "conflict":
      return refuse(response, 409, "ConditionalRequestConflict");
    case "expired":
      return refuse(response, 400, "ExpiredToken");
    case "reset":
      return void request.socket.resetAndDestroy();
    case "silent":
      return;
    case "webPage":
      response.writeHead(200, { "content-type": "text/html" });
      return void response.end("<!doctype html><title>Welcome</title>");
    default:
      return afterwards(fate, exchange, body);
  }
}

/** Fates of a request that the server sees. */
async function afterwards(fate: Fate, exchange: Exchange, body: Buffer): Promise<void> {
  const { request, response } = exchange;
  if (fate === "twice") await forward(exchange, body);
  const answer = await forward(exchange, body);
  if (fate === "answerLost") return void request.socket.resetAndDestroy();
  if (fate === "answerSpoilt") return refuse(response, 500, "InternalError");
  if (fate === "notFoundFor412" && answer.status === 412) return refuse(response, 404, "NoSuchKey");
  if (fate === "late") await wait(Math.random() * lateMsMax);
  response.writeHead(answer.status, answer.headers);
  if (fate !== "half") return void response.end(answer.body);
  response.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () =>
    request.socket.resetAndDestroy(),
  );
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml", date: new Date().toUTCString() });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`);
}

/** With the same Host, over which the request is signed. */
function forward({ request, target }: Exchange, body: Buffer): Promise<Answered> {
  const { method, url, headers } = request;
  return new Promise((resolve, reject) => {
    const outgoing = send(
      `${target}${url}`,
      { method, headers, setHost: false, agent: false },
      (incoming) => {
        buffer(incoming).then(
          (answered) =>
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: answered }),
          reject,
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

async function closeAll(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
