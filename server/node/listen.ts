/**
 * listen: an app on a port of this machine, over Node's own HTTP server. Closing lets requests at work finish, ends those that wait for
 * news, and cuts what is still there after a while.
 */
import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { StoreError } from "../../shared/errors.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { refusalAnswer } from "../answers.ts";
import type { App } from "../app.ts";
import { createLimitedServer } from "./limited-server.ts";
import { malformed } from "./stray-answers.ts";

export interface ListenOptions {
  /** @default 0: any that is free */
  readonly port?: number;
  /** @default "127.0.0.1": this machine alone */
  readonly hostname?: string;
  readonly platform: Pick<Platform, "now" | "wait">;
}

export interface Listening {
  /** E.g. "http://127.0.0.1:8080". */
  readonly url: string;
  /** Resolves when the last request has been answered. */
  close(): Promise<void>;
}

/** What is still at work then is cut: an append gives up by itself within this. */
const closeMsMax = 20_000;
const idleLookMs = 20;

/** Throws StoreError "unavailable" when the port cannot be had. */
export async function listen(app: App, options: ListenOptions): Promise<Listening> {
  const { port = 0, hostname = "127.0.0.1", platform } = options;
  const answer = getRequestListener((request) => app.fetch(request), {
    overrideGlobalObjects: false,
    errorHandler: () => refusalAnswer(malformed()),
  });
  const server = createLimitedServer((incoming, outgoing) => void answer(incoming, outgoing), platform);
  const idle = trackIdle(server);
  await begin(server, port, hostname);
  const url = urlOf(server.address() as AddressInfo);
  return { url, close: () => end({ server, idle, app, platform }) };
}

function begin(server: Server, port: number, hostname: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) => reject(noPort(port, hostname, error)));
    server.listen(port, hostname, () => resolve());
  });
}

/** Connections without a request, also those that never had one: Node's own list of idle ones misses them. */
function trackIdle(server: Server): ReadonlySet<Socket> {
  const idle = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    idle.add(socket);
    socket.once("close", () => idle.delete(socket));
  });
  server.on("request", ({ socket }, outgoing) => {
    idle.delete(socket);
    outgoing.once("close", () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
  return idle;
}

interface Ending {
  readonly server: Server;
  readonly idle: ReadonlySet<Socket>;
  readonly app: App;
  readonly platform: Pick<Platform, "wait">;
}

async function end({ server, idle, app, platform }: Ending): Promise<void> {
  let isClosed = false;
  const closed = new Promise<void>((resolve) => server.close(() => resolve())).then(() => {
    isClosed = true;
  });
  app.close();
  for (let waitedMs = 0; !isClosed && waitedMs < closeMsMax; waitedMs += idleLookMs) {
    for (const socket of idle) socket.destroySoon();
    await Promise.race([closed, platform.wait(idleLookMs)]);
  }
  server.closeAllConnections();
  await closed;
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function noPort(port: number, hostname: string, cause: NodeJS.ErrnoException): StoreError {
  const what = `Nothing can listen at ${hostname}:${port} (${cause.code ?? cause.message})`;
  const fix = "Give another port, or end what listens there.";
  return new StoreError({ kind: "unavailable", what, fix }, cause);
}
