/** What is no HTTP request, or none that Node's own server hands on: answered like everything else, over raw sockets. */
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseWireError } from "../../shared/wire/http.ts";
import { type ApiServer, startApi } from "../fixtures/api-server.ts";

let api: ApiServer;
afterEach(() => api?.close());

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: string | null;
  /** What came after the first answer. */
  readonly more: string;
}

function open(): Socket {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  return socket;
}

/** Everything that comes until the server closes. */
async function say(...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = open();
  let said = "";
  socket.on("data", (bytes: Buffer) => {
    said += bytes.toString("latin1");
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const part of parts) socket.write(part);
  await closed;
  return said;
}

function read(said: string): RawAnswer {
  const [head = "", ...rest] = said.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(": ")[0]?.toLowerCase(), line.replace(/^[^:]*: /, "")]),
  );
  const length = Number(headers["content-length"] ?? 0);
  const body = rest.join("\r\n\r\n");
  const error = parseWireError(length === 0 ? null : JSON.parse(body.slice(0, length)));
  const kind = error.ok ? error.value.kind : null;
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) \S/.exec(first)?.[1]),
    headers,
    kind,
    more: body.slice(length),
  };
}

const head = "GET /v1/stores/main/head HTTP/1.1\r\nhost: localhost\r\n";
const post = "POST /v1/stores/main/updates HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

const strays: readonly (readonly [string, string | Buffer, number, string])[] = [
  ["no HTTP", "hello\r\n\r\n", 400, "rejected"],
  ["TLS", Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]), 400, "rejected"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "rejected"],
  ["a version that there is none of", "GET / HTTP/9.9\r\nhost: a\r\n\r\n", 400, "rejected"],
  ["a method that there is none of", "FETCH / HTTP/1.1\r\nhost: a\r\n\r\n", 400, "rejected"],
  ["a tunnel", "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n", 400, "rejected"],
  ["a header that is none", `${head}what is this\r\n\r\n`, 400, "rejected"],
  ["a header with a zero in it", `${head}x: a\0b\r\n\r\n`, 400, "rejected"],
  ["a space before the colon", `${head}content-length : 5\r\n\r\n`, 400, "rejected"],
  ["a folded header", `${head}x: a\r\n b\r\n\r\n`, 400, "rejected"],
  ["no Host", "GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n", 400, "rejected"],
  ["two lengths", `${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400, "rejected"],
  [
    "a length beside chunks",
    `${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    "rejected",
  ],
  [
    "a chunk whose length is none",
    `${post}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    400,
    "rejected",
  ],
  ["headers that are too long", `${head}x: ${"x".repeat(20_000)}\r\n\r\n`, 431, "limit"],
  ["an address that is too long", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 431, "limit"],
  [
    "chunks with long extensions",
    `${post}transfer-encoding: chunked\r\n\r\n2;${"x".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    413,
    "limit",
  ],
  ["an expectation that nobody meets", `${head}expect: a miracle\r\n\r\n`, 417, "rejected"],
  [
    "an expectation before a body",
    `${post}expect: a miracle\r\ncontent-length: 2\r\n\r\n{}`,
    417,
    "rejected",
  ],
];

describe("What Node's server does not hand on", () => {
  it.each(strays)("is answered as everything is: %s", async (_, bytes, status, kind) => {
    api = await startApi();
    const said = await say(bytes);
    const answer = read(said);
    expect([answer.status, answer.kind]).toEqual([status, kind]);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      connection: "close",
    });
    expect(Math.abs(Date.parse(answer.headers.date ?? "") - Date.now())).toBeLessThan(30_000);
    expect(answer.more).toBe("");
    expect((await api.call("/healthz")).status).toBe(200);
  });

  it("is answered also to who goes on sending", async () => {
    api = await startApi();
    const answer = read(await say(head, ...Array.from({ length: 64 }, () => `x: ${"x".repeat(16_000)}\r\n`)));
    expect([answer.status, answer.kind]).toEqual([431, "limit"]);
  });

  it("is no second answer either where the first one came before its request's end", async () => {
    api = await startApi();
    const socket = open();
    let said = "";
    socket.on("data", (bytes: Buffer) => {
      if (said === "") socket.write("zz\r\n");
      said += bytes.toString("latin1");
    });
    socket.write(`${post.replace("application/json", "text/plain")}transfer-encoding: chunked\r\n\r\n`);
    await new Promise((resolve) => socket.once("close", resolve));
    expect(said).toMatch(/^HTTP\/1\.1 415 /);
    expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("is no second answer where one has begun", async () => {
    api = await startApi();
    const live = "GET /v1/stores/main/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
    const socket = open();
    let said = "";
    socket.on("data", (bytes: Buffer) => {
      if (said === "") socket.write("nonsense\r\n\r\n");
      said += bytes.toString("latin1");
    });
    socket.write(live);
    await new Promise((resolve) => socket.once("close", resolve));
    expect(said).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("ends nothing else where its sender has gone: reset sockets in all their states", async () => {
    api = await startApi();
    const begun = [
      "",
      "nonsense\r\n\r\n",
      head,
      `${head}x: ${"x".repeat(20_000)}`,
      `${head}\r\n`,
      `${post}content-length: 500\r\n\r\n{`,
      `${post}transfer-encoding: chunked\r\n\r\nzz`,
      `${head}expect: a miracle\r\n\r\n`,
    ];
    const resets = begun.flatMap((text) => [0, 1, 5].map((ms) => ({ text, ms })));
    await Promise.all(
      resets.map(async ({ text, ms }) => {
        const socket = open();
        await new Promise((resolve) => socket.once("connect", resolve));
        if (text !== "") socket.write(text);
        await api.host.platform.wait(ms);
        socket.resetAndDestroy();
      }),
    );
    await api.host.platform.wait(50);
    expect((await api.call("/healthz")).status).toBe(200);
  });
});
