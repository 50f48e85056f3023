/** The client's hints over AppSync Events, on a server that speaks its protocol: they wake, come back, and nothing that they say is believed. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { openStore } from "../../client/open-store.ts";
import { type AppSyncHintsOptions, appSyncHints, withHints } from "../../client/remote/appsync-hints.ts";
import { httpRemote } from "../../client/remote/http.ts";
import { createHintSender } from "../../lambdas/hints.ts";
import { createJwtAuthenticate } from "../../server/jwt/authenticate.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { authorizeByRole } from "../../server/roles.ts";
import type { AbortSignalLike, Platform } from "../../shared/ports/platform.ts";
import { startApi } from "../fixtures/api-server.ts";
import { type AppSync, startAppSync } from "../fixtures/appsync-server.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { NodeWebSocket } from "../fixtures/web-socket.ts";

const real = createNodePlatform();
const secret = "token-secret-0123456789abcdefghijklmno";
const audience = "notes";
const authenticate = createJwtAuthenticate({ audience, keys: { secret }, platform: real });
const tokenFor = (subject: string, stores: readonly string[]) =>
  newToken({ secret, audience, subject, role: "writer", stores, lifeSeconds: 60, platform: real });
const store = testStoreId("main");
const channel = "/icecore/main";

let service: AppSync;
const closers: (() => unknown)[] = [];
beforeEach(async () => {
  service = await startAppSync({ authorizer: { authenticate, authorize: authorizeByRole } });
  closers.push(() => service.close());
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/**
 * Seconds pass a hundred times as fast, and what was waited for is known. `patience`: the waits of so long pass as they are, so that a
 * service that answers late on a busy machine is not taken for a silent one.
 */
function fastPlatform(patience: readonly number[] = []): {
  readonly platform: Platform;
  readonly waits: number[];
} {
  const waits: number[] = [];
  const wait = (ms: number, signal?: AbortSignalLike) => {
    waits.push(ms);
    return real.wait(patience.includes(ms) ? ms : ms / 100, signal);
  };
  return { platform: { ...real, wait, random: () => 1 }, waits };
}

/** How long a connection may be silent before it is promised anything, and afterwards. */
const lateMs = [30_000, 300_000];

function listenTo(options: Partial<AppSyncHintsOptions> & Pick<AppSyncHintsOptions, "token">) {
  const woken: string[] = [];
  const ending = new AbortController();
  const { url, realtimeUrl } = service;
  const hints = appSyncHints({ url, realtimeUrl, WebSocket: NodeWebSocket, platform: real, ...options });
  hints(store, (reason) => woken.push(reason), ending.signal);
  closers.push(() => ending.abort());
  return { woken, stop: () => ending.abort() };
}

const subscribed = (times: number) =>
  expect.poll(() => service.heard.filter((one) => one === `subscribe ${channel}`).length).toBe(times);

describe("Hints over AppSync Events", () => {
  it("bring one client's action to another that would poll in an hour, by way of the Lambda's sender", async () => {
    const sender = createHintSender({
      url: service.url,
      region: "eu-central-1",
      platform: real,
      credentials: () => ({ accessKeyId: "A", secretAccessKey: "secret" }),
    });
    const api = await startApi({
      authenticate,
      authorize: authorizeByRole,
      live: false,
      onStored: (id) => void sender.send(id),
    });
    closers.push(() => api.close());
    const open = async (subject: string) => {
      const token = await tokenFor(subject, ["main"]);
      const { url, realtimeUrl } = service;
      const hints = appSyncHints({ url, realtimeUrl, token: () => token, WebSocket: NodeWebSocket });
      const settings = { pollDelayMs: 3_600_000, pollDelayMsMax: 3_600_000, sendDelayMs: 1 } as const;
      const remote = withHints(httpRemote(api.url, { token: () => token }), hints);
      const client = openStore({
        model: pairsModel,
        storeId: "main",
        local: memoryLocal(),
        remote,
        settings,
      });
      closers.push(() => client.close());
      await client.loaded;
      return client;
    };
    const [anna, ben] = [await open("anna"), await open("ben")];
    await subscribed(2);
    anna.do.put({ key: "a", value: 1 });
    await expect.poll(() => ben.state.pairs.get("a")).toEqual({ value: 1 });
    expect(service.published.length).toBeGreaterThan(0);
    expect(ben.sync.status.phase).not.toBe("offline");
    await Promise.all([anna.close(), ben.close()]);
    await expect.poll(() => service.connections()).toBe(0);
  });

  it("carry the token in a subprotocol, as a browser can, and nothing of it in an address", async () => {
    const token = await tokenFor("anna", ["main"]);
    const addresses: string[] = [];
    class Watched extends NodeWebSocket {
      constructor(url: string, protocols: readonly string[]) {
        super(url, protocols);
        addresses.push(url);
      }
    }
    const { woken } = listenTo({ token: () => token, WebSocket: Watched });
    await subscribed(1);
    // Whatever came before the subscription, nobody was told of.
    await expect.poll(() => woken).toEqual(["hint"]);
    expect(service.tokens).toEqual([token]);
    expect(service.heard).toEqual(["open", "connection_init", `subscribe ${channel}`]);
    expect(addresses).toEqual([`${service.realtimeUrl}/event/realtime`]);
  });

  it("wake for their own store alone, and end when they are told to", async () => {
    const token = await tokenFor("anna", ["main"]);
    const { woken, stop } = listenTo({ token: () => token });
    await expect.poll(() => woken.length).toBe(1);
    service.publish("/icecore/other");
    await real.wait(1_050);
    service.publish(channel);
    await expect.poll(() => woken).toEqual(["hint", "hint"]);
    stop();
    await expect.poll(() => service.connections()).toBe(0);
    await real.wait(50);
    expect([woken.length, service.heard.at(-1)]).toEqual([2, "closed"]);
  });

  it("come back after the connection ended, ever more slowly, with a token asked anew and a wake for what came between", async () => {
    const token = await tokenFor("anna", ["main"]);
    let asked = 0;
    const { platform, waits } = fastPlatform(lateMs);
    const { woken } = listenTo({
      platform,
      token: () => {
        asked += 1;
        return token;
      },
    });
    for (let times = 1; times <= 4; times++) {
      await subscribed(times);
      await expect.poll(() => woken.filter((one) => one === "hint").length).toBe(times);
      service.drop(times % 2 === 0 ? "cut" : "close");
      await expect.poll(() => woken.filter((one) => one === "live again").length).toBe(times);
    }
    await subscribed(5);
    expect(asked).toBe(5);
    expect(service.tokens).toHaveLength(5);
    // Beside the limits on silence and the gaps between hints: how long it rested.
    const rests = waits.filter((ms) => [2_000, 4_000, 8_000, 16_000].includes(ms));
    expect(rests).toEqual([2_000, 4_000, 8_000, 16_000]);
  });

  it("wait at most a minute for a service that is away, and need no minute once it is back", async () => {
    const token = await tokenFor("anna", ["main"]);
    service.mode.refuse = 503;
    const { platform, waits } = fastPlatform();
    const { woken } = listenTo({ platform, token: () => token });
    await expect
      .poll(() => waits.filter((ms) => ms === 60_000).length, { timeout: 30_000 })
      .toBeGreaterThan(0);
    expect(woken).toEqual([]);
    service.mode.refuse = null;
    await subscribed(1);
    await expect.poll(() => woken).toEqual(["hint"]);
  });

  it("are not given to a token that is refused, at the door or for the store, and are to one that holds", async () => {
    const elsewhere = await tokenFor("anna", ["elsewhere"]);
    const good = await tokenFor("anna", ["main"]);
    const given = ["forged", elsewhere, "no token\n", good];
    const { platform } = fastPlatform(lateMs);
    let asked = 0;
    const { woken } = listenTo({ platform, token: () => given[Math.min(asked++, 3)] ?? "" });
    await expect.poll(() => woken).toEqual(["hint"]);
    expect(service.tokens).toEqual(["forged", elsewhere, good]);
    expect(asked).toBe(4);
  });

  it("go on where the app's token function fails", async () => {
    const good = await tokenFor("anna", ["main"]);
    const { platform } = fastPlatform(lateMs);
    let asked = 0;
    const { woken } = listenTo({
      platform,
      token: () => {
        asked += 1;
        if (asked < 3) throw new Error("not signed in");
        return Promise.resolve(good);
      },
    });
    await expect.poll(() => woken).toEqual(["hint"]);
  });

  it("wake at most once a second, whatever a lying service says, and nothing else comes of it", async () => {
    const token = await tokenFor("anna", ["main"]);
    const { woken } = listenTo({ token: () => token });
    await expect.poll(() => woken.length).toBe(1);
    const begun = Date.now();
    while (Date.now() - begun < 2_300) {
      for (let i = 0; i < 200; i++) {
        service.publish(channel);
        service.say('{"type":"data","id":"main","event":["{\\"head\\":{\\"rev\\":9}}"]}');
      }
      for (const words of ["", "no JSON", "null", "[]", "1", '{"type":{}}', '{"id":"main"}', '{"type":"ka"}'])
        service.say(words);
      service.say(`{"type":"data","id":"main","event":"${"x".repeat(100_000)}"}`);
      await real.wait(20);
    }
    expect(woken.length).toBeGreaterThan(1);
    expect(woken.length).toBeLessThanOrEqual(1 + Math.ceil((Date.now() - begun) / 1_000));
    expect(new Set(woken)).toEqual(new Set(["hint"]));
    expect(service.connections()).toBe(1);
  });

  it("come to no harm by a service that acknowledges nothing, or promises odd times", async () => {
    const token = await tokenFor("anna", ["main"]);
    const { platform, waits } = fastPlatform();
    service.mode.silent = true;
    const { woken } = listenTo({ platform, token: () => token });
    await expect.poll(() => service.heard.filter((one) => one === "connection_init").length).toBe(2);
    expect([waits.includes(30_000), woken]).toEqual([true, []]);
    service.mode.silent = false;
    for (const odd of [-1, 0, "soon", null, 1e300, { ms: 1 }]) {
      service.mode.connectionTimeoutMs = odd;
      const before = woken.length;
      service.drop();
      await expect.poll(() => woken.length).toBeGreaterThan(before);
    }
    expect(waits.filter((ms) => ms > 330_000)).toEqual([]);
  });

  it("end a connection on which nothing came for as long as the service itself promised", async () => {
    const token = await tokenFor("anna", ["main"]);
    service.mode.connectionTimeoutMs = 10_000;
    const { platform } = fastPlatform();
    listenTo({ platform, token: () => token });
    await subscribed(1);
    await subscribed(2);
    expect(service.heard.filter((one) => one === "closed").length).toBeGreaterThan(0);
  });

  it("end with what the service calls an error", async () => {
    const token = await tokenFor("anna", ["main"]);
    const { platform } = fastPlatform();
    const { woken } = listenTo({ platform, token: () => token });
    await expect.poll(() => woken.length).toBe(1);
    service.say('{"type":"connection_error","errors":[{"errorType":"UnauthorizedException"}]}');
    await subscribed(2);
  });

  it("need safe addresses, and a platform that has WebSockets", () => {
    const good = {
      url: "https://x.appsync-api.eu-central-1.amazonaws.com",
      token: () => "t",
      platform: real,
    };
    const realtimeUrl = "wss://x.appsync-realtime-api.eu-central-1.amazonaws.com";
    const { WebSocket } = globalThis as { WebSocket?: unknown };
    if (WebSocket === undefined) expect(() => appSyncHints({ ...good, realtimeUrl })).toThrow(/no WebSocket/);
    for (const bad of [
      "ws://x.example.org",
      "http://x.example.org",
      "wss://u:p@x.org",
      "javascript:alert(1)",
      "",
      "wss://x.org?a=b",
    ])
      expect(() => appSyncHints({ ...good, realtimeUrl: bad, WebSocket: NodeWebSocket })).toThrow(
        expect.objectContaining({ kind: "rejected" }),
      );
    expect(() => appSyncHints({ ...good, realtimeUrl, WebSocket: NodeWebSocket })).not.toThrow();
  });
});
