/**
 * Node's own HTTP server with limits on all that a connection may take its time with, so that who is slow on purpose holds little, and
 * not for long.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { Platform } from "../../shared/ports/platform.ts";
import { answerStrays } from "./stray-answers.ts";

export interface ConnectionLimits {
  /** A client that sends an update slower than this is not sending one. */
  readonly requestMs: number;
  readonly headersMs: number;
  /** Longer than any proxy keeps an idle connection, so that it is the proxy that ends it. */
  readonly idleMs: number;
  /** Nothing came and nothing could be sent: longer than a long poll waits, and than three heartbeats. */
  readonly silentMs: number;
  /** Between two looks for those that are too slow: Node's own would let each have half a minute more. */
  readonly lookMs: number;
}

const connectionLimits: ConnectionLimits = {
  requestMs: 30_000,
  headersMs: 10_000,
  idleMs: 75_000,
  silentMs: 120_000,
  lookMs: 5_000,
};

export function createLimitedServer(
  onRequest: RequestListener,
  platform: Pick<Platform, "now" | "wait">,
  limits: ConnectionLimits = connectionLimits,
): Server {
  const server = createServer(
    {
      requestTimeout: limits.requestMs,
      headersTimeout: limits.headersMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: limits.lookMs,
      // Refused like everything else that is malformed, with a body.
      requireHostHeader: false,
    },
    onRequest,
  );
  server.timeout = limits.silentMs;
  answerStrays(server, platform);
  return server;
}
