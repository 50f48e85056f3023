/** Read passes of the client, against servers that give them oddly or not at all. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { httpRemote } from "../../client/remote/http.ts";
import { encodeHead, newHead } from "../../shared/wire/head.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { testStoreId } from "../fixtures/store-host.ts";

const platform = createNodePlatform();
const store = testStoreId("main");
const key = headKey(store);
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
const asks: Answer = {
  status: 401,
  headers: { "www-authenticate": "IcecoreReadPass" },
  body: { error: { kind: "unauthorized", what: "This needs a read pass that holds", fix: "Ask." } },
};
const found: Answer = { status: 200, body: encodeHead(newHead("epoch", "nonce")), headers: { etag: '"e"' } };
const inAMinute = () => Date.now() + 60_000;

/** A cache that takes the passes in `good`, and what stands behind `…/pass`. */
async function remoteAt(good: readonly string[], pass: (count: number, request: IncomingMessage) => Answer) {
  const seen: string[] = [];
  let passes = 0;
  const server = createServer((request, response) => {
    const path = request.url?.split("/").at(-1) ?? "";
    const { authorization = "nobody" } = request.headers;
    seen.push(`${request.method} ${path} ${authorization.replace("Bearer ", "")}`);
    const isPass = path === "pass";
    if (isPass) passes += 1;
    const holds = good.includes(authorization.replace("Bearer ", ""));
    const { status, body, headers = {} } = isPass ? pass(passes, request) : holds ? found : asks;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open = (token?: string) =>
    httpRemote(url, { platform, ...(token === undefined ? {} : { token: () => token }) }).open(store);
  return { open, seen };
}

describe("A cache that asks for a pass", () => {
  it("gets one instead of the token from then on, for reads alone", async () => {
    const { open, seen } = await remoteAt(["p1"], () => ({
      status: 200,
      body: { pass: "p1", expiresAt: inAMinute() },
    }));
    const remote = open("token");
    await remote.get(key);
    await remote.get(key, { ifNoneMatch: '"e"' });
    const known = { head: newHead("epoch", "nonce"), etag: '"e"' };
    await remote.tail({ known, marks: null, seen: {} }).catch(() => undefined);
    expect(seen).toEqual([
      "GET head token",
      "POST pass token",
      "GET head p1",
      "GET head p1",
      expect.stringMatching(/^GET tail\?rev=\d+ token$/),
      ...seen.slice(5),
    ]);
  });

  it("gets one also from somebody without a token, where the store may be read by all", async () => {
    const { open, seen } = await remoteAt(["p1"], () => ({
      status: 200,
      body: { pass: "p1", expiresAt: inAMinute() },
    }));
    expect(await open().get(key)).toMatchObject({ is: "found" });
    expect(seen).toEqual(["GET head nobody", "POST pass nobody", "GET head p1"]);
  });

  it("is refused for good by a server that has none, each time anew", async () => {
    const none = { error: { kind: "absent", what: "This server gives no passes", fix: "Send the token." } };
    const { open, seen } = await remoteAt([], () => ({ status: 404, body: none }));
    const remote = open("token");
    for (let i = 0; i < 2; i++) await expect(remote.get(key)).rejects.toMatchObject({ kind: "unauthorized" });
    expect(seen).toEqual(["GET head token", "POST pass token", "GET head token", "POST pass token"]);
  });

  it("leaves it at that where the pass is refused, or the way to it is lost", async () => {
    const cases: readonly (readonly [Answer, string])[] = [
      [{ status: 403, body: { error: { kind: "unauthorized", what: "No", fix: "Ask." } } }, "unauthorized"],
      [{ status: 500, body: "<h1>500</h1>", headers: { "content-type": "text/html" } }, "unavailable"],
      [{ status: 429, body: { error: { kind: "limit", what: "Slow down", fix: "Wait." } } }, "unavailable"],
      [{ status: 200, body: {} }, "unavailable"],
      [{ status: 200, body: { pass: "", expiresAt: 1 } }, "unavailable"],
      [{ status: 200, body: { pass: "a b\r\nx: y", expiresAt: inAMinute() } }, "unavailable"],
      [{ status: 200, body: { pass: "p1", expiresAt: "soon" } }, "unavailable"],
      [{ status: 200, body: { pass: "wrong", expiresAt: inAMinute() } }, "unauthorized"],
    ];
    for (const [answer, kind] of cases) {
      const { open, seen } = await remoteAt([], () => answer);
      await expect(open("token").get(key)).rejects.toMatchObject({ kind });
      expect(seen.length).toBeLessThanOrEqual(3);
    }
  });

  it("is not asked for a new one at each read where a pass has ended before it came", async () => {
    const { open, seen } = await remoteAt(["p1"], () => ({
      status: 200,
      body: { pass: "p1", expiresAt: 1 },
    }));
    const remote = open("token");
    for (let i = 0; i < 3; i++) expect(await remote.get(key)).toMatchObject({ is: "found" });
    // By a clock as wrong as that nothing can be saved; one question each, and never a loop.
    expect(seen.filter((one) => one.startsWith("POST")).length).toBeLessThanOrEqual(3);
  });

  it("is read with the pass that still holds, where there is no other yet", async () => {
    const { open } = await remoteAt(["p1"], (count) =>
      count === 1
        ? { status: 200, body: { pass: "p1", expiresAt: Date.now() + 200 } }
        : { status: 500, body: {} },
    );
    const remote = open("token");
    await remote.get(key);
    await platform.wait(300);
    expect(await remote.get(key)).toMatchObject({ is: "found" });
  });
});

describe("An answer of S3's own", () => {
  const answering = async (status: number, type: string, body: string) => {
    const server = createServer((_, response) => {
      response.writeHead(status, { "content-type": type });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return httpRemote(url, { platform }).open(store).get(key);
  };
  const xml = (code: string) =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Key>x</Key></Error>`;

  it("says that an object is absent, by its code alone", async () => {
    expect(await answering(404, "application/xml", xml("NoSuchKey"))).toMatchObject({ is: "absent" });
    for (const [status, body] of [
      [404, xml("NoSuchBucket")],
      [404, "<html><Error><Code>NoSuchKey</Code></html>"],
      [404, `<p>${xml("NoSuchKey")}</p>`],
      [404, ""],
      [403, xml("AccessDenied")],
      [500, xml("NoSuchKey")],
    ] as const)
      await expect(answering(status, "application/xml", body)).rejects.toMatchObject({
        kind: status === 403 ? "unauthorized" : "unavailable",
      });
  });
});
