/** An issuer's key address as a real HTTP server on loopback, which can rotate its keys, be slow, answer nonsense and be down. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KeyPair } from "./tokens.ts";

export interface Issuer {
  readonly url: string;
  /** How often it was asked. */
  readonly asked: number;
  publish(...keys: readonly Pick<KeyPair, "jwk">[]): void;
  /** Answers so instead, until it publishes again. */
  answer(how: (response: ServerResponse) => void): void;
  /** Nothing listens any more; `up` at the same address. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

export async function startIssuer(...first: readonly Pick<KeyPair, "jwk">[]): Promise<Issuer> {
  let asked = 0;
  let how: (response: ServerResponse) => void;
  let server: Server | null = null;
  let port = 0;

  function publish(...keys: readonly Pick<KeyPair, "jwk">[]): void {
    const body = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
    how = (response) => response.writeHead(200, { "content-type": "application/json" }).end(body);
  }

  async function up(): Promise<void> {
    const begun = createServer((_, response) => {
      asked += 1;
      how(response);
    });
    server = begun;
    await new Promise<void>((resolve, reject) => {
      begun.on("error", reject);
      begun.listen(port, "127.0.0.1", resolve);
    });
    port = (begun.address() as AddressInfo).port;
  }

  async function down(): Promise<void> {
    const ended = server;
    server = null;
    if (ended === null) return;
    const closed = new Promise<void>((resolve) => ended.close(() => resolve()));
    ended.closeAllConnections();
    await closed;
  }

  publish(...first);
  await up();
  return {
    url: `http://127.0.0.1:${port}/.well-known/jwks.json`,
    get asked() {
      return asked;
    },
    publish,
    answer(other) {
      how = other;
    },
    down,
    up,
    close: down,
  };
}
