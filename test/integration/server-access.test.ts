/** Read passes, credentials for direct mode, rates, and a server that holds no request open: over real HTTP, each answer as documented. */
import { afterEach, describe, expect, it } from "vitest";
import { createMemoryBucket } from "../../bucket/memory.ts";
import type { DirectAccess, ReadPasses } from "../../server/call.ts";
import { StoreError } from "../../shared/errors.ts";
import { parseDirectGrant, parseReadPass } from "../../shared/wire/http-access.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { type ApiAnswer, type ApiServer, startApi } from "../fixtures/api-server.ts";
import { testApp, testUpdate } from "../fixtures/store-host.ts";

let api: ApiServer;
afterEach(() => api?.close());

const main = "/v1/stores/main";
const kindOf = (answer: ApiAnswer) => (answer.body as { error?: { kind?: string } }).error?.kind;
const textOf = (answer: ApiAnswer) => JSON.stringify(answer.body);
const app = testApp(1);
const json = { "content-type": "application/json" };
/** The token is its holder's name. */
const byName = {
  authenticate(request: Request) {
    const token = request.headers.get("authorization");
    return token === null ? null : { sub: token.replace("Bearer ", "") };
  },
  authorize: ({ claims }: { claims: unknown }) => claims !== null,
};
const as = (name: string) => ({ authorization: `Bearer ${name}` });

const passes: ReadPasses = {
  newPass: async (store) => ({ pass: `pass-${store}`, expiresAt: 1_795_000_000_000 }),
};
const direct: DirectAccess = {
  grant: async ({ store, app }) => ({
    accessKeyId: "AKIA",
    secretAccessKey: `secret of ${store}`,
    sessionToken: `token of ${app}`,
    expiresAt: 1_795_000_000_000,
    address: "s3://bucket/root?region=eu-central-1",
  }),
};

describe("Places of a server", () => {
  it("are never all one principal's: others still store", async () => {
    api = await startApi({ ...byName, settings: { updatesAtOnceMax: 4 } });
    const wait = (of: number) => ({ ...testUpdate(of, 1), after: toTimestamp(Date.now() + 5_400) });
    const held = api.post(wait(1), as("ann"));
    await api.host.platform.wait(100);
    const more = await api.post(testUpdate(2, 1), as("ann"));
    expect([more.status, more.body, more.headers["retry-after"]]).toMatchObject([429, { is: "later" }, "1"]);
    expect((await api.post(testUpdate(3, 1), as("bob"))).status).toBe(200);
    expect((await held).status).toBe(200);
    expect((await api.post(testUpdate(2, 1), as("ann"))).status).toBe(200);
  });

  it("are never all one principal's: others still listen, and wait for news", async () => {
    api = await startApi({ ...byName, settings: { liveMax: 4 } });
    const listen = async (name: string) => {
      const stop = new AbortController();
      const { status } = await fetch(`${api.url}${main}/live`, { headers: as(name), signal: stop.signal });
      return { status, stop: () => stop.abort() };
    };
    const first = await listen("ann");
    expect([first.status, (await listen("ann")).status]).toEqual([200, 429]);
    const etag = (await api.call(`${main}/head`, { headers: as("ann") })).headers.etag ?? "";
    const poll = (name: string) =>
      api.call(`${main}/head?wait=1`, { headers: { ...as(name), "if-none-match": etag } });
    expect([(await poll("ann")).status, (await poll("bob")).status]).toEqual([429, 304]);
    const second = await listen("bob");
    expect(second.status).toBe(200);
    first.stop();
    while ((await poll("ann")).status === 429) await api.host.platform.wait(5);
    second.stop();
  });
});

describe("Answers to who signed in by something else than Authorization", () => {
  const byCookie = {
    authenticate(request: Request) {
      const [, name] = /^who=(\w+)$/.exec(request.headers.get("cookie") ?? "") ?? [];
      return name === undefined ? null : { sub: name };
    },
    authorize: byName.authorize,
  };

  it("are kept by no cache that others share", async () => {
    api = await startApi(byCookie);
    const cookie = { cookie: "who=ann" };
    await api.post(testUpdate(1, 1), cookie);
    await api.rollup();
    const head = await api.call(`${main}/head`, { headers: cookie });
    const [segment = ""] = (head.body as { segments: { key: string }[] }).segments.map(({ key }) => key);
    const kept = async (path: string, headers: Record<string, string>) =>
      (await api.call(`${main}/${path}`, { headers })).headers["cache-control"];
    expect(await kept("head", cookie)).toBe("private, max-age=0");
    expect(await kept("tail", cookie)).toBe("private, max-age=0");
    expect(await kept("head", { ...cookie, "if-none-match": head.headers.etag ?? "" })).toBe(
      "private, max-age=0",
    );
    expect(await kept(segment.replace("main/", ""), cookie)).toBe("private, max-age=31536000, immutable");
    expect(await kept("nothing", cookie)).toBe("no-store");
  });

  it("may be kept, for others of the same token or for anybody, where caches know how", async () => {
    api = await startApi(byName);
    const signed = await api.call(`${main}/head`, { headers: as("ann") });
    expect([signed.headers["cache-control"], signed.headers.vary]).toEqual([
      "max-age=0, s-maxage=1",
      "accept-encoding, authorization",
    ]);
  });
});

describe("A read pass", () => {
  const ask = (store = "main") => api.call(`/v1/stores/${store}/pass`, { method: "POST" });

  it("is for who may read its store, and no cache keeps it", async () => {
    const asked: string[] = [];
    api = await startApi({
      readPass: passes,
      authorize: ({ storeId, intent }) => asked.push(`${storeId} ${intent}`) > 0 && storeId === "main",
    });
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(parseReadPass(answer.body)).toEqual({
      ok: true,
      value: { pass: "pass-main", expiresAt: 1_795_000_000_000 },
    });
    expect((await ask("other")).status).toBe(401);
    expect(asked).toEqual(["main read", "other read"]);
    expect(JSON.stringify(api.log)).not.toContain("pass-main");
  });

  it("is absent where the server makes none, also for who sends a body", async () => {
    api = await startApi();
    const answer = await ask();
    expect([answer.status, kindOf(answer)]).toEqual([404, "absent"]);
    expect((await api.call(`${main}/pass`, { method: "POST", body: "x".repeat(10_000) })).status).toBe(404);
    const wrong = await api.call(`${main}/pass`);
    expect([wrong.status, wrong.headers.allow]).toEqual([405, "POST"]);
  });

  it("says to come back where its maker fails, without the reason", async () => {
    api = await startApi({
      readPass: {
        newPass() {
          throw new StoreError({ kind: "unavailable", what: "key-4711 is away", fix: "Wait." });
        },
      },
    });
    const answer = await ask();
    expect([answer.status, kindOf(answer), answer.headers["retry-after"]]).toEqual([503, "unavailable", "1"]);
    expect(textOf(answer)).not.toContain("4711");
  });
});

describe("Credentials", () => {
  const ask = (body: unknown = { app }, headers: Readonly<Record<string, string>> = {}) =>
    api.call(`${main}/credentials`, {
      method: "POST",
      headers: { ...json, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  it("are for one app in one store, for who may write there, and no cache keeps them", async () => {
    const asked: string[] = [];
    api = await startApi({ direct, authorize: ({ intent }) => asked.push(intent) > 0 });
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(parseDirectGrant(answer.body)).toMatchObject({
      ok: true,
      value: { secretAccessKey: "secret of main", sessionToken: `token of ${app}` },
    });
    expect(asked).toEqual(["write", "read"]);
    expect(JSON.stringify(api.log)).not.toMatch(/secret|token of/);
  });

  it("are not for who may write and not read", async () => {
    api = await startApi({ direct, authorize: ({ intent }) => intent === "write" });
    expect((await ask()).status).toBe(401);
  });

  it("are for the owner of the app id alone, who is whoever uses it first", async () => {
    api = await startApi({ direct, ...byName });
    expect((await ask({ app }, as("ann"))).status).toBe(200);
    const bobs = await ask({ app }, as("bob"));
    expect([bobs.status, kindOf(bobs)]).toEqual([403, "unauthorized"]);
    expect(textOf(bobs)).not.toMatch(/ann|secret/);
    expect((await api.post(testUpdate(1, 1), as("bob"))).status).toBe(403);
    expect((await api.post(testUpdate(1, 1), as("ann"))).status).toBe(200);
    expect((await ask({ app })).status).toBe(401);
  });

  it("need a body that asks for an app, short and whole", async () => {
    let granted = 0;
    api = await startApi({
      direct: {
        async grant(asked) {
          granted += 1;
          return direct.grant(asked);
        },
      },
    });
    for (const body of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '"x"',
      { app: 1 },
      { app: "x" },
      { app: app.toLowerCase() },
      "[".repeat(2_000),
    ]) {
      const answer = await ask(body);
      expect([body, answer.status, kindOf(answer)]).toEqual([body, 400, "rejected"]);
    }
    const long = await ask({ app, more: "x".repeat(5_000) });
    expect([long.status, kindOf(long)]).toEqual([413, "limit"]);
    const form = await ask({ app }, { "content-type": "text/plain" });
    expect([form.status, kindOf(form)]).toEqual([415, "rejected"]);
    expect(granted).toBe(0);
  });

  it("are absent where the server gives none, and later where nobody can give them", async () => {
    api = await startApi();
    const answer = await ask();
    expect([answer.status, kindOf(answer)]).toEqual([404, "absent"]);
    await api.close();
    api = await startApi({ direct: { grant: () => Promise.reject(new Error("AccessDenied arn:aws:4711")) } });
    const failed = await ask();
    expect(failed.status).toBe(500);
    expect(textOf(failed)).not.toContain("4711");
  });
});

describe("A server with a rate", () => {
  it("says 429 and when to come back at every address of a store, and goes on with all others", async () => {
    api = await startApi({ ...byName, readPass: passes, direct, rate: { perSecond: 0.1, burst: 2 } });
    for (let i = 0; i < 2; i++)
      expect((await api.call(`${main}/head`, { headers: as("ann") })).status).toBe(200);
    const routes: readonly (readonly [string, string])[] = [
      ["POST", "/updates"],
      ["POST", "/pass"],
      ["POST", "/credentials"],
      ["PUT", ""],
      ["GET", "/head"],
      ["GET", "/tail"],
      ["GET", "/live"],
      ["GET", "/segments/x"],
      ["GET", "/snapshots/x"],
      ["GET", "/marks/x"],
      ["GET", "/indexes/x"],
    ];
    api.host.bucket.reset();
    for (const [method, path] of routes) {
      const answer = await api.call(main + path, { method, headers: as("ann") });
      expect([path, answer.status, kindOf(answer)]).toEqual([path, 429, "unavailable"]);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
      expect(Number(answer.headers["retry-after"])).toBeLessThanOrEqual(10);
    }
    expect(api.host.bucket.counts()).toMatchObject({ get: 0, put: 0, list: 0 });
    expect((await api.call(`${main}/head`, { headers: as("bob") })).status).toBe(200);
    for (const path of ["/healthz", "/v1/time", "/v1/openapi.json"])
      expect((await api.call(path, { headers: as("ann") })).status).toBe(200);
  });

  it("counts all who did not sign in together, and refuses them as before", async () => {
    api = await startApi({ ...byName, rate: { perSecond: 0.1, burst: 2 } });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i++) statuses.push((await api.call(`${main}/head`)).status);
    expect(statuses).toEqual([401, 401, 429]);
  });

  it("is not made with a rate that is none", async () => {
    await expect(startApi({ rate: { perSecond: 0, burst: 1 } })).rejects.toMatchObject({ kind: "rejected" });
    api = await startApi();
  });
});

describe("A server that holds no request open", () => {
  it("has no live hints, and answers a head at once, whatever it is asked to wait", async () => {
    api = await startApi({ live: false });
    const live = await api.call(`${main}/live`);
    expect([live.status, kindOf(live)]).toEqual([404, "absent"]);
    expect((await api.call(`${main}/live`, { method: "HEAD" })).status).toBe(404);
    const { etag = "" } = (await api.call(`${main}/head`)).headers;
    const beganAt = Date.now();
    const held = await api.call(`${main}/head?wait=25`, { headers: { "if-none-match": etag } });
    expect(held.status).toBe(304);
    // A server that holds requests would have held it for 25 seconds.
    expect(Date.now() - beganAt).toBeLessThan(20_000);
    expect((await api.call(`${main}/head?wait=soon`)).status).toBe(400);
  });
});

describe("What is called when an update was stored", () => {
  it("is waited for, and changes nothing where it fails", async () => {
    const done: string[] = [];
    api = await startApi({
      async onStored(store) {
        await api.host.platform.wait(50);
        done.push(store);
        throw new Error("the hint did not go out");
      },
    });
    const answer = await api.post(testUpdate(1, 1));
    expect([answer.status, done]).toEqual([200, ["main"]]);
  });
});

describe("A bucket that cannot be asked for the head", () => {
  it("is no store that is gone: an update is to come later, and nothing of the bucket is told", async () => {
    const inner = createMemoryBucket();
    let away = false;
    api = await startApi({
      inner: {
        ...inner,
        async get(key, options) {
          if (!away) return inner.get(key, options);
          throw new StoreError({ kind: "unavailable", what: "bucket-4711 timed out", fix: "Wait.", key });
        },
      },
    });
    away = true;
    const answer = await api.post(testUpdate(1, 1));
    expect([answer.status, kindOf(answer), answer.headers["retry-after"]]).toEqual([503, "unavailable", "1"]);
    expect(textOf(answer)).not.toContain("4711");
  });
});

describe("A body", () => {
  it("is read no further than it may be long, and never into a call stack that it is too deep for", async () => {
    api = await startApi({ settings: { bodyBytesMax: 100_000 } });
    const deep = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const update = JSON.stringify(encodeUpdate(testUpdate(1, 1, [{ key: "k", value: "DEEP" }])));
    for (const depth of [100, 1_000, 40_000]) {
      const answer = await api.post(update.replace('"DEEP"', deep(depth)));
      expect([depth, answer.status >= 400 && answer.status < 500]).toEqual([depth, true]);
    }
    expect((await api.post(update.replace('"DEEP"', deep(90)))).status).toBe(200);
    expect((await api.post(`{"a":"${"x".repeat(100_000)}"}`)).status).toBe(413);
    expect((await api.post(`${'{"a":'.repeat(15_000)}1${"}".repeat(15_000)}`)).status).toBe(400);
  });
});
