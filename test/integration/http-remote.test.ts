/** The client's HTTP remote: against the real server, and against servers that do everything wrong. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { afterEach, describe, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openStore } from "../../client/open-store.ts";
import type { FetchLike } from "../../client/remote/fetch-like.ts";
import { type HttpRemoteOptions, httpRemote } from "../../client/remote/http.ts";
import { createHintParser } from "../../client/remote/http-live.ts";
import type { RemoteStore } from "../../client/remote/remote.ts";
import { StoreError, type StoreErrorKind } from "../../shared/errors.ts";
import type { KnownHead } from "../../shared/log/known-head.ts";
import { encodeHead, newHead } from "../../shared/wire/head.ts";
import { builtKey, headKey, updateKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { type ApiServer, startApi } from "../fixtures/api-server.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testApp, testStoreId, testUpdate } from "../fixtures/store-host.ts";

const platform = createNodePlatform();
const store = testStoreId("main");
const segment = builtKey({ kind: "segments", store, through: toTimestamp(1), rev: 1, nonce: "n" });
const known: KnownHead = { head: newHead("epoch", "nonce"), etag: '"e"' };
const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A plain server that answers as the test says. */
async function answering(
  answer: Answer,
): Promise<{ readonly url: string; readonly seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
};
const refusal = (status: number, kind: string, headers: Record<string, string> = {}) =>
  json(status, { error: { kind, what: `The server says ${kind}`, fix: "Do this." } }, headers);

function remoteAt(url: string, options: Partial<HttpRemoteOptions> = {}): RemoteStore {
  return httpRemote(url, { platform, timeoutMs: 20_000, ...options }).open(store);
}

/** Everything that a client asks of its remote. */
const asks: Readonly<Record<string, (remote: RemoteStore) => Promise<unknown>>> = {
  head: (remote) => remote.get(headKey(store)),
  segment: (remote) => remote.get(segment),
  tail: (remote) => remote.tail({ known, marks: null, seen: {} }),
  send: (remote) => remote.send(testUpdate(1, 1)),
};

async function kindsAt(url: string, options?: Partial<HttpRemoteOptions>): Promise<Record<string, unknown>> {
  const kinds: Record<string, unknown> = {};
  for (const [name, ask] of Object.entries(asks))
    kinds[name] = await ask(remoteAt(url, options)).catch((error) =>
      error instanceof StoreError ? error.kind : `threw ${error}`,
    );
  return kinds;
}

/** For servers that say nothing: each question costs the test so long. */
const hasty = { timeoutMs: 300 };

const all = (kind: StoreErrorKind) => ({ head: kind, segment: kind, tail: kind, send: kind });

describe("A server that does not answer", () => {
  it("is unavailable where nobody listens, and says how that was found out", async () => {
    const { url } = await answering(json(200, {}));
    await closers.pop()?.();
    expect(await kindsAt(url)).toEqual(all("unavailable"));
    await expect(remoteAt(url).get(headKey(store))).rejects.toThrow(`${url} did not answer (ECONNREFUSED)`);
  });

  it("is unavailable where it takes the request and says nothing", async () => {
    const { url } = await answering(() => undefined);
    expect(await kindsAt(url, hasty)).toEqual(all("unavailable"));
    await expect(remoteAt(url, hasty).send(testUpdate(1, 1))).rejects.toThrow(/did not answer \(TooLate\)/);
  });

  it("is unavailable where it falls silent in the middle of its answer", async () => {
    const { url } = await answering((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"format":"icecore-head-1"');
    });
    expect(await kindsAt(url, hasty)).toEqual(all("unavailable"));
  });

  it("is unavailable where it hangs up before its answer, or in the middle of it", async () => {
    const { url } = await answering((request) => request.socket.destroy());
    expect(await kindsAt(url)).toEqual(all("unavailable"));
    const half = await answering((request, response) => {
      const body = JSON.stringify(encodeHead(known.head));
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
      response.write(body.slice(0, body.length / 2), () => request.socket.destroy());
    });
    expect(await kindsAt(half.url)).toEqual(all("unavailable"));
  });

  it("is unavailable where its answer was cut and nobody says so", async () => {
    const { url } = await answering((request, response) => {
      const body = JSON.stringify(encodeHead(known.head));
      response.writeHead(200, { "content-type": "application/json", connection: "close" });
      response.useChunkedEncodingByDefault = false;
      request.socket.end(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n${body.slice(0, 80)}`,
      );
    });
    expect(await kindsAt(url)).toEqual(all("unavailable"));
  });
});

describe("A server that answers something else", () => {
  it("is unavailable where it is a web page, whatever its status", async () => {
    for (const status of [200, 201, 302, 400, 404, 405, 413, 429, 500, 502, 503]) {
      const { url } = await answering((_, response) => {
        response.writeHead(status, { "content-type": "text/html", location: "https://login.example.org/" });
        response.end("<!doctype html><title>Sign in to our network</title>");
      });
      const kind = status === 413 ? "limit" : "unavailable";
      expect([status, await kindsAt(url)]).toEqual([status, all(kind)]);
    }
  });

  it("is unavailable where its JSON is none of ours", async () => {
    for (const body of [{}, [], null, "ok", { message: "Forbidden" }, { is: "stored" }, { format: "else" }]) {
      const { url } = await answering(json(200, body));
      const kinds = await kindsAt(url);
      // What is under an object's name, the protocol's own programs judge.
      expect(kinds).toMatchObject({
        head: "unavailable",
        tail: "unavailable",
        send: "unavailable",
        segment: { is: "found" },
      });
    }
    for (const status of [400, 404, 409, 418, 500, 503]) {
      const { url } = await answering(json(status, { message: "no" }));
      expect([status, await kindsAt(url)]).toEqual([status, all("unavailable")]);
    }
  });

  it("acknowledges nothing with a status that does not fit what it says", async () => {
    const stored = {
      is: "stored",
      timestamp: "20261121T090503.209Z",
      head: encodeHead(known.head),
      etag: '"e"',
    };
    for (const [status, body] of [
      [500, stored],
      [422, stored],
      [200, { is: "rejected", reason: "no" }],
      [200, { is: "later", reason: "no", retryAfterMs: 1 }],
      [500, { is: "rejected", reason: "no" }],
    ] as const) {
      const { url } = await answering(json(status, body));
      await expect(remoteAt(url).send(testUpdate(1, 1))).rejects.toMatchObject({ kind: "unavailable" });
    }
  });

  it("is incompatible where it speaks a newer release's formats", async () => {
    const head = { ...encodeHead(known.head), format: "icecore-head-9" };
    const { url } = await answering(
      json(200, { is: "stored", timestamp: "20261121T090503.209Z", head, etag: "" }),
    );
    await expect(remoteAt(url).send(testUpdate(1, 1))).rejects.toMatchObject({ kind: "incompatible" });
  });

  it("is read no further than an answer may be long", async () => {
    let sent = 0;
    const { url } = await answering((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && sent < 200_000_000) {
          sent += 65_536;
          if (!response.write(" ".repeat(65_536))) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    const remote = remoteAt(url, { timeoutMs: 5_000 });
    expect(await remote.get(segment, { bytesMax: 100_000 })).toMatchObject({ is: "tooLarge" });
    await expect(remote.tail({ known, marks: null, seen: {} })).rejects.toMatchObject({
      kind: "unavailable",
    });
    await expect(remote.send(testUpdate(1, 1))).rejects.toMatchObject({ kind: "unavailable" });
    expect(sent).toBeLessThan(100_000_000);
  });

  it("is not followed anywhere else", async () => {
    const target = await answering(json(200, encodeHead(known.head)));
    const { url } = await answering((_, response) => {
      response.writeHead(307, { location: `${target.url}/v1/stores/main/head` });
      response.end();
    });
    expect(await kindsAt(url, { token: () => "secret" })).toEqual(all("unavailable"));
    expect(target.seen).toHaveLength(0);
  });
});

describe("A server that refuses", () => {
  it("is told by what to do about it", async () => {
    const expected: readonly (readonly [number, string, Record<string, unknown>])[] = [
      [401, "unauthorized", all("unauthorized")],
      [403, "unauthorized", all("unauthorized")],
      [429, "unavailable", all("unavailable")],
      [500, "unavailable", all("unavailable")],
      [500, "corrupt", all("corrupt")],
      [500, "incompatible", all("incompatible")],
      [503, "unavailable", all("unavailable")],
      [503, "closed", all("unavailable")],
      [503, "conflict", all("unavailable")],
      [404, "rejected", all("rejected")],
      [415, "rejected", all("rejected")],
      [
        404,
        "absent",
        { head: { is: "absent" }, segment: { is: "absent" }, tail: "unavailable", send: "unavailable" },
      ],
      [413, "limit", { head: "limit", segment: "limit", tail: "limit", send: { is: "rejected" } }],
    ];
    for (const [status, kind, kinds] of expected) {
      const { url } = await answering(refusal(status, kind));
      expect([status, kind, await kindsAt(url)]).toMatchObject([status, kind, kinds]);
    }
  });

  it("is quoted, with what to do, as far as it is short", async () => {
    const { url } = await answering(refusal(403, "unauthorized"));
    await expect(remoteAt(url).get(headKey(store))).rejects.toThrow(
      `${url} answered 403: The server says unauthorized. Do this.`,
    );
    const long = await answering(
      json(500, { error: { kind: "corrupt", what: "x".repeat(60_000), fix: "" } }),
    );
    const error = await remoteAt(long.url)
      .get(headKey(store))
      .catch((thrown) => thrown);
    expect(error.message.length).toBeLessThan(1_200);
  });

  it("may reject an update for good, or ask to come back later, in its own words", async () => {
    const rejected = await answering(json(422, { is: "rejected", reason: "no such action" }));
    expect(await remoteAt(rejected.url).send(testUpdate(1, 1))).toEqual({
      is: "rejected",
      reason: "no such action",
    });
    const later = await answering(json(503, { is: "later", reason: "busy", retryAfterMs: 7 }));
    expect(await remoteAt(later.url).send(testUpdate(1, 1))).toEqual({
      is: "later",
      reason: "busy",
      retryAfterMs: 7,
    });
    const proxy = await answering((_, response) => {
      response.writeHead(413, { "content-type": "text/html" });
      response.end("<html>413</html>");
    });
    await expect(remoteAt(proxy.url).send(testUpdate(1, 1))).rejects.toMatchObject({ kind: "limit" });
  });
});

describe("A token", () => {
  it("goes with each request as it is then, and is asked for again once where it has just ended", async () => {
    let token = "old";
    const asked: string[] = [];
    const { url } = await answering((request, response, body) => {
      asked.push(String(request.headers.authorization));
      if (request.headers.authorization === "Bearer old") {
        token = "new";
        return refusal(401, "unauthorized")(request, response, body);
      }
      json(422, { is: "rejected", reason: "seen" })(request, response, body);
    });
    const remote = remoteAt(url, { token: async () => token });
    expect(await remote.send(testUpdate(1, 1))).toMatchObject({ is: "rejected" });
    expect(asked).toEqual(["Bearer old", "Bearer new"]);
    token = "old";
    const stays = remoteAt(url, { token: () => "old" });
    await expect(stays.send(testUpdate(1, 1))).rejects.toMatchObject({ kind: "unauthorized" });
    expect(asked).toEqual(["Bearer old", "Bearer new", "Bearer old"]);
  });

  it("shows in no error, whoever makes it", async () => {
    const secret = "s3cr3t-t0k3n";
    const { url } = await answering(refusal(401, "unauthorized"));
    const leaky: FetchLike = async (_, { headers }) => {
      throw new TypeError("fetch failed", { cause: new Error(`bad header ${headers.authorization}`) });
    };
    const failing: readonly Partial<HttpRemoteOptions>[] = [
      { token: () => secret },
      { token: () => `${secret}\n` },
      { token: () => `${secret} ü` },
      { token: () => secret, fetch: leaky },
      {
        token: () => {
          throw new Error(`cannot renew ${secret}`);
        },
      },
      { token: async () => Promise.reject(new Error(secret)) },
    ];
    for (const options of failing)
      for (const ask of Object.values(asks)) {
        const error = await ask(remoteAt(url, options)).catch((thrown) => thrown);
        expect(error).toBeInstanceOf(StoreError);
        expect(inspect(error, { depth: 9 })).not.toContain("s3cr3t");
      }
  });
});

describe("An address", () => {
  const at = (url: string) => () => httpRemote(url, { platform });

  it("is HTTPS, or this very machine", () => {
    for (const url of [
      "https://a.example.org",
      "https://a.example.org/notes/",
      "HTTPS://A.example.org:8443",
      "http://localhost:8787",
      "http://127.0.0.1",
      "http://[::1]:80",
    ])
      expect(at(url)).not.toThrow();
    expect(httpRemote("HTTPS://A.example.org/x/", { platform }).name).toBe("https://a.example.org/x");
    for (const url of [
      "http://a.example.org",
      "http://10.0.0.1",
      "http://127.0.0.1.evil.org",
      "http://localhost.evil.org:80",
    ])
      expect(at(url)).toThrow(/plain text/);
  });

  it("is refused where it is anything else, without being repeated", () => {
    for (const url of [
      "",
      "notes.example.org",
      "ftp://example.org",
      "javascript:alert(1)",
      "https://user:s3cret@example.org",
      "http://127.0.0.1:80@evil.org",
      "http://localhost\\@evil.org",
      "https://example.org?s3cret",
      "https://example.org/#s3cret",
      "https://example.org/../x",
      "https://exa mple.org",
      "https://example.org\n",
    ]) {
      expect(at(url)).toThrow(StoreError);
      expect(at(url)).not.toThrow(/s3cret/);
    }
  });
});

describe("Reading through the real server", () => {
  async function started(options: Parameters<typeof startApi>[0] = {}): Promise<ApiServer> {
    const api = await startApi({ ...options, settings: { sharedMs: 5, ...options?.settings } });
    closers.push(() => api.close());
    return api;
  }

  it("downloads the head only where it changed", async () => {
    const api = await started();
    const remote = remoteAt(api.url);
    const first = await remote.get(headKey(store));
    if (first.is !== "found") throw new Error(first.is);
    expect(await remote.get(headKey(store), { ifNoneMatch: first.etag })).toMatchObject({ is: "unchanged" });
    const sent = await remote.send(testUpdate(1, 1));
    if (sent.is !== "stored" || !sent.known) throw new Error(sent.is);
    expect(sent.known.etag).toBe(first.etag);
    await api.rollup();
    expect(await remote.get(headKey(store), { ifNoneMatch: first.etag })).toMatchObject({ is: "found" });
  });

  it("gives objects as the bucket has them, and nothing for a key that is none of the store's", async () => {
    const api = await started({ settings: { gzipBytesMin: 100 } });
    const remote = remoteAt(api.url);
    await remote.send(testUpdate(1, 1, [{ key: "k", value: "x".repeat(3_000) }]));
    await api.rollup();
    const [listed] = (await api.host.bucket.list("segments/")).objects;
    const answer = await remote.get(listed?.key ?? "");
    expect(answer).toMatchObject({ is: "found" });
    expect(await remote.get(segment)).toMatchObject({ is: "absent" });
    for (const key of [
      updateKey({ store, timestamp: toTimestamp(1), app: testApp(1) }),
      headKey(testStoreId("other")),
      builtKey({
        kind: "segments",
        store: testStoreId("other"),
        through: toTimestamp(1),
        rev: 1,
        nonce: "n",
      }),
      "../../etc/passwd",
      "",
    ])
      expect(await remote.get(key)).toMatchObject({ is: "absent" });
    expect(api.log.filter(({ route }) => route === null)).toEqual([]);
  });

  it("shows the tail of the head that it holds, and says where the log moved on", async () => {
    const api = await started();
    const remote = remoteAt(api.url);
    const sent = await remote.send(testUpdate(1, 1));
    if (sent.is !== "stored" || !sent.known) throw new Error(sent.is);
    const input = { known: sent.known, marks: null, seen: {} };
    const tail = await remote.tail(input);
    expect(tail).toMatchObject({ is: "tail", updates: [{ ...testUpdate(1, 1), timestamp: sent.timestamp }] });
    expect(await remote.tail(input)).toEqual(tail);
    const other = { ...sent.known, head: { ...sent.known.head, epoch: "another" } };
    expect(await remote.tail({ ...input, known: other })).toEqual({ is: "moved" });
    await api.rollup();
    expect(await remote.tail(input)).toEqual({ is: "moved" });
  });

  it("makes a store, once", async () => {
    const api = await started();
    const remote = httpRemote(api.url, { platform });
    expect([await remote.create("family"), await remote.create("family")]).toEqual([true, false]);
    await expect(remote.create("../x")).rejects.toMatchObject({ kind: "rejected" });
  });

  it("knows how far this machine's clock is off", async () => {
    const api = await started();
    const slow = { ...platform, now: () => platform.now() - 3_600_000 };
    const remote = httpRemote(api.url, { platform: slow }).open(store);
    expect(remote.clockOffsetMs()).toBeNull();
    await remote.get(headKey(store));
    expect(Math.abs((remote.clockOffsetMs() ?? 0) - 3_600_000)).toBeLessThan(2_000);
    const right = remoteAt(api.url);
    await right.get(headKey(store));
    expect(Math.abs(right.clockOffsetMs() ?? 9_999)).toBeLessThan(1_000);
    const cached = await answering(
      json(200, encodeHead(known.head), { age: "900", date: new Date(0).toUTCString() }),
    );
    const behind = remoteAt(cached.url);
    await behind.get(headKey(store));
    expect(behind.clockOffsetMs()).toBeNull();
  });

  it("carries a client's actions to another one, and its log back", async () => {
    const api = await started();
    const open = () => {
      const client = openStore({
        model: pairsModel,
        storeId: "main",
        remote: httpRemote(api.url, { platform }),
        platform,
      });
      closers.push(() => client.close());
      return client;
    };
    const [a, b] = [open(), open()];
    const handle = a.do.put({ key: "k", value: 1 });
    await a.sync.now();
    await handle.stored;
    await b.sync.now();
    expect(b.state.pairs.get("k")).toEqual({ value: 1 });
    expect(b.confirmedState.pairs.get("k")).toBeUndefined();
    await api.rollup();
    await Promise.all([a.sync.now(), b.sync.now()]);
    await handle.published;
    expect(b.confirmedState.pairs.get("k")).toEqual({ value: 1 });
    expect(a.sync.status).toMatchObject({ phase: "idle", pending: 0, dead: 0, error: null });
  });
});

describe("A platform that has fetch and nothing else", () => {
  it("is enough for sending, reading, the tail and live hints", async () => {
    const api = await startApi({ settings: { hintGapMs: 1, sharedMs: 1 } });
    closers.push(() => api.close());
    const bundle = await build({
      entryPoints: ["client/remote/http.ts"],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "bundled",
      platform: "neutral",
    });
    const context = createContext({ fetch, platform });
    runInContext(bundle.outputFiles[0]?.text ?? "", context);
    for (const name of [
      "URL",
      "AbortController",
      "TextDecoder",
      "setTimeout",
      "ReadableStream",
      "process",
      "window",
    ])
      expect([name, runInContext(`typeof ${name}`, context)]).toEqual([name, "undefined"]);
    const remote = runInContext(
      `bundled.httpRemote(${JSON.stringify(api.url)}, { platform })`,
      context,
    ) as ReturnType<typeof httpRemote>;
    const opened = remote.open(store);
    const reasons: string[] = [];
    const stop = new AbortController();
    opened.live?.((reason) => reasons.push(reason), stop.signal);
    while (!api.log.some(({ route }) => route?.endsWith("/live"))) await platform.wait(5);
    const sent = await opened.send(testUpdate(1, 1));
    if (sent.is !== "stored" || !sent.known) throw new Error(sent.is);
    expect(await opened.tail({ known: sent.known, marks: null, seen: {} })).toMatchObject({ is: "tail" });
    await api.rollup();
    expect(await opened.get(headKey(store))).toMatchObject({ is: "found" });
    while (reasons.length < 1) await platform.wait(5);
    stop.abort();
  });
});

describe("Live hints", () => {
  async function started(options: Parameters<typeof startApi>[0] = {}): Promise<ApiServer> {
    const api = await startApi({ ...options, settings: { hintGapMs: 10, sharedMs: 5 } });
    closers.push(() => api.close());
    return api;
  }

  function listening(api: ApiServer, options: Partial<HttpRemoteOptions> = {}) {
    const reasons: string[] = [];
    const stop = new AbortController();
    closers.push(() => stop.abort());
    const remote = remoteAt(api.url, options);
    remote.live?.((reason) => reasons.push(reason), stop.signal);
    return {
      reasons,
      stop: () => stop.abort(),
      async until(count: number) {
        while (reasons.length < count) await platform.wait(5);
      },
    };
  }
  async function connected(api: ApiServer, route: string) {
    while (!api.log.some((entry) => entry.route === route)) await platform.wait(5);
  }

  it("wake a client for what others store, until it stops listening", async () => {
    const api = await started();
    const live = listening(api);
    await connected(api, "/v1/stores/:store/live");
    await api.post(testUpdate(1, 1));
    await live.until(1);
    await api.rollup();
    await live.until(2);
    live.stop();
    const heard = live.reasons.length;
    await api.post(testUpdate(1, 2));
    await platform.wait(50);
    expect(live.reasons).toHaveLength(heard);
    expect(new Set(live.reasons)).toEqual(new Set(["hint"]));
  });

  it("come by long polls where bodies do not come in pieces", async () => {
    const api = await started();
    const whole: FetchLike = async (url, init) => {
      const { signal, ...rest } = init;
      const response = await fetch(url, { ...rest, ...(signal ? { signal: signal as AbortSignal } : {}) });
      return {
        status: response.status,
        headers: response.headers,
        arrayBuffer: () => response.arrayBuffer(),
      };
    };
    const live = listening(api, { fetch: whole });
    await connected(api, "/v1/stores/:store/head");
    const polls = () => api.log.filter(({ route }) => route === "/v1/stores/:store/head").length;
    const before = polls();
    // A hint of before it waits is none for it.
    for (let seq = 1; live.reasons.length === 0; seq++) {
      await api.post(testUpdate(1, seq));
      await platform.wait(50);
    }
    expect(polls()).toBeGreaterThan(before);
    const asked = api.log.filter(({ route }) => route?.endsWith("/live"));
    expect(asked.map(({ method }) => method)).toEqual(["HEAD"]);
    live.stop();
  });

  it("are not polled for where the server holds no request, however bodies come", async () => {
    const api = await started({ live: false });
    const whole: FetchLike = async (url, { signal: _, ...init }) => {
      const response = await fetch(url, init);
      return {
        status: response.status,
        headers: response.headers,
        arrayBuffer: () => response.arrayBuffer(),
      };
    };
    const live = listening(api, { fetch: whole });
    await connected(api, "/v1/stores/:store/live");
    await platform.wait(1_500);
    live.stop();
    expect(api.log.map(({ method, route }) => `${method} ${route}`)).toEqual([
      "GET /v1/time",
      "HEAD /v1/stores/:store/live",
    ]);
    expect(live.reasons).toEqual([]);
  });

  it("are listened for soon after their store was made, however bodies come", async () => {
    const fast = {
      ...platform,
      wait: (ms: number, signal?: Parameters<typeof platform.wait>[1]) =>
        platform.wait(ms >= 1_000 && ms <= 60_000 ? ms / 100 : ms, signal),
    };
    const whole: FetchLike = async (url, { signal: _, ...init }) => {
      const response = await fetch(url, init);
      const { status, headers } = response;
      return { status, headers, arrayBuffer: () => response.arrayBuffer() };
    };
    for (const options of [{}, { fetch: whole }]) {
      const api = await started();
      const remote = httpRemote(api.url, { platform: fast, timeoutMs: 99_000, ...options });
      const reasons: string[] = [];
      const stop = new AbortController();
      closers.push(() => stop.abort());
      const young = testStoreId("young");
      remote.open(young).live?.((reason) => reasons.push(reason), stop.signal);
      const refused = () => api.log.filter(({ status, route }) => status === 404 && route?.endsWith("/live"));
      while (refused().length < 3) await platform.wait(5);
      await remote.create("young");
      while (!api.log.some(({ status, store }) => store === young && status === 200)) await platform.wait(5);
      await platform.wait(100);
      await remote.open(young).send(testUpdate(1, 1));
      while (reasons.length === 0) await platform.wait(5);
      stop.abort();
    }
  });

  it("are listened for again after the connection ended or failed, ever more slowly, with a wake for what came in between", async () => {
    const lives: string[] = [];
    const { url } = await answering((request, response, body) => {
      if (request.url === "/v1/time")
        return json(200, { now: "20261121T090503.209Z" })(request, response, body);
      lives.push(String(request.headers.accept));
      if (lives.length === 2) return refusal(503, "closed")(request, response, body);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(": live\n\nevent: hint\ndata: \n\n");
    });
    const waits: number[] = [];
    const fast = {
      ...platform,
      random: () => 1,
      wait: (ms: number, signal?: Parameters<typeof platform.wait>[1]) => {
        if (ms >= 1_000 && ms <= 60_000) waits.push(ms);
        return platform.wait(ms < 1_000 ? ms : ms / 100, signal);
      },
    };
    const reasons: string[] = [];
    const stop = new AbortController();
    closers.push(() => stop.abort());
    httpRemote(url, { platform: fast, timeoutMs: 99_000 })
      .open(store)
      .live?.((reason) => reasons.push(reason), stop.signal);
    while (lives.length < 5) await platform.wait(5);
    stop.abort();
    expect(new Set(lives)).toEqual(new Set(["text/event-stream"]));
    expect(waits.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
    // The second connection was none: it woke nobody.
    expect(reasons.slice(0, 5)).toEqual(["hint", "live again", "hint", "live again", "hint"]);
  });

  it("are found in whatever pieces they come, and in nothing else", () => {
    const text =
      ": live\n\nevent: hint\ndata: \n\n: here\n\nevent:hint\r\ndata:\r\n\r\nevent: other\n\ndata: hint\n\nhint\n\n";
    const bytes = new TextEncoder().encode(`${text}event: hint${"x".repeat(100)}\n\nevent: hint`);
    for (const size of [1, 2, 7, bytes.length]) {
      let hints = 0;
      const feed = createHintParser(() => {
        hints += 1;
      });
      for (let at = 0; at < bytes.length; at += size) feed(bytes.subarray(at, at + size));
      expect(hints).toBe(2);
    }
  });
});
