/** Connections of those who are slow, over raw sockets and with limits of a fraction of a second. */
import type { RequestListener, Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import { type ConnectionLimits, createLimitedServer } from "../../../server/node/limited-server.ts";

const limits: ConnectionLimits = {
  requestMs: 400,
  headersMs: 200,
  idleMs: 10_000,
  silentMs: 10_000,
  lookMs: 20,
};
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function start(onRequest: RequestListener, changes: Partial<ConnectionLimits> = {}): Promise<Socket> {
  const mine = createLimitedServer(onRequest, createNodePlatform(), { ...limits, ...changes });
  server = mine;
  await new Promise<void>((resolve) => mine.listen(0, "127.0.0.1", resolve));
  const socket = connect((mine.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
  return socket;
}

async function toTheEnd(socket: Socket): Promise<string> {
  let said = "";
  socket.on("data", (bytes) => {
    said += String(bytes);
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return said;
}

const late = /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"kind":"unavailable"/;

describe("A server with limits", () => {
  it("ends who sends headers for ever, and says why.", async () => {
    const socket = await start(() => undefined);
    socket.write("GET / HTTP/1.1\r\n");
    const dripping = setInterval(() => socket.write("x: y\r\n"), 30);
    expect(await toTheEnd(socket)).toMatch(late);
    clearInterval(dripping);
  });

  it("ends who sends a body for ever, and says why.", async () => {
    const socket = await start((incoming) => void incoming.on("error", () => undefined).resume());
    socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n");
    const dripping = setInterval(() => socket.write("x"), 30);
    expect(await toTheEnd(socket)).toMatch(late);
    clearInterval(dripping);
  });

  it("ends who does not read the answer.", async () => {
    const socket = await start((_, outgoing) => void outgoing.end(Buffer.alloc(50_000_000)), {
      silentMs: 300,
    });
    socket.pause();
    const closed = new Promise((resolve) => server?.on("connection", (one) => one.once("close", resolve)));
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await closed;
    socket.destroy();
  });

  it("keeps who is told something now and then.", async () => {
    let told = 0;
    const socket = await start(
      (_, outgoing) => {
        const telling = setInterval(() => {
          told += 1;
          outgoing.write(": here\n\n");
          if (told === 8) outgoing.end();
        }, 250);
        outgoing.once("close", () => clearInterval(telling));
      },
      { silentMs: 1_500 },
    );
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    expect((await toTheEnd(socket)).match(/: here/g)).toHaveLength(8);
  });
});
