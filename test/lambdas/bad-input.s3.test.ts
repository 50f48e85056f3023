/** What may go wrong around the bundled Lambdas, in processes of Node 24 against a real S3 server: each a clear error or a safe retry. */
import { writeFileSync } from "node:fs";
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse } from "aws-lambda";
import { expect, it } from "vitest";
import { parseS3Location } from "../../bucket/s3-common/location.ts";
import { createStore } from "../../shared/drive/store.ts";
import { cliHere } from "../fixtures/cli-run.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { bundleOf, fileIn, todoModelFile } from "./bundles.ts";
import { countRequests, InvocationError, startLambda } from "./lambda-process.ts";
import { describeLambdas } from "./node24.ts";
import {
  httpEvent,
  notification,
  queueEvent,
  sampleHttpEvent,
  sampleQueueEvent,
  sampleScheduledEvent,
} from "./sample-events.ts";
import { noGrace, openClient, responseOf, storeTodo, tokenSecret, useWorld, type World } from "./world.ts";

type Answer = APIGatewayProxyStructuredResultV2;

const ok = { batchItemFailures: [] };
const wireError = (kind: string) => ({ error: { kind, what: expect.any(String), fix: expect.any(String) } });
const noWorker = /"level":"ERROR"/;

describeLambdas("The Lambdas, where something is wrong,", () => {
  let world: World;
  const { start, keep } = useWorld((made) => {
    world = made;
  });
  /** With files of the app that a test has written. */
  const startWith = (entry: "api" | "rollup", files: { readonly model?: string; readonly auth?: string }) => {
    const { model, auth } = files;
    const bundle = bundleOf(entry, {
      ...(model === undefined ? {} : { modelFile: written("model", model) }),
      ...(auth === undefined ? {} : { authFile: written("auth", auth) }),
    });
    return keep(startLambda(bundle, { ...world.environment, ...noGrace }));
  };

  it("refuse malformed HTTP events with a 400 that says nothing of what came, and go on", async () => {
    const api = await start("api");
    const good = httpEvent({
      path: "/healthz",
      headers: { authorization: "Bearer secret-token-of-somebody" },
    });
    const { requestContext } = good;
    const malformed: readonly unknown[] = [
      null,
      "text",
      [],
      {},
      sampleQueueEvent,
      sampleScheduledEvent,
      { ...good, version: "1.0" },
      { ...good, requestContext: {} },
      { ...good, requestContext: { ...requestContext, http: { ...requestContext.http, method: "G T" } } },
      { ...good, requestContext: { ...requestContext, domainName: "a/b@c" } },
      { ...good, rawPath: "no-slash" },
      { ...good, rawPath: `/${"a".repeat(5_000)}` },
      { ...good, rawPath: "/v1/\r\nx" },
      { ...good, rawQueryString: 5 },
      { ...good, headers: null },
      { ...good, headers: { "bad name": "x" } },
      { ...good, headers: { authorization: "Bearer secret-token-of-somebody\r\nx: y" } },
      { ...good, cookies: [5] },
      { ...good, body: { an: "object" } },
      { ...good, body: "§§§", isBase64Encoded: true },
    ];
    for (const event of malformed) {
      const { answer, log } = await api.invoke<Answer>(event);
      expect(answer).toMatchObject({ statusCode: 400, isBase64Encoded: false });
      expect(await responseOf(answer).json()).toEqual(wireError("rejected"));
      expect(log).toEqual([expect.objectContaining({ level: "WARN", reason: expect.any(String) })]);
    }
    expect((await api.invoke<Answer>(good)).answer.statusCode).toBe(200);
    expect(api.text()).not.toContain("secret-token");
  });

  it("refuse events of another kind in the rollup and the sweep, loudly, and go on", async () => {
    const rollup = await start("rollup", noGrace);
    for (const event of [null, "x", {}, sampleHttpEvent, sampleScheduledEvent, { Records: [{ body: 1 }] }])
      await expect(rollup.invoke(event)).rejects.toThrow(/something else than entries of an SQS queue/);
    expect((await rollup.invoke(queueEvent([]))).answer).toEqual(ok);
    const sweep = await start("sweep", noGrace);
    for (const event of [null, "x", [], sampleHttpEvent, sampleQueueEvent])
      await expect(sweep.invoke(event)).rejects.toThrow(/something else than a scheduler's event/);
    // What a schedule is given as its input is its own business.
    for (const event of [{}, { stage: "prod" }, sampleScheduledEvent])
      expect((await sweep.invoke(event)).metrics).toMatchObject({ StoresChecked: 1 });
    expect(rollup.text()).toMatch(noWorker);
  });

  it("give back to the queue only what is not done: the entry that cannot be read, and the store that cannot be published", async () => {
    const api = await start("api", noGrace);
    const token = await world.token();
    const other = testStoreId("other");
    await createStore(world.host, other);
    await storeTodo(api, { token, app: 1, seq: 1 });
    await storeTodo(api, { token, app: 1, seq: 1, store: "other" });
    const { bucket, prefix } = parseS3Location(world.address);
    const [family] = await world.entries();
    const [second] = await world.entries(other);
    const lost = family?.body.replaceAll("family", "lost") ?? "";
    const rollup = await start("rollup", noGrace);
    const { answer, metrics, log } = await rollup.invoke<SQSBatchResponse>(
      queueEvent([
        { id: "no-json", body: "{" },
        { id: "family", body: family?.body ?? "" },
        { id: "no-object", body: JSON.stringify({ Records: [{ s3: {} }] }) },
        { id: "bad-key", body: notification(bucket, [`${prefix}x`]).replace("/x", "/%E0%A4") },
        { id: "no-store", body: lost },
        { id: "other", body: second?.body ?? "" },
        { id: "elsewhere", body: notification("another-bucket", [`${prefix}updates/family/x.json`]) },
        { id: "odd", body: notification(bucket, [`${prefix}updates/family/not an update.json`]) },
      ]),
    );
    const undone = answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(undone.sort()).toEqual(["bad-key", "no-json", "no-object", "no-store"]);
    expect(metrics).toMatchObject({ UpdatesPublished: 2, RoundTroubles: 1 });
    expect(log).toContainEqual(
      expect.objectContaining({
        level: "ERROR",
        store: "lost",
        trouble: expect.objectContaining({ kind: "unavailable", what: 'Store "lost" has no head' }),
      }),
    );
    for (const store of [world.store, other])
      expect(await world.audit(store)).toEqual({ findings: [], updates: 1 });
  });

  it("publish once what the queue brings many times, to many rollups at once", async () => {
    const api = await start("api", noGrace);
    const token = await world.token();
    for (let seq = 1; seq <= 3; seq++) await storeTodo(api, { token, app: 1, seq });
    const entries = await world.entries();
    const rollups = await Promise.all([1, 2, 3].map(() => start("rollup", noGrace)));
    const all = await Promise.all(
      rollups.map((rollup, i) =>
        rollup.invoke<SQSBatchResponse>(queueEvent(entries.map((one) => ({ ...one, received: i + 1 })))),
      ),
    );
    expect(all.map(({ answer }) => answer)).toEqual([ok, ok, ok]);
    expect(all.reduce((sum, { metrics }) => sum + (metrics?.UpdatesPublished ?? 0), 0)).toBe(3);
    expect(await world.audit()).toEqual({ findings: [], updates: 3 });
  });

  it("sweep twice at once without harm", async () => {
    const api = await start("api", noGrace);
    const token = await world.token();
    const sweeps = await Promise.all([start("sweep", noGrace), start("sweep", noGrace)]);
    for (let seq = 1; seq <= 4; seq++) {
      await storeTodo(api, { token, app: 1, seq });
      await world.untilSealed();
      await Promise.all(sweeps.map((sweep) => sweep.invoke(sampleScheduledEvent)));
    }
    expect(await world.audit()).toEqual({ findings: [], updates: 4 });
  });

  it("lose nothing when a rollup's time is up, at whichever of its requests", async () => {
    const api = await start("api", noGrace);
    const token = await world.token();
    let stored = 0;
    for (let at = 1; ; at++) {
      for (const app of [1, 2]) await storeTodo(api, { token, app, seq: at });
      stored += 2;
      const entries = await world.entries();
      const cut = await start("rollup", noGrace);
      const killed = await cut.invoke(queueEvent(entries), { dieAtRequest: at }).then(
        () => false,
        (error) => error instanceof InvocationError && !cut.alive(),
      );
      const next = await start("rollup", noGrace);
      const again = queueEvent(entries.map((entry) => ({ ...entry, received: 2 })));
      expect((await next.invoke(again)).answer).toEqual(ok);
      await Promise.all([cut.stop(), next.stop()]);
      expect(await world.audit()).toEqual({ findings: [], updates: stored });
      if (!killed) break;
    }
    // At least the budget of a round: otherwise nothing was cut.
    expect(stored / 2).toBeGreaterThan(8);
    const verified = await cliHere([
      "verify",
      "--bucket",
      world.address,
      "--store",
      "family",
      "--model",
      todoModelFile,
    ]);
    expect({ code: verified.code, text: verified.stdout + verified.stderr }).toMatchObject({ code: 0 });
    const reader = openClient(api, () => world.token({ role: "reader" }));
    await reader.sync.now();
    expect(reader.confirmedState.todos.size).toBe(stored);
    await reader.close();
  });

  it("tell all faults of their environment at once, and none of its values", async () => {
    const secret = "s3://AKIASECRET:very-secret@bucket";
    const wrong = {
      ICECORE_BUCKET: secret,
      ICECORE_AUDIENCE: "",
      ICECORE_TOKEN_SECRET_ID: "",
      ICECORE_RATE_PER_SECOND: "fast",
      ICECORE_SETTINGS: '{"graceMS": 5, "maxSkewMs": "x"}',
      ICECORE_SWEEP_STORES: "0",
      ICECORE_CORS_ORIGINS: "example.org",
      ICECORE_HINTS_URL: "http://hints.example.org",
    };
    const api = await start("api", wrong);
    const { answer, log } = await api.invoke<Answer>(httpEvent({ path: "/healthz" }));
    expect(answer.statusCode).toBe(500);
    expect(await responseOf(answer).json()).toEqual(wireError("unavailable"));
    expect(answer.body).not.toMatch(/ICECORE|environment/);
    const told = JSON.stringify(log);
    for (const name of Object.keys(wrong).filter((one) => one !== "ICECORE_SWEEP_STORES"))
      expect(told).toContain(name);
    expect(told).toContain("graceMS");
    expect(told).toContain("maxSkewMs");
    for (const entry of ["rollup", "sweep"] as const) {
      const one = await start(entry, wrong);
      const event = entry === "sweep" ? sampleScheduledEvent : queueEvent([]);
      await expect(one.invoke(event)).rejects.toThrow(
        /environment of this function is wrong: ICECORE_BUCKET/,
      );
      expect(one.text()).toContain("ICECORE_SETTINGS");
      expect(one.text()).not.toMatch(/very-secret|AKIASECRET/);
    }
    expect(api.text()).not.toMatch(/very-secret|AKIASECRET/);
  });

  it("answer 500 while a secret cannot be read, say which in the log, and go on when it can", async () => {
    const api = await start("api", { ICECORE_TOKEN_SECRET_ID: "tests/later" });
    const ask = async () =>
      api.invoke<Answer>(
        httpEvent({
          path: "/v1/stores/family/head",
          headers: { authorization: `Bearer ${await world.token()}` },
        }),
      );
    const before = await ask();
    expect(before.answer.statusCode).toBe(500);
    expect(JSON.stringify(before.log)).toMatch(
      /Secret tests\/later cannot be read \(ResourceNotFoundException\)/,
    );
    world.secrets.set("tests/later", tokenSecret);
    expect((await ask()).answer.statusCode).toBe(200);
    expect((await ask()).answer.statusCode).toBe(200);
    expect(world.secrets.asked).toEqual(["tests/later", "tests/later", "tests/later"]);
    world.secrets.set("tests/short", "short-secret");
    const short = await start("api", { ICECORE_TOKEN_SECRET_ID: "tests/short" });
    const answered = await short.invoke<Answer>(httpEvent({ path: "/healthz" }));
    expect(answered.answer.statusCode).toBe(500);
    expect(short.text()).not.toContain("short-secret");
  });

  it("say that a model threw while it was imported, take updates later, and serve and publish what is there", async () => {
    const good = await start("api", noGrace);
    const token = await world.token();
    await storeTodo(good, { token, app: 1, seq: 1 });
    const model =
      'import { a } from "node:fs"; throw new Error("no such thing as a todo"); export const model = {};';
    const thrown = { model: model.replace('import { a } from "node:fs"; ', "") };
    const api = await startWith("api", thrown);
    const refused = await storeTodo(api, { token, app: 1, seq: 2 });
    expect(refused.answer.statusCode).toBe(503);
    expect(await responseOf(refused.answer).json()).toMatchObject({ is: "later" });
    expect(Number(refused.answer.headers?.["retry-after"])).toBeGreaterThan(0);
    expect(api.text()).toMatch(/The model cannot be used.*no such thing as a todo/);
    const headers = { authorization: `Bearer ${token}` };
    const head = await api.invoke<Answer>(httpEvent({ path: "/v1/stores/family/head", headers }));
    expect(head.answer.statusCode).toBe(200);

    const rollup = await startWith("rollup", thrown);
    const round = await rollup.invoke(queueEvent(await world.entries()));
    expect(round.answer).toEqual(ok);
    expect(round.metrics).toMatchObject({ UpdatesPublished: 1, RoundTroubles: 1 });
    expect(rollup.text()).toMatch(/no such thing as a todo/);
    expect(await world.audit()).toEqual({ findings: [], updates: 1 });
  });

  it("let nobody in where the auth file throws, or exports something else than functions", async () => {
    const files = [
      'throw new Error("no users today"); export {};',
      "export const authorize = true;",
      'export const authenticate = "open";',
    ];
    for (const auth of files) {
      const api = await startWith("api", { auth });
      const { answer, log } = await storeTodo(api, { token: await world.token(), app: 1, seq: 1 });
      expect(answer.statusCode).toBe(500);
      expect(JSON.stringify(log)).toMatch(
        /no users today|exports (authorize|authenticate), which is no function/,
      );
    }
    expect(await world.entries()).toEqual([]);
  });

  it("ask the app's own functions who may do what", async () => {
    const auth = `
      export const authenticate = (request) => ({ sub: request.headers.get("x-user") ?? "" });
      export const authorize = ({ claims, intent }) => claims.sub === "anna" && intent === "read";`;
    const api = await startWith("api", { auth });
    const ask = async (user: string) =>
      (await api.invoke<Answer>(httpEvent({ path: "/v1/stores/family/head", headers: { "x-user": user } })))
        .answer.statusCode;
    expect([await ask("anna"), await ask("bert")]).toEqual([200, 403]);
    expect(world.secrets.asked).toEqual([]);
  });

  it("refuse forged tokens without repeating them", async () => {
    const api = await start("api");
    const token = await world.token();
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${token.split(".")[1]}.`;
    for (const forged of [`${token}x`, none, "x", ""]) {
      const headers = { authorization: `Bearer ${forged}` };
      const { answer } = await api.invoke<Answer>(httpEvent({ path: "/v1/stores/family/head", headers }));
      expect(answer.statusCode).toBe(401);
      expect(answer.headers).toMatchObject({ "www-authenticate": "Bearer" });
    }
    expect(api.text()).not.toContain(token.split(".")[1]);
  });

  it("answer 503 while the bucket cannot be used, and keep why to the log", async () => {
    const api = await start("api", { AWS_SECRET_ACCESS_KEY: "wrong" });
    const { answer, log } = await storeTodo(api, { token: await world.token(), app: 1, seq: 1 });
    expect(answer.statusCode).toBe(503);
    expect(answer.body).not.toMatch(/key|secret/i);
    expect(JSON.stringify(log)).toMatch(/unauthorized: Could not store/);
    const rollup = await start("rollup", { ...noGrace, AWS_SECRET_ACCESS_KEY: "wrong" });
    const good = await start("api", noGrace);
    await storeTodo(good, { token: await world.token(), app: 1, seq: 1 });
    const entries = await world.entries();
    const { answer: failed, requests } = await rollup.invoke<SQSBatchResponse>(queueEvent(entries));
    expect(failed.batchItemFailures).toEqual([{ itemIdentifier: entries[0]?.id }]);
    expect(countRequests(requests)).toEqual({ GET: 1 });
  });
});

let count = 0;

function written(name: string, text: string): string {
  const file = fileIn(`${name}-${count++}.mjs`);
  writeFileSync(file, text);
  return file;
}
