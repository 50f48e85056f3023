/** The HTTP API over real HTTP: every route, every bad input. Each answer is held against the OpenAPI document as it comes in. */
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createFaultyBucket } from "../../bucket/faulty.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import type { Intent } from "../../server/auth.ts";
import { openApiDocument } from "../../server/openapi.ts";
import { StoreError } from "../../shared/errors.ts";
import { defineModel } from "../../shared/model/define.ts";
import { table } from "../../shared/model/fields/table.ts";
import type { Model } from "../../shared/model/model.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { parseHead } from "../../shared/wire/head.ts";
import { parseSendAnswer, parseTailAnswer } from "../../shared/wire/http.ts";
import { builtKey, headKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { type ApiAnswer, type ApiServer, callApi, startApi } from "../fixtures/api-server.ts";
import { findOpenApiFaults } from "../fixtures/open-api.ts";
import { testUpdate } from "../fixtures/store-host.ts";

let api: ApiServer;
afterEach(() => api?.close());

const main = "/v1/stores/main";
const kindOf = (answer: ApiAnswer) => (answer.body as { error?: { kind?: string } }).error?.kind;
const textOf = (answer: ApiAnswer) => JSON.stringify(answer.body);
const headOf = (answer: ApiAnswer) => {
  const head = parseHead(answer.body);
  if (!head.ok) throw new Error(head.reason);
  return head.value;
};
const big = (length: number) => "x".repeat(length);

describe("Storing an update", () => {
  it("answers with its timestamp and the head, which is what the head's own address gives then", async () => {
    api = await startApi();
    const answer = await api.post(testUpdate(1, 1));
    expect(answer.status).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    const sent = parseSendAnswer(answer.body);
    if (!sent.ok || sent.value.is !== "stored") throw new Error(textOf(answer));
    const { etag, head } = sent.value;
    const unchanged = await api.call(`${main}/head`, { headers: { "if-none-match": etag } });
    expect(unchanged.status).toBe(304);
    expect(headOf(await api.call(`${main}/head`))).toEqual(head);
  });

  it("takes the same update again without keeping it twice", async () => {
    api = await startApi();
    for (let i = 0; i < 3; i++) expect((await api.post(testUpdate(1, 1))).status).toBe(200);
    await api.rollup();
    const head = headOf(await api.call(`${main}/head`));
    expect(head.segments.map(({ count }) => count)).toEqual([1]);
  });

  it("is one PUT and one GET at the bucket", async () => {
    api = await startApi();
    await api.post(testUpdate(1, 1));
    api.host.bucket.reset();
    await api.post(testUpdate(1, 2));
    expect(api.host.bucket.counts()).toMatchObject({ put: 1, get: 1, list: 0, swap: 0 });
  });

  it("takes a packed body, and no more of it than an unpacked one may have", async () => {
    api = await startApi();
    const packed = gzipSync(JSON.stringify(encodeUpdate(testUpdate(1, 1))));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const post = (body: Uint8Array) => api.call(`${main}/updates`, { method: "POST", headers, body });
    expect((await post(packed)).status).toBe(200);
    expect((await post(gzipSync(big(50_000_000)))).status).toBe(400);
  });

  it("says later to an update of a newer model or format, with what must happen first, and not as a failure of the server", async () => {
    api = await startApi();
    const newer = await api.post({ ...testUpdate(1, 1), modelVersion: 2 });
    expect(newer.status).toBe(429);
    expect(newer.body).toMatchObject({ is: "later", reason: expect.stringContaining("version 2") });
    expect(newer.headers["retry-after"]).toBe("30");
    const format = JSON.stringify({ ...encodeUpdate(testUpdate(1, 1)), format: "icecore-update-9" });
    const unknown = await api.post(format);
    expect([unknown.status, unknown.headers["retry-after"]]).toEqual([429, "30"]);
    expect(unknown.body).toMatchObject({ is: "later", reason: expect.stringContaining("update-9") });
  });

  it("says later to an update made after a time that has not come", async () => {
    api = await startApi();
    for (const after of [Date.now() + 3_600_000, Number.POSITIVE_INFINITY]) {
      const answer = await api.post({ ...testUpdate(1, 1), after: toTimestamp(after) });
      expect(answer.status).toBe(429);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThan(3_000);
      expect(answer.body).toMatchObject({
        is: "later",
        reason: expect.stringContaining("ahead of the bucket's clock"),
      });
    }
  });

  it("says later to an update that was sent beside the one before it, where that one had to wait", async () => {
    const memory = createMemoryBucket();
    let open: Promise<void> = Promise.resolve();
    const inner = {
      ...memory,
      get: async (...asked: Parameters<Bucket["get"]>) => open.then(() => memory.get(...asked)),
    };
    api = await startApi({ inner });
    let release = (): void => undefined;
    open = new Promise((resolve) => {
      release = resolve;
    });
    const ahead = api.post({ ...testUpdate(1, 1), after: toTimestamp(Date.now() + 3_600_000) });
    await api.host.platform.wait(100);
    const beside = api.post(testUpdate(1, 2));
    await api.host.platform.wait(100);
    release();
    const answers = await Promise.all([ahead, beside]);
    for (const { status, body } of answers) expect([status, body]).toMatchObject([429, { is: "later" }]);
  });

  it("says later, not never, while the bucket gives no clear answer", async () => {
    const bucket = createFaultyBucket(createMemoryBucket(), { random: Math.random });
    api = await startApi({ inner: bucket, settings: { attemptsMax: 2 } });
    bucket.setChances({ writeLost: 1 });
    const answer = await api.post(testUpdate(1, 1));
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ is: "later", reason: expect.stringContaining("no clear answer") });
  });

  it("goes on with an app's next update where another server has settled the one before", async () => {
    const shared = createMemoryBucket();
    const faulty = createFaultyBucket(shared, { random: Math.random });
    const other = await startApi({ inner: shared });
    api = await startApi({ inner: faulty, settings: { attemptsMax: 2 } });
    await api.post(testUpdate(1, 1));
    faulty.setChances({ writeLost: 1 });
    expect((await api.post(testUpdate(1, 2))).body).toMatchObject({ is: "later" });
    expect((await other.post(testUpdate(1, 2))).body).toMatchObject({ is: "stored" });
    faulty.setChances({ writeLost: 0 });
    expect((await api.post(testUpdate(1, 3))).body).toMatchObject({ is: "stored" });
    await other.close();
  });

  it("takes no more bodies at once than it has room for", async () => {
    api = await startApi({ settings: { updatesAtOnceMax: 1 } });
    const ahead = { ...testUpdate(1, 1), after: toTimestamp(Date.now() + 5_300) };
    const answers = await Promise.all([ahead, testUpdate(2, 1)].map((update) => api.post(update)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429]);
  });

  it("upcasts what an older model version made before its schema looks at it", async () => {
    const renamed = defineModel({
      name: "pairs",
      version: 2,
      state: { pairs: table<{ readonly value: unknown }>() },
      actions: (action) => ({
        put: action(z.object({ name: z.string(), value: z.unknown() }), (state, { name, value }) => {
          state.pairs.set(name, { value });
        }),
      }),
      upcasters: { put: { 1: (old: { key?: unknown }) => ({ ...old, name: old.key }) } },
      migrate: { 1: (old) => old },
    });
    api = await startApi({ models: renamed as unknown as Model<unknown> });
    expect((await api.post(testUpdate(1, 1))).status).toBe(200);
    const current = await api.post({ ...testUpdate(1, 2), modelVersion: 2 });
    expect(current.body).toMatchObject({ is: "rejected", reason: expect.stringContaining("name") });
  });

  it("notes who sent it by the token's word, never by the sender's", async () => {
    api = await startApi({
      // Who has no name may own no app id, and is let in here all the same.
      appOwners: "off",
      authenticate: (request) => ({ sub: request.headers.get("authorization") === "Bearer a" ? "ada" : 7 }),
    });
    await api.post({ ...testUpdate(1, 1), principal: "eve" }, { authorization: "Bearer a" });
    await api.post({ ...testUpdate(2, 1), principal: "eve" });
    const tail = parseTailAnswer((await api.call(`${main}/tail`)).body);
    expect(tail.ok && tail.value.updates.map(({ principal }) => principal)).toEqual(["ada", undefined]);
  });

  it("lets no app queue up more than a few updates at once", async () => {
    api = await startApi({ settings: { appUpdatesAtOnceMax: 2 } });
    const ahead = { ...testUpdate(1, 1), after: toTimestamp(Date.now() + 5_300) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.post(ahead)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
    const busy = answers.find(({ status }) => status === 429);
    expect(busy?.body).toMatchObject({ is: "later" });
    expect(busy?.headers["retry-after"]).toBe("1");
  });
});

describe("An update that is none", () => {
  const updates = `${main}/updates`;
  const json = { "content-type": "application/json" };
  const edited = (changes: object) => JSON.stringify({ ...encodeUpdate(testUpdate(1, 1)), ...changes });
  const action = (data: unknown, name = "put") => ({
    actions: [{ ...testUpdate(1, 1).actions[0], name, data }],
  });

  it("is refused as no JSON where it is a web page, cut, empty or in another encoding: an error, since another try may differ", async () => {
    api = await startApi();
    const whole = edited({});
    const wrong = [
      "<!doctype html><title>Hi</title>",
      whole.slice(0, whole.length / 2),
      "",
      "{",
      "undefined",
    ];
    for (const body of [...wrong, Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d)]) {
      const answer = await api.call(updates, { method: "POST", headers: json, body });
      expect([answer.status, kindOf(answer)]).toEqual([400, "rejected"]);
    }
  });

  it("is refused where it is not said to be JSON", async () => {
    api = await startApi();
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "text/html",
      "application/jsonp",
    ]) {
      const answer = await api.call(updates, {
        method: "POST",
        headers: { "content-type": type },
        body: edited({}),
      });
      expect([answer.status, kindOf(answer)]).toEqual([415, "rejected"]);
    }
    const utf8 = { "content-type": "application/json; charset=utf-8" };
    expect((await api.call(updates, { method: "POST", headers: utf8, body: edited({}) })).status).toBe(200);
  });

  it("is refused as too long without being read to its end, announced or not", async () => {
    api = await startApi();
    const announced = await api.post(edited({ pad: big(600_000) }));
    expect([announced.status, kindOf(announced)]).toEqual([413, "limit"]);
    const chunked = { ...json, "transfer-encoding": "chunked" };
    const streamed = await api.call(updates, {
      method: "POST",
      headers: chunked,
      body: edited({ pad: big(600_000) }),
    });
    expect([streamed.status, kindOf(streamed)]).toEqual([413, "limit"]);
  });

  it("is rejected for good where it breaks a limit of the store", async () => {
    api = await startApi();
    const value = (length: number) => action({ key: "k", value: big(length) });
    const many = Array.from({ length: 1_001 }, () => ({ key: "k", value: 1 }));
    const five = Array.from({ length: 5 }, () => ({ key: "k", value: big(60_000) }));
    for (const body of [
      edited(value(70_000)),
      JSON.stringify(encodeUpdate(testUpdate(1, 1, many))),
      JSON.stringify(encodeUpdate(testUpdate(1, 1, five))),
    ]) {
      const answer = await api.post(body);
      expect([answer.status, answer.body]).toMatchObject([413, { is: "rejected" }]);
    }
  });

  it("is refused where its JSON is too deep, before anything walks through it", async () => {
    api = await startApi();
    const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const body = (levels: number) =>
      edited(action("DEEP")).replace('"DEEP"', `{"key":"k","value":${deep(levels)}}`);
    expect((await api.post(body(90))).status).toBe(200);
    expect((await api.post(body(105))).status).toBe(413);
    for (const levels of [200, 100_000]) expect((await api.post(body(levels))).status).toBe(400);
  });

  it("is rejected where a member is missing or of another kind, and says which", async () => {
    api = await startApi();
    const wrong: readonly (readonly [object, string])[] = [
      [{ id: "../../x" }, "id"],
      [{ app: "01" }, "app"],
      [{ seq: 0 }, "seq"],
      [{ seq: 1.5 }, "seq"],
      [{ after: "yesterday" }, "after"],
      [{ modelVersion: -1 }, "modelVersion"],
      [{ actions: {} }, "actions"],
      [{ actions: [{ id: "x", name: "put" }] }, "actions[0].id"],
      [{ format: "something else" }, "format"],
    ];
    for (const [changes, member] of wrong) {
      const answer = await api.post(edited(changes));
      expect([answer.status, answer.body]).toMatchObject([
        422,
        { is: "rejected", reason: expect.stringContaining(member) },
      ]);
    }
    for (const body of ["null", "[]", '"x"', "7"]) expect((await api.post(body)).status).toBe(422);
  });

  it("is rejected where a schema refuses an action, by name and path and without its data", async () => {
    api = await startApi();
    const answer = await api.post(edited(action({ key: { secret: "hush" }, value: 1 })));
    expect([answer.status, answer.body]).toMatchObject([
      422,
      { reason: expect.stringMatching(/action 1 \(put\): key/) },
    ]);
    expect(textOf(answer)).not.toContain("hush");
    for (const name of ["unknown", "snapshotLoaded", "__proto__", "constructor", "$x", ""]) {
      const unknown = await api.post(edited(action({ key: "k", value: 1 }, name)));
      expect([unknown.status, unknown.body]).toMatchObject([422, { is: "rejected" }]);
    }
  });

  it("is rejected where it spells a number that no number can hold, which would be stored as none", async () => {
    api = await startApi();
    for (const value of ["1e400", "-1e999", '{"a":[1,{"b":1e309}]}', `${"9".repeat(310)}`]) {
      const body = edited(action({ key: "k", value: "NUMBER" })).replace('"NUMBER"', value);
      const answer = await api.post(body);
      expect([answer.status, answer.body]).toMatchObject([
        422,
        { is: "rejected", reason: expect.stringMatching(/action 1 \(put\): .*number/) },
      ]);
    }
    const fine = edited(action({ key: "k", value: "NUMBER" })).replace('"NUMBER"', "[1e308,1e-400,-0]");
    expect((await api.post(fine)).status).toBe(200);
  });

  it("changes nobody's prototype", async () => {
    api = await startApi();
    const poison =
      '{"key":"k","value":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}';
    const whole = edited(action("POISON")).replace('"POISON"', poison);
    expect((await api.post(whole)).status).toBe(422);
    const outer = edited({}).replace("{", '{"__proto__":{"polluted":true,"seq":9},');
    expect((await api.post(outer)).status).toBe(200);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    await api.rollup();
    expect((await api.call(`${main}/head`)).status).toBe(200);
  });

  it("is rejected where its tagged values are none that the model knows", async () => {
    api = await startApi();
    for (const value of [{ $: "nowhere", v: 1 }, { $: 7 }, { $: "date", v: "soon" }, { $: "map", v: [[1]] }])
      expect((await api.post(edited(action({ key: "k", value })))).status).toBe(422);
  });

  it("is rejected where the model's own checks fail on it, and the server goes on", async () => {
    const luckless = (): never => {
      throw new Error("no luck");
    };
    const touchy = defineModel({
      name: "touchy",
      version: 2,
      state: { pairs: table<{ readonly value: unknown }>() },
      actions: (make) => ({
        put: make(z.object({ key: z.string() }).refine(luckless), () => undefined),
        putOld: make(z.object({ key: z.string() }), () => undefined),
      }),
      upcasters: { putOld: { 1: luckless } },
      migrate: { 1: (old) => old },
    });
    api = await startApi({ models: touchy as unknown as Model<unknown> });
    const schema = await api.post(testUpdate(1, 1));
    expect([schema.status, schema.body]).toMatchObject([422, { is: "rejected" }]);
    const upcaster = await api.post(edited(action({ key: "k" }, "putOld")));
    expect([upcaster.status, upcaster.body]).toMatchObject([
      422,
      { reason: expect.stringContaining("no luck") },
    ]);
    expect((await api.call("/healthz")).status).toBe(200);
  });

  it("waits where this server has no model for its store", async () => {
    api = await startApi({ models: () => null });
    const answer = await api.post(testUpdate(1, 1));
    expect([answer.status, answer.body]).toMatchObject([503, { is: "later" }]);
  });
});

describe("The head", () => {
  it("may be kept by shared caches for a second, and costs nothing while it is the same", async () => {
    api = await startApi();
    const head = await api.call(`${main}/head`);
    expect([head.status, head.headers["cache-control"]]).toEqual([200, "max-age=0, s-maxage=1"]);
    const etag = head.headers.etag ?? "";
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await api.call(`${main}/head`, { headers: { "if-none-match": given } });
      expect([again.status, again.bytes.length, again.headers.etag]).toEqual([304, 0, etag]);
    }
    expect((await api.call(`${main}/head`, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
    const bare = await api.call(`${main}/head`, { method: "HEAD" });
    expect([bare.status, bare.bytes.length, bare.headers.etag]).toEqual([200, 0, etag]);
  });

  it("is read once for all who ask within a second, and at once again by who asks past the caches", async () => {
    api = await startApi();
    await api.call(`${main}/head`);
    api.host.bucket.reset();
    await Promise.all(Array.from({ length: 20 }, () => api.call(`${main}/head`)));
    expect(api.host.bucket.counts().get).toBeLessThanOrEqual(1);
    api.host.bucket.reset();
    await api.call(`${main}/head`, { headers: { "cache-control": "no-cache" } });
    expect(api.host.bucket.counts().get).toBe(1);
  });

  it("comes packed to who takes it so, and plain to all others", async () => {
    api = await startApi();
    for (let i = 1; i <= 3; i++) await api.post(testUpdate(1, i, [{ key: "k", value: big(3_000) }]));
    await api.rollup();
    const get = (accept: string) => api.call(`${main}/head`, { headers: { "accept-encoding": accept } });
    const packed = await get("br, gzip");
    const plain = await get("br;q=1, gzip;q=0");
    expect([packed.headers["content-encoding"], plain.headers["content-encoding"]]).toEqual([
      "gzip",
      undefined,
    ]);
    expect(packed.headers.vary).toBe("accept-encoding, authorization");
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 4);
    expect(packed.body).toEqual(plain.body);
  });

  it("waits for news where it is asked to: for another head, for a hint, and no longer than was asked", async () => {
    api = await startApi({ settings: { hintGapMs: 0 } });
    await api.post(testUpdate(1, 1));
    const { etag = "" } = (await api.call(`${main}/head`)).headers;
    const wait = (seconds: number) =>
      api.call(`${main}/head?wait=${seconds}`, { headers: { "if-none-match": etag } });
    const beganAt = Date.now();
    expect((await wait(1)).status).toBe(304);
    expect(Date.now() - beganAt).toBeGreaterThan(900);
    const hintedAt = Date.now();
    let waits = true;
    const hinted = wait(20).finally(() => {
      waits = false;
    });
    // A hint of before it waits is none for it.
    for (let seq = 1; waits; seq++) {
      await api.post(testUpdate(2, seq));
      await api.host.platform.wait(100);
    }
    expect((await hinted).status).toBe(304);
    expect(Date.now() - hintedAt).toBeLessThan(20_000);
    const changedAt = Date.now();
    const changed = wait(20);
    await api.host.platform.wait(100);
    await api.rollup();
    expect((await changed).status).toBe(200);
    expect(Date.now() - changedAt).toBeLessThan(20_000);
    expect((await api.call(`${main}/head?wait=soon`)).status).toBe(400);
  });

  it("notices what others did to the store while somebody waits", async () => {
    api = await startApi({ settings: { watchDelayMs: 50, sharedMs: 20 } });
    await api.post(testUpdate(1, 1));
    const { etag = "" } = (await api.call(`${main}/head`)).headers;
    const waiting = api.call(`${main}/head?wait=20`, { headers: { "if-none-match": etag } });
    await api.host.platform.wait(50);
    const { createRollup } = await import("../../shared/drive/rollup.ts");
    await createRollup(api.host, { store: api.store }).round({ hint: true });
    expect((await waiting).status).toBe(200);
  });

  it("that is damaged is told as damage, and one that is gone as absent", async () => {
    const bucket = createMemoryBucket();
    api = await startApi({ inner: bucket });
    const key = headKey(api.store);
    const found = await bucket.get(key);
    if (found.is !== "found") throw new Error("no head");
    const content = { contentType: "application/json", cacheControl: "" };
    await bucket.putIfMatch(key, { ...content, body: new TextEncoder().encode("{}") }, found.etag);
    const damaged = await api.call(`${main}/head`);
    expect([damaged.status, kindOf(damaged)]).toEqual([500, "corrupt"]);
    await bucket.delete([key]);
    const absent = await api.call(`${main}/head`, { headers: { "cache-control": "no-cache" } });
    expect([absent.status, kindOf(absent)]).toEqual([404, "absent"]);
  });
});

describe("The tail", () => {
  it("holds what is stored and not published, in order and without copies", async () => {
    api = await startApi({ settings: { sharedMs: 10 } });
    await api.post(testUpdate(2, 1));
    await api.post(testUpdate(1, 1));
    await api.post(testUpdate(2, 1));
    const answer = await api.call(`${main}/tail`);
    const tail = parseTailAnswer(answer.body);
    if (!tail.ok) throw new Error(tail.reason);
    expect(tail.value.updates.map(({ id }) => id)).toEqual([testUpdate(2, 1).id, testUpdate(1, 1).id]);
    const etag = answer.headers.etag ?? "";
    expect((await api.call(`${main}/tail`, { headers: { "if-none-match": etag } })).status).toBe(304);
    await api.rollup();
    await api.post(testUpdate(3, 1));
    const later = parseTailAnswer((await api.call(`${main}/tail`)).body);
    expect(later.ok && later.value.updates.map(({ id }) => id)).toEqual([testUpdate(3, 1).id]);
    expect(later.ok && later.value.rev).toBeGreaterThan(tail.value.rev);
  });

  it("is read at most once a second for all clients, and never misses what was stored here before it was asked for", async () => {
    api = await startApi();
    await api.call(`${main}/tail`);
    const beganAt = Date.now();
    api.host.bucket.reset();
    for (let i = 1; i <= 5; i++) {
      await api.post(testUpdate(1, i));
      const tails = await Promise.all([0, 1, 2, 3].map(() => api.call(`${main}/tail?rev=1`)));
      for (const { body } of tails) {
        const tail = parseTailAnswer(body);
        expect(tail.ok && tail.value.updates.length).toBe(i);
      }
      if (i === 3) break;
    }
    expect(api.host.bucket.counts().list).toBeLessThanOrEqual(Math.ceil((Date.now() - beganAt) / 1_000) + 1);
  });

  it("is read anew for who holds a newer head", async () => {
    api = await startApi({ settings: { sharedMs: 300 } });
    await api.post(testUpdate(1, 1));
    await api.call(`${main}/tail`);
    const { createRollup } = await import("../../shared/drive/rollup.ts");
    await api.host.platform.wait(3);
    const { known } = await createRollup(api.host, { store: api.store }).round({ hint: true });
    const tail = parseTailAnswer((await api.call(`${main}/tail?rev=${known.head.rev}`)).body);
    expect(tail.ok && [tail.value.rev, tail.value.updates.length]).toEqual([known.head.rev, 0]);
  });

  it("is cut where it is too long, and says so", async () => {
    api = await startApi({ settings: { tailBytesMax: 1_000, sharedMs: 1 } });
    for (let i = 1; i <= 9; i++) await api.post(testUpdate(1, i));
    const tail = parseTailAnswer((await api.call(`${main}/tail`)).body);
    if (!tail.ok) throw new Error(tail.reason);
    expect(tail.value.cut).toBe(true);
    expect(tail.value.updates.map(({ seq }) => seq)).toEqual(
      Array.from({ length: tail.value.updates.length }, (_, i) => i + 1),
    );
  });
});

describe("Immutable objects", () => {
  async function filled(): Promise<readonly string[]> {
    api = await startApi({
      settings: { snapshotBytesMin: 1, snapshotAgeMs: 0, segmentsListedAim: 1, gzipBytesMin: 600 },
    });
    for (let i = 1; i <= 6; i++) {
      await api.post(testUpdate(1, i, [{ key: `k${i}`, value: big(2_000) }]));
      await api.rollup();
    }
    const { objects } = await api.host.bucket.list("");
    return objects.map(({ key }) => key);
  }

  it("come as the bucket holds them, for ever, packed only to who takes it so", async () => {
    const keys = await filled();
    const kinds = ["segments", "snapshots", "marks", "indexes"];
    for (const kind of kinds) {
      const key = keys.find((one) => one.startsWith(`${kind}/`)) ?? "";
      const path = `${main}/${kind}/${key.split("/")[2]}`;
      const stored = await api.host.bucket.get(key);
      if (stored.is !== "found") throw new Error(`no ${kind}`);
      const packed = await api.call(path, { headers: { "accept-encoding": "gzip" } });
      const plain = await api.call(path);
      expect([packed.status, packed.headers["cache-control"]]).toEqual([200, "max-age=31536000, immutable"]);
      expect(packed.bytes.equals(stored.body)).toBe(true);
      expect(packed.headers["content-encoding"]).toBe(stored.body[0] === 0x1f ? "gzip" : undefined);
      expect(plain.headers["content-encoding"]).toBeUndefined();
      expect(plain.body).toEqual(packed.body);
    }
    expect(keys.some((key) => key.startsWith("segments/"))).toBe(true);
  });

  it("are given out by no name that leads anywhere else", async () => {
    const keys = await filled();
    const name = keys.find((key) => key.startsWith("segments/"))?.split("/")[2] ?? "";
    const raw = builtKey({ kind: "sweeps", store: api.store, through: toTimestamp(0), rev: 1, nonce: "n" });
    const wrong = [
      `${main}/segments/..%2f..%2fheads%2fmain.json`,
      `${main}/segments/%2e%2e%2f%2e%2e%2fheads%2fmain.json`,
      `${main}/segments/../../../heads/main.json`,
      `${main}/segments/..\\..\\heads\\main.json`,
      `${main}/segments/${name}%00`,
      `${main}/segments/${name}/..`,
      `${main}/segments/%ff`,
      `${main}/segments/__proto__`,
      `${main}/segments/`,
      `${main}/snapshots/${name}`,
      `${main}/sweeps/${raw.split("/")[2]}`,
      `${main}/updates/${name}`,
      `/v1/stores/other/segments/${name}`,
      `/v1/stores/main%2f..%2fmain/segments/${name}`,
      `/v1/stores/../main/segments/${name}`,
      `//heads/main.json`,
      `/heads/main.json`,
    ];
    for (const path of wrong) {
      const answer = await api.call(path);
      expect([path, answer.status >= 400 && answer.status < 500]).toEqual([path, true]);
      expect((answer.body as { error?: unknown }).error).toBeDefined();
    }
  });

  it("that are damaged are said to be so to who cannot take them packed, and handed on to who can", async () => {
    const keys = await filled();
    const key = keys.find((one) => one.startsWith("snapshots/")) ?? "";
    await api.host.bucket.delete([key]);
    const body = Uint8Array.of(0x1f, 0x8b, 1, 2, 3);
    await api.host.bucket.putIfAbsent(key, { body, contentType: "application/json", cacheControl: "" });
    const answer = await api.call(`${main}/snapshots/${key.split("/")[2]}`);
    expect([answer.status, kindOf(answer)]).toEqual([500, "corrupt"]);
  });
});

describe("Making a store", () => {
  it("says 201 to who made it and 200 to all others, and then it takes updates", async () => {
    api = await startApi();
    const put = () => api.call("/v1/stores/family", { method: "PUT" });
    expect((await api.call("/v1/stores/family/head")).status).toBe(404);
    const both = await Promise.all([put(), put()]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect([(await put()).status, (await put()).body]).toEqual([200, { store: "family", made: false }]);
    expect((await api.call("/v1/stores/family/head")).status).toBe(200);
  });

  it("takes no id that is none", async () => {
    api = await startApi();
    for (const id of ["Family", "-x", "a b", "%2e%2e", "..%2fx", "a".repeat(65), "%ff", "é"].map(encodeURI))
      for (const [method, path] of [
        ["PUT", `/v1/stores/${id}`],
        ["GET", `/v1/stores/${id}/head`],
        ["POST", `/v1/stores/${id}/updates`],
      ] as const) {
        const { status } = await api.call(path, { method });
        expect([id, status === 400 || status === 404]).toEqual([id, true]);
      }
  });

  it("is all there is to do for a store that is not there: everything else says that it is absent", async () => {
    api = await startApi();
    for (const path of ["head", "tail", "live"]) {
      const answer = await api.call(`/v1/stores/nowhere/${path}`);
      expect([path, answer.status, kindOf(answer)]).toEqual([path, 404, "absent"]);
    }
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(encodeUpdate(testUpdate(1, 1)));
    const sent = await api.call("/v1/stores/nowhere/updates", { method: "POST", headers, body });
    expect([sent.status, kindOf(sent)]).toEqual([404, "absent"]);
  });
});

describe("Who may", () => {
  const routes: readonly (readonly [string, string, Intent])[] = [
    ["POST", `${main}/updates`, "write"],
    ["POST", `${main}/credentials`, "write"],
    ["POST", `${main}/pass`, "read"],
    ["PUT", main, "create"],
    ["GET", `${main}/head`, "read"],
    ["GET", `${main}/tail`, "read"],
    ["GET", `${main}/live`, "read"],
    ["GET", `${main}/segments/x`, "read"],
    ["GET", `${main}/snapshots/x`, "read"],
    ["GET", `${main}/marks/x`, "read"],
    ["GET", `${main}/indexes/x`, "read"],
  ];

  it("is nobody, unless something allows it", async () => {
    api = await startApi({ authorize: undefined as never });
    for (const [method, path] of routes) {
      const answer = await api.call(path, { method });
      expect([path, answer.status, kindOf(answer)]).toEqual([path, 401, "unauthorized"]);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
  });

  it("is asked with claims, store and intent, before anything of the store is touched", async () => {
    const asked: string[] = [];
    api = await startApi({
      authenticate: () => ({ sub: "ada" }),
      authorize({ claims, storeId, intent }) {
        asked.push(`${claims?.sub} ${storeId} ${intent}`);
        return false;
      },
    });
    api.host.bucket.reset();
    for (const [method, path] of routes) {
      const answer = await api.call(path, { method });
      expect([path, answer.status, kindOf(answer)]).toEqual([path, 403, "unauthorized"]);
    }
    expect(asked).toEqual(routes.map(([, , intent]) => `ada main ${intent}`));
    expect(api.host.bucket.counts()).toMatchObject({ get: 0, put: 0, list: 0 });
  });

  it("is told nothing of a token that fails, nor of hooks that do", async () => {
    const secret = "token-4711";
    api = await startApi({
      authenticate(request) {
        if (request.headers.get("authorization") === "Bearer old")
          throw new StoreError({ kind: "unauthorized", what: "The token has ended", fix: "Get another." });
        throw new Error(`cannot parse ${secret}`);
      },
    });
    const old = await api.call(`${main}/head`, { headers: { authorization: "Bearer old" } });
    expect([old.status, textOf(old)]).toEqual([401, expect.stringContaining("has ended")]);
    const failed = await api.call(`${main}/head`, { headers: { authorization: `Bearer ${secret}` } });
    expect(failed.status).toBe(500);
    expect(textOf(failed)).not.toMatch(/4711|Error|\bat /);
  });

  it("may be told by the hook itself why not, in its own words", async () => {
    let claims: { sub: string } | null = { sub: "ada" };
    api = await startApi({
      authenticate: () => claims,
      authorize() {
        throw new StoreError({ kind: "unauthorized", what: "The trial is over", fix: "Buy it." });
      },
    });
    const known = await api.call(`${main}/head`);
    expect([known.status, textOf(known)]).toEqual([403, expect.stringMatching(/The trial is over.*Buy it/)]);
    claims = null;
    const unknown = await api.call(`${main}/head`);
    expect([unknown.status, unknown.headers["www-authenticate"]]).toEqual([401, "Bearer"]);
  });

  it("is nobody in particular where the hook answers nothing", async () => {
    const asked: unknown[] = [];
    api = await startApi({
      authenticate: () => undefined as never,
      authorize: ({ claims }) => asked.push(claims) === 0,
    });
    expect((await api.call(`${main}/head`)).status).toBe(401);
    expect(asked).toEqual([null]);
  });

  it("may be anybody where the address needs no store", async () => {
    api = await startApi({ authorize: undefined as never });
    for (const path of ["/healthz", "/v1/time", "/v1/openapi.json"])
      expect((await api.call(path)).status).toBe(200);
  });
});

describe("The server", () => {
  it("tells its time, its health and its own description", async () => {
    api = await startApi();
    const time = (await api.call("/v1/time")).body as { now: string };
    expect(time.now).toMatch(/^\d{8}T\d{6}\.\d{3}Z$/);
    expect((await api.call("/healthz")).body).toEqual({ ok: true });
    expect((await api.call("/v1/openapi.json")).body).toEqual(openApiDocument);
  });

  it("answers JSON at every address that is none, and names the methods where only that was wrong", async () => {
    api = await startApi();
    for (const path of [
      "/",
      "/v1",
      "/v2/stores/main/head",
      `${main}/head/more`,
      "/index.html",
      "/.env",
      `${main}/`,
    ]) {
      const answer = await api.call(path);
      expect([path, answer.status, kindOf(answer)]).toEqual([path, 404, "rejected"]);
    }
    const wrong: readonly (readonly [string, string, string])[] = [
      ["DELETE", main, "PUT"],
      ["GET", `${main}/updates`, "POST"],
      ["POST", `${main}/head`, "GET, HEAD"],
      ["PATCH", "/healthz", "GET, HEAD"],
      ["OPTIONS", `${main}/head`, "GET, HEAD"],
    ];
    for (const [method, path, allow] of wrong) {
      const answer = await api.call(path, { method });
      expect([answer.status, answer.headers.allow, kindOf(answer)]).toEqual([405, allow, "rejected"]);
    }
  });

  it("keeps its log: a line a request, with nothing of the bodies, the queries or the tokens", async () => {
    api = await startApi();
    await api.post(testUpdate(1, 1, [{ key: "hush", value: "hush" }]), { authorization: "Bearer hush" });
    await api.call(`${main}/head?hush=hush`);
    await api.call(`${main}/hush`);
    await api.call("/v1/stores/nowhere/head");
    expect(api.log.map(({ method, route, store, status }) => [method, route, store, status])).toEqual([
      ["POST", "/v1/stores/:store/updates", "main", 200],
      ["GET", "/v1/stores/:store/head", "main", 200],
      ["GET", null, null, 404],
      ["GET", "/v1/stores/:store/head", "nowhere", 404],
    ]);
    expect(JSON.stringify(api.log)).not.toContain("hush");
    for (const { ms, at } of api.log)
      expect([ms >= 0, Math.abs(Date.now() - at) < 30_000]).toEqual([true, true]);
  });

  it("says only that it failed where its bucket does, and its log says why", async () => {
    const bucket = createMemoryBucket();
    let broken = false;
    const inner = {
      ...bucket,
      async get(...args: Parameters<typeof bucket.get>) {
        if (broken)
          throw new StoreError({ kind: "unauthorized", what: "s3://secret refused us", fix: "Sign in." });
        return bucket.get(...args);
      },
    };
    api = await startApi({ inner });
    broken = true;
    const answer = await api.call(`${main}/head`);
    expect([answer.status, kindOf(answer)]).toEqual([503, "unavailable"]);
    expect(answer.headers["retry-after"]).toBe("1");
    expect(textOf(answer)).not.toContain("secret");
    expect(api.log.at(-1)?.trouble).toContain("s3://secret refused us");
  });

  it("lets no page of another origin in, unless told to", async () => {
    api = await startApi();
    const origin = { origin: "https://app.example.org" };
    expect(
      (await api.call(`${main}/head`, { headers: origin })).headers["access-control-allow-origin"],
    ).toBeUndefined();
    await api.close();
    api = await startApi({ corsOrigins: ["https://app.example.org"] });
    const head = await api.call(`${main}/head`, { headers: origin });
    expect(head.headers["access-control-allow-origin"]).toBe("https://app.example.org");
    expect(head.headers["access-control-expose-headers"]?.toLowerCase()).toContain("date");
    const other = await api.call(`${main}/head`, { headers: { origin: "https://evil.example.org" } });
    expect(other.headers["access-control-allow-origin"]).toBeUndefined();
    const response = await fetch(`${api.url}${main}/updates`, {
      method: "OPTIONS",
      headers: { ...origin, "access-control-request-method": "POST" },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
  });

  it("answers to its own names alone where it was given some", async () => {
    api = await startApi({ hostNames: ["localhost", "127.0.0.1"] });
    const as = (host: string) => api.call(`${main}/head`, { headers: { host } });
    expect([(await as("127.0.0.1:1")).status, (await as("LOCALHOST")).status]).toEqual([200, 200]);
    for (const host of ["evil.example.org", "127.0.0.1.evil.org", "localhost.evil.org:80"])
      expect((await as(host)).status).toBe(421);
  });

  it("has a description that its checker would find fault with", () => {
    const wrong = {
      method: "GET",
      path: `${main}/head`,
      status: 200,
      contentType: "application/json",
      body: {},
    };
    expect(findOpenApiFaults(openApiDocument, wrong).length).toBeGreaterThan(5);
    const faults = (changes: object) => findOpenApiFaults(openApiDocument, { ...wrong, ...changes });
    expect(faults({ status: 418 })).toEqual([expect.stringContaining("no such status")]);
    expect(faults({ contentType: "text/html" })).toEqual([expect.stringContaining("text/html")]);
    expect(faults({ path: "/v1/nothing" })).toEqual([expect.stringContaining("no such path")]);
    expect(faults({ path: "/v1/time", body: { now: "20261121T090503.209Z", more: 1 } })).toHaveLength(1);
  });
});

describe("Live hints", () => {
  async function listen(): Promise<{
    text(): string;
    until(shape: RegExp): Promise<void>;
    stop(): Promise<void>;
    ended: Promise<unknown>;
  }> {
    const abort = new AbortController();
    const response = await fetch(`${api.url}${main}/live`, { signal: abort.signal });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    let text = "";
    const reader = (response.body ?? new ReadableStream()).getReader();
    const ended = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "closed";
        text += new TextDecoder().decode(value);
      }
    })().catch(() => "cut");
    return {
      text: () => text,
      async until(shape) {
        while (!shape.test(text)) await api.host.platform.wait(5);
      },
      async stop() {
        abort.abort();
        await ended;
      },
      ended,
    };
  }

  it("come to all who listen when something was stored or published, and carry nothing", async () => {
    api = await startApi({ settings: { hintGapMs: 20 } });
    const [a, b] = [await listen(), await listen()];
    await a.until(/: live/);
    await api.post(testUpdate(1, 1));
    await Promise.all([a.until(/hint/), b.until(/hint/)]);
    await api.rollup();
    await a.until(/hint\n[\s\S]*hint\n/);
    expect(a.text().replace(/: live\n\n|event: hint\ndata: \n\n/g, "")).toBe("");
    await Promise.all([a.stop(), b.stop()]);
  });

  it("become few where much happens at once", async () => {
    api = await startApi({ settings: { hintGapMs: 300 } });
    const listening = await listen();
    await listening.until(/: live/);
    const beganAt = Date.now();
    await Promise.all(Array.from({ length: 20 }, (_, i) => api.post(testUpdate(i + 1, 1))));
    await api.host.platform.wait(400);
    const hints = (listening.text().match(/hint/g) ?? []).length;
    expect(hints).toBeLessThanOrEqual(1 + (Date.now() - beganAt) / 300);
    expect(hints).toBeLessThan(20);
    await listening.stop();
  });

  it("are kept alive by a heartbeat, and end after a while so that tokens are looked at again", async () => {
    const clock = { aheadMs: 0 };
    const platform = { ...createNodePlatform(), now: () => Date.now() + clock.aheadMs };
    api = await startApi({ platform, settings: { heartbeatMs: 20, liveMsMax: 600_000 } });
    const listening = await listen();
    await listening.until(/: here/);
    clock.aheadMs = 600_000;
    expect(await listening.ended).toBe("closed");
  });

  it("are for a bounded number, who leave a place when they go", async () => {
    api = await startApi({ settings: { liveMax: 1 } });
    const first = await listen();
    const second = await api.call(`${main}/live`);
    expect([second.status, second.headers["retry-after"]]).toEqual([429, "1"]);
    await first.stop();
    for (;;) {
      const response = await fetch(`${api.url}${main}/live`);
      await response.body?.cancel();
      if (response.status === 200) break;
      await api.host.platform.wait(10);
    }
  });

  it("end well when the server closes, and so do those who wait for a head", async () => {
    let asked = 0;
    api = await startApi({
      authorize() {
        asked += 1;
        return true;
      },
    });
    await api.post(testUpdate(1, 1));
    const listening = await listen();
    await listening.until(/: live/);
    const { etag = "" } = (await api.call(`${main}/head`)).headers;
    const before = asked;
    const waiting = api.call(`${main}/head?wait=25`, { headers: { "if-none-match": etag } });
    // It has arrived; a moment later it waits.
    await expect.poll(() => asked).toBe(before + 1);
    await api.host.platform.wait(100);
    const beganAt = Date.now();
    await api.close();
    expect(await listening.ended).toBe("closed");
    expect((await waiting).status).toBe(304);
    expect(Date.now() - beganAt).toBeLessThan(20_000);
    await expect(callApi(api.url, "/healthz")).rejects.toThrow(/ECONNREFUSED/);
  });
});
