/** The bundled Lambdas, run by Node 24 with AWS's sample events against a real S3 server: an update's way through an account. */
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse } from "aws-lambda";
import { expect, it } from "vitest";
import { httpRemote } from "../../client/remote/http.ts";
import { listStores } from "../../shared/drive/store.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { testStoreId, testUpdate } from "../fixtures/store-host.ts";
import { countRequests } from "./lambda-process.ts";
import { describeLambdas } from "./node24.ts";
import {
  httpEvent,
  queueEvent,
  sampleHttpEvent,
  sampleObjectEvent,
  sampleQueueEvent,
  sampleScheduledEvent,
  sampleTestNotification,
  sampleUrlEvent,
} from "./sample-events.ts";
import { lambdaFetch, noGrace, openClient, responseOf, storeTodo, useWorld, type World } from "./world.ts";

type Answer = APIGatewayProxyStructuredResultV2;

const ok = { batchItemFailures: [] };

describeLambdas("The Lambdas", () => {
  let world: World;
  const { start } = useWorld((made) => {
    world = made;
  });

  it("take an update in, publish it by the queue, and give it back to another client", async () => {
    const api = await start("api", noGrace);
    const rollup = await start("rollup", noGrace);
    const anna = openClient(api, () => world.token());
    const made = anna.do.addTodo({ id: "t1", title: "Milk" });
    await anna.sync.now();
    await made.stored;

    const { answer, metrics } = await rollup.invoke<SQSBatchResponse>(queueEvent(await world.entries()));
    expect(answer).toEqual(ok);
    expect(metrics).toMatchObject({ UpdatesPublished: 1, DeadLetters: 0, SetAside: 0, RoundTroubles: 0 });
    expect(metrics?.OldestUnpublishedAgeMs).toBeGreaterThan(0);

    await anna.sync.now();
    await made.published;
    const bert = openClient(api, () => world.token({ role: "reader", subject: "bert" }));
    await bert.sync.now();
    expect(bert.confirmedState.todos.get("t1")).toEqual({ title: "Milk", done: false });
    expect(await world.audit()).toEqual({ findings: [], updates: 1 });
    await Promise.all([anna.close(), bert.close()]);
  });

  it("publish by the sweep what the queue has lost, in every store, and measure it", async () => {
    const api = await start("api", noGrace);
    const stores = ["family", "team-a", "team-b"];
    const admin = httpRemote("https://id.execute-api.us-east-1.amazonaws.com", {
      fetch: lambdaFetch(api),
      token: () => world.token({ role: "admin" }),
    });
    expect(await Promise.all([admin.create("team-a"), admin.create("team-b")])).toEqual([true, true]);
    expect(await listStores(world.host)).toEqual(stores);
    for (const store of stores) {
      const client = openClient(api, () => world.token(), store);
      client.do.addTodo({ id: "t1", title: store });
      await client.sync.now();
      await client.close();
    }
    const sweep = await start("sweep", noGrace);
    // A sweep does not wait for the seal, as the queue's rollup does.
    await world.untilSealed();
    const first = await sweep.invoke(sampleScheduledEvent);
    expect(first.metrics).toMatchObject({ StoresChecked: 3, UpdatesPublished: 3, RoundTroubles: 0 });
    expect(first.metrics?.OldestUnpublishedAgeMs).toBeGreaterThan(0);
    const second = await sweep.invoke(sampleScheduledEvent);
    expect(second.metrics).toMatchObject({
      StoresChecked: 3,
      UpdatesPublished: 0,
      OldestUnpublishedAgeMs: 0,
    });
    for (const store of stores)
      expect(await world.audit(testStoreId(store))).toEqual({ findings: [], updates: 1 });
  });

  it("turn through all stores, so many at a time", async () => {
    const api = await start("api", noGrace);
    const admin = httpRemote("https://id.execute-api.us-east-1.amazonaws.com", {
      fetch: lambdaFetch(api),
      token: () => world.token({ role: "admin" }),
    });
    await admin.create("team-a");
    const sweep = await start("sweep", { ...noGrace, ICECORE_SWEEP_STORES: "1" });
    const { metrics } = await sweep.invoke(sampleScheduledEvent);
    expect(metrics).toMatchObject({ StoresChecked: 1 });
  });

  it("answer the documented samples as they stand: an unknown address, an entry that is no notification, an odd object", async () => {
    const api = await start("api");
    for (const sample of [sampleHttpEvent, sampleUrlEvent]) {
      const { answer } = await api.invoke<Answer>(sample);
      expect(answer).toMatchObject({ statusCode: 404, isBase64Encoded: false });
      expect(JSON.parse(answer.body ?? "")).toMatchObject({ error: { kind: "rejected" } });
    }
    const rollup = await start("rollup");
    const unread = await rollup.invoke<SQSBatchResponse>(sampleQueueEvent);
    expect(unread.answer).toEqual({
      batchItemFailures: [{ itemIdentifier: sampleQueueEvent.Records[0]?.messageId }],
    });
    expect(unread.log.map(({ message }) => message)).toEqual(["An entry of the queue cannot be read"]);
    const odd = await rollup.invoke<SQSBatchResponse>(
      queueEvent([
        { id: "odd", body: JSON.stringify(sampleObjectEvent) },
        { id: "test", body: JSON.stringify(sampleTestNotification) },
      ]),
    );
    expect(odd.answer).toEqual(ok);
    expect(odd.requests).toEqual([]);
  });

  it("take bodies in base64, give long ones packed, and know a stage before the path", async () => {
    const api = await start("api", noGrace);
    const authorization = `Bearer ${await world.token()}`;
    const text = "x".repeat(6_000);
    const { actions, ...update } = testUpdate(1, 1, [{ id: "t1", title: text }]);
    const named = actions.map((action) => ({ ...action, name: "addTodo" }));
    const body = JSON.stringify(encodeUpdate({ ...update, actions: named }));
    const event = httpEvent({
      method: "POST",
      path: "/test/v1/stores/family/updates",
      headers: {
        "Content-Type": "application/json",
        Authorization: authorization,
        "Accept-Encoding": "gzip",
      },
      body: Buffer.from(body).toString("base64"),
      base64: true,
    });
    const staged = { ...event, requestContext: { ...event.requestContext, stage: "test" } };
    const stored = await api.invoke<Answer>(staged);
    expect(await responseOf(stored.answer).json()).toMatchObject({ is: "stored" });

    const tail = await api.invoke<Answer>(
      httpEvent(
        { path: "/v1/stores/family/tail", headers: { authorization, "accept-encoding": "br, gzip" } },
        sampleUrlEvent,
      ),
    );
    expect(tail.answer).toMatchObject({ statusCode: 200, isBase64Encoded: true });
    expect(tail.answer.headers).toMatchObject({
      "content-encoding": "gzip",
      vary: "accept-encoding, authorization",
    });
    expect(JSON.stringify(await responseOf(tail.answer).json())).toContain(text);
    for (const name of Object.keys(tail.answer.headers ?? {})) expect(name).toBe(name.toLowerCase());
    const plain = await api.invoke<Answer>(
      httpEvent({ path: "/v1/stores/family/tail", headers: { authorization } }),
    );
    expect(plain.answer).toMatchObject({ statusCode: 200, isBase64Encoded: false });
    const etag = String(plain.answer.headers?.etag);
    const again = await api.invoke<Answer>(
      httpEvent({ path: "/v1/stores/family/tail", headers: { authorization, "if-none-match": etag } }),
    );
    expect(again.answer).toMatchObject({ statusCode: 304, body: "" });
  });

  it("keep to the budgets when warm: an update 1 PUT and 1 GET, a round 1 GET, 2 swaps, 1 LIST, 1 GET an update and 1 PUT", async () => {
    const api = await start("api", noGrace);
    const rollup = await start("rollup", noGrace);
    const counts: unknown[] = [];
    for (let round = 1; round <= 3; round++) {
      for (let app = 1; app <= 2; app++) {
        const { requests } = await storeTodo(api, { token: await world.token(), app, seq: round });
        counts.push(countRequests(requests));
      }
      await world.untilSealed();
      const { answer, requests } = await rollup.invoke(queueEvent(await world.entries()));
      expect(answer).toEqual(ok);
      counts.push(countRequests(requests));
    }
    const stored = { PUT: 1, GET: 1 };
    // The first update of an app also makes it its sender's, for good.
    const owned = { PUT: 2, GET: 1 };
    const warm = { GET: 3, PUT: 3, LIST: 1, DELETE: 1 };
    // … and a cold writer learns the bucket's clock.
    expect(counts.slice(0, 2)).toEqual([{ ...owned, GET: 2 }, owned]);
    expect(counts.slice(3)).toEqual([stored, stored, warm, stored, stored, warm]);
    // What a cold start asks for, it asks for once.
    expect(world.secrets.asked).toEqual(["tests/tokens"]);
    expect(countRequests(api.startRequests)).toEqual({ POST: 1 });
    expect(await world.audit()).toEqual({ findings: [], updates: 6 });
  });

  it("look at an idle store with 1 GET and 1 LIST, and at what came again no dearer", async () => {
    const api = await start("api", noGrace);
    const rollup = await start("rollup", noGrace);
    await storeTodo(api, { token: await world.token(), app: 1, seq: 1 });
    const entries = await world.entries();
    await rollup.invoke(queueEvent(entries));
    const again = await rollup.invoke(queueEvent(entries.map((entry) => ({ ...entry, received: 2 }))));
    expect(again.answer).toEqual(ok);
    expect(countRequests(again.requests)).toEqual({ GET: 1, LIST: 1 });
    const sweep = await start("sweep", noGrace);
    await sweep.invoke(sampleScheduledEvent);
    const { requests } = await sweep.invoke(sampleScheduledEvent);
    expect(countRequests(requests)).toEqual({ GET: 1, LIST: 1 });
  });

  it("wait for the seal where it is near, and let the queue bring it again where there is no time", async () => {
    const api = await start("api");
    const rollup = await start("rollup");
    await storeTodo(api, { token: await world.token(), app: 1, seq: 1 });
    const entries = await world.entries();
    const short = await rollup.invoke<SQSBatchResponse>(queueEvent(entries), { timeoutMs: 9_000 });
    expect(short.answer.batchItemFailures).toEqual(entries.map(({ id }) => ({ itemIdentifier: id })));
    expect(short.requests).toEqual([]);
    expect(short.metrics?.OldestUnpublishedAgeMs).toBeGreaterThan(0);
    const { answer } = await rollup.invoke(queueEvent(entries));
    expect(answer).toEqual(ok);
    expect(await world.audit()).toEqual({ findings: [], updates: 1 });
  });

  it("count an action that the model rejects once, however often it is folded", async () => {
    const api = await start("api", noGrace);
    const token = await world.token();
    await storeTodo(api, { token, app: 1, seq: 1, action: "fail" });
    const first = await (await start("rollup", noGrace)).invoke(queueEvent(await world.entries()));
    expect(first.metrics).toMatchObject({ UpdatesPublished: 1, DeadLetters: 1 });
    await storeTodo(api, { token, app: 1, seq: 2 });
    const cold = await (await start("rollup", noGrace)).invoke(queueEvent(await world.entries()));
    expect(cold.metrics).toMatchObject({ UpdatesPublished: 1, DeadLetters: 0 });
  });

  it("give read passes where a secret for them is set, and none where not", async () => {
    const asked = {
      method: "POST",
      path: "/v1/stores/family/pass",
      headers: { authorization: `Bearer ${await world.token({ role: "reader" })}` },
    };
    const api = await start("api", { ICECORE_READ_PASS_SECRET_ID: "tests/passes" });
    const { answer } = await api.invoke<Answer>(httpEvent(asked));
    expect(await responseOf(answer).json()).toEqual({
      pass: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expiresAt: expect.any(Number),
    });
    expect(answer.headers).toMatchObject({ "cache-control": "no-store" });
    const without = await start("api");
    expect((await without.invoke<Answer>(httpEvent(asked))).answer.statusCode).toBe(404);
  });

  it("keep rates and origins that the environment names", async () => {
    const api = await start("api", {
      ICECORE_RATE_PER_SECOND: "0.001",
      ICECORE_RATE_BURST: "1",
      ICECORE_CORS_ORIGINS: "https://notes.example.org, https://example.org",
    });
    const headers = { authorization: `Bearer ${await world.token()}`, origin: "https://example.org" };
    const ask = () => api.invoke<Answer>(httpEvent({ path: "/v1/stores/family/head", headers }));
    const first = await ask();
    expect(first.answer.statusCode).toBe(200);
    expect(first.answer.headers).toMatchObject({ "access-control-allow-origin": "https://example.org" });
    const second = await ask();
    expect(second.answer.statusCode).toBe(429);
    expect(Number(second.answer.headers?.["retry-after"])).toBeGreaterThan(0);
  });

  it("log requests and rounds by their ids, and nothing of tokens or what was written", async () => {
    const api = await start("api", { ...noGrace, POWERTOOLS_LOG_LEVEL: "DEBUG" });
    const rollup = await start("rollup", { ...noGrace, POWERTOOLS_LOG_LEVEL: "DEBUG" });
    const token = await world.token();
    const { log } = await storeTodo(api, { token, app: 1, seq: 1, title: "a very private note" });
    expect(log).toEqual([
      expect.objectContaining({
        message: "request",
        function_request_id: expect.stringMatching(/^request-/),
        service: "notes",
        route: "/v1/stores/:store/updates",
        store: "family",
        status: 200,
      }),
    ]);
    await storeTodo(api, { token: `${token}x`, app: 1, seq: 1, title: "a very private note" });
    const rounds = await rollup.invoke(queueEvent(await world.entries()));
    expect(rounds.log).toEqual([
      expect.objectContaining({ message: "round", store: "family", published: 1 }),
    ]);
    for (const text of [api.text(), rollup.text()]) {
      expect(text).not.toContain("private");
      expect(text).not.toContain(token.slice(-20));
      expect(text).not.toContain(process.env.AWS_SECRET_ACCESS_KEY);
    }
  });
});
