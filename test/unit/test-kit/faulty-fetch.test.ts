import { describe, expect, it } from "vitest";
import type { FetchInit, FetchLike } from "../../../client/remote/fetch-like.ts";
import { httpRemote } from "../../../client/remote/http.ts";
import { encodeHead, newHead } from "../../../shared/wire/head.ts";
import { headKey } from "../../../shared/wire/keys.ts";
import {
  createFaultyFetch,
  type FaultyFetchOptions,
  type FetchFault,
  type FetchRequest,
} from "../../../test-kit/faulty-fetch.ts";
import { createRandom } from "../../../test-kit/random.ts";
import { createVirtualClock } from "../../../test-kit/virtual-clock.ts";
import { testStoreId, testUpdate } from "../../fixtures/store-host.ts";

const store = testStoreId("main");
const url = "https://notes.example.org";
const headBody = JSON.stringify(encodeHead(newHead("epoch", "nonce")));
const init: FetchInit = { method: "GET", headers: {}, redirect: "error", credentials: "omit" };

/** A server that has one head and counts who asks. */
function open(options: Partial<FaultyFetchOptions> = {}) {
  const clock = createVirtualClock();
  const asked: string[] = [];
  const server: FetchLike = async (to, { method }) => {
    asked.push(`${method} ${to.slice(url.length)}`);
    const headers = {
      "content-type": "application/json",
      "content-length": String(headBody.length),
      etag: '"e"',
    };
    return new Response(headBody, { headers });
  };
  const faulty = createFaultyFetch(server, {
    random: createRandom(1).fraction,
    platform: clock.platform,
    ...options,
  });
  const remote = httpRemote(url, { platform: clock.platform, fetch: faulty.fetch }).open(store);
  const heard = (): Promise<string> =>
    remote.get(headKey(store)).then(
      ({ is }) => is,
      (error) => error.kind,
    );
  return { clock, asked, faulty, remote, heard };
}

describe("A faulty fetch", () => {
  it("passes everything on as long as nothing is asked of it, and counts it", async () => {
    const { asked, faulty, heard } = open();
    expect(await heard()).toBe("found");
    expect(asked).toEqual(["GET /v1/stores/main/head"]);
    const { faults, ...calls } = faulty.counts();
    expect(calls).toEqual({ requests: 1, down: 0 });
    expect(Object.values(faults).every((count) => count === 0)).toBe(true);
  });

  it("fails as fetch does while the network is away, and answers again when it is back", async () => {
    const { asked, faulty, heard } = open({ down: true });
    await expect(faulty.fetch(url, init)).rejects.toThrow(TypeError);
    expect([await heard(), faulty.down, asked.length]).toEqual(["unavailable", true, 0]);
    faulty.setDown(false);
    expect([await heard(), faulty.counts().down, faulty.counts().requests]).toEqual(["found", 2, 3]);
  });

  it.each([
    ["requestLost", "unavailable", 0],
    ["answerLost", "unavailable", 1],
    ["bodyCut", "unavailable", 1],
    ["signInPage", "unavailable", 0],
    ["gatewayPage", "unavailable", 1],
    ["status500", "unavailable", 0],
    ["status429", "unavailable", 0],
    ["status413", "limit", 0],
    ["status401", "unauthorized", 0],
  ] as const)(
    "meets a request with %s: the client hears %s, and the server is asked %i times",
    async (fault, hears, times) => {
      const { asked, faulty, heard } = open();
      faulty.once(fault);
      expect([await heard(), asked.length, faulty.counts().faults[fault]]).toEqual([hears, times, 1]);
      expect(await heard()).toBe("found");
    },
  );

  it("answers as the wire would: pages are HTML, 429 says when to come back, and a cut body hides its length", async () => {
    const { faulty } = open({ retryAfterSeconds: 30 });
    const answerTo = async (fault: FetchFault, details = {}) => {
      faulty.once(fault, details);
      const { status, headers, arrayBuffer } = await faulty.fetch(url, init);
      const body = new TextDecoder().decode(await arrayBuffer());
      return { status, type: headers.get("Content-Type"), retryAfter: headers.get("retry-after"), body };
    };
    const html = { type: "text/html", retryAfter: null };
    expect(await answerTo("signInPage")).toMatchObject({ ...html, status: 200 });
    expect(await answerTo("gatewayPage")).toMatchObject({ ...html, status: 502 });
    expect(await answerTo("status429")).toMatchObject({ status: 429, retryAfter: "30" });
    expect(await answerTo("status429", { retryAfterSeconds: 2 })).toMatchObject({ retryAfter: "2" });
    expect(await answerTo("bodyCut")).toEqual({
      status: 200,
      type: "application/json",
      retryAfter: null,
      body: headBody.slice(0, Math.floor(headBody.length / 2)),
    });
    faulty.once("bodyCut");
    expect((await faulty.fetch(url, init)).headers.get("content-length")).toBeNull();
  });

  it("gives bodies in pieces too, where the client wants them so", async () => {
    const { faulty } = open();
    faulty.once("signInPage");
    const { body } = await faulty.fetch(url, init);
    const reader = body?.getReader?.();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("Please sign in");
    expect(await reader?.read()).toEqual({ done: true });
  });

  it("keeps a slow answer back, and gives it up when the client does or the network goes", async () => {
    const { clock, faulty, heard } = open({ slowMs: [4_000, 4_000] });
    faulty.once("slow");
    faulty.once("slow", { slowMs: 60_000 });
    void heard().then((is) => clock.note(`first ${is}`));
    void heard().then((is) => clock.note(`second ${is}`));
    await clock.advance(120_000);
    // The HTTP remote gives up after 30 seconds of silence.
    expect(clock.log).toEqual(["+4000 first found", "+30000 second unavailable"]);
    faulty.once("slow");
    void heard().then((is) => clock.note(`third ${is}`));
    await clock.advance(1_000);
    faulty.setDown(true);
    await clock.advance(3_000);
    expect(clock.log.at(-1)).toBe("+124000 third unavailable");
  });

  it("neither cuts nor waits for the end of an answer that goes on", async () => {
    const endless: FetchLike = async () =>
      new Response(new ReadableStream({ start: (control) => control.enqueue(Uint8Array.of(58, 10)) }), {
        headers: { "content-type": "text/event-stream" },
      });
    const faulty = createFaultyFetch(endless, { random: () => 0, chances: { bodyCut: 1 } });
    const { body } = await faulty.fetch(url, init);
    expect(await body?.getReader?.().read()).toEqual({ done: false, value: Uint8Array.of(58, 10) });
  });

  it("does what was asked once to the first request that is meant, and tells of each", async () => {
    const seen: FetchRequest[] = [];
    const { faulty, remote, heard } = open({ onRequest: (request) => void seen.push(request) });
    faulty.once("requestLost", { method: "POST" });
    expect(await heard()).toBe("found");
    await expect(remote.send(testUpdate(1, 1))).rejects.toMatchObject({ kind: "unavailable" });
    faulty.setDown(true);
    await heard();
    const get = { method: "GET", url: `${url}/v1/stores/main/head` };
    expect(seen).toEqual([
      { ...get, fate: null },
      { method: "POST", url: `${url}/v1/stores/main/updates`, fate: "requestLost" },
      { ...get, fate: "down" },
    ]);
  });

  it("goes wrong in the same way for the same seed, as often as its chances say", async () => {
    const chances = { requestLost: 0.2, gatewayPage: 0.2, status401: 0.2 };
    const run = async (seed: number): Promise<readonly string[]> => {
      const { heard } = open({ chances, random: createRandom(seed).fraction });
      const all: string[] = [];
      for (let i = 0; i < 300; i++) all.push(await heard());
      return all;
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
    const found = first.filter((is) => is === "found").length;
    expect(found).toBeGreaterThan(90);
    expect(found).toBeLessThan(150);
  });

  it("is good again when its chances are taken back, and slow only where it has a clock", async () => {
    const faulty = createFaultyFetch(async () => new Response("{}"), {
      random: () => 0,
      chances: { slow: 1 },
    });
    await expect(faulty.fetch(url, init)).rejects.toThrow(/slow answers need the option `platform`/);
    faulty.setChances({ slow: 0 });
    expect((await faulty.fetch(url, init)).status).toBe(200);
  });
});
