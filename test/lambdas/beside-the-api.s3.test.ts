/** What the Lambdas ask of other services: hints by AppSync Events, credentials by STS. Node 24, a real S3 server, Ceph's own STS. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createS3FetchBucket } from "../../bucket/s3-fetch/s3-fetch-bucket.ts";
import type { PutContent } from "../../shared/ports/bucket.ts";
import { parseDirectGrant } from "../../shared/wire/http-access.ts";
import { headKey, updateKey } from "../../shared/wire/keys.ts";
import { toTimestamp } from "../../shared/wire/time.ts";
import { server } from "../ceph/s3-tests.ts";
import { type Sts, startSts } from "../ceph/sts.ts";
import { testApp } from "../fixtures/store-host.ts";
import { stopLambdas } from "./lambda-process.ts";
import { describeLambdas } from "./node24.ts";
import { httpEvent } from "./sample-events.ts";
import { createWorld, noGrace, responseOf, storeTodo, type World } from "./world.ts";

type Answer = APIGatewayProxyStructuredResultV2;

/** AppSync Events on loopback, as slow and as broken as a test wants it. */
async function startHints(answer: (done: () => void) => void, status = 200) {
  const heard: string[] = [];
  const listening: Server = createServer(async (request, response) => {
    heard.push(`${request.method} ${request.url} ${await text(request)}`);
    answer(() => response.writeHead(status).end('{"failed":[],"successful":[{"index":0}]}'));
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const close = () => {
    listening.closeAllConnections();
    listening.close();
  };
  return { url, heard, close };
}

describeLambdas("Beside the API", () => {
  let world: World;
  let sts: Sts;
  beforeAll(async () => {
    sts = await startSts(server?.folder ?? "");
    world = await createWorld({ endpoint: sts.endpoint });
  });
  afterEach(() => stopLambdas());
  afterAll(async () => {
    await world.close();
    await sts.stop();
  });

  it("a hint is given and awaited before an update is acknowledged", async () => {
    const hints = await startHints((done) => void setTimeout(done, 300));
    const api = await world.start("api", { ...noGrace, ICECORE_HINTS_URL: hints.url });
    const { answer, requests } = await storeTodo(api, { token: await world.token(), app: 1, seq: 1 });
    expect(answer.statusCode).toBe(200);
    expect(requests.map(({ path }) => path)).toContain("/event");
    expect(hints.heard).toEqual([
      expect.stringMatching(/^POST \/event \{"channel":"[^"]*family[^"]*","events":\["\{\}"\]\}$/),
    ]);
    expect(api.leftOpen()).toBe(0);
    // Nothing was written: nobody is woken.
    const headers = { authorization: `Bearer ${await world.token()}` };
    await api.invoke(httpEvent({ path: "/v1/stores/family/head", headers }));
    expect(hints.heard.length).toBe(1);
    hints.close();
  });

  it("a hint that fails, or never ends, takes nothing from the update that was stored", async () => {
    const broken = await startHints((done) => done(), 500);
    const silent = await startHints(() => undefined);
    const nobody = "http://127.0.0.1:9";
    for (const [app, url] of [broken.url, silent.url, nobody].entries()) {
      const api = await world.start("api", { ...noGrace, ICECORE_HINTS_URL: url });
      const { answer, log } = await storeTodo(api, { token: await world.token(), app: 10 + app, seq: 1 });
      expect(answer.statusCode).toBe(200);
      expect(log.map(({ level, message }) => `${level} ${message}`)).toContainEqual(
        expect.stringMatching(/^WARN No hint of store "family": /),
      );
      expect(api.leftOpen()).toBe(0);
    }
    broken.close();
    silent.close();
  });

  it("credentials are given to who may write, for their own app, and they work; all other addresses are another function's", async () => {
    const credentials = await world.start("credentials", {
      ICECORE_DIRECT_ROLE_ARN: sts.roleArn,
      ICECORE_DIRECT_SECONDS: "900",
    });
    const ask = async (role: "reader" | "writer", path = "/v1/stores/family/credentials") => {
      const headers = {
        authorization: `Bearer ${await world.token({ role })}`,
        "content-type": "application/json",
      };
      const body = JSON.stringify({ app: testApp(5) });
      return (await credentials.invoke<Answer>(httpEvent({ method: "POST", path, headers, body }))).answer;
    };
    expect((await ask("reader")).statusCode).toBe(403);
    for (const path of ["/v1/stores/family/updates", "/v1/stores/family/pass", "/v1/time"])
      expect((await ask("writer", path)).statusCode).toBe(404);
    const given = await ask("writer");
    expect(given.headers).toMatchObject({ "cache-control": "no-store" });
    const grant = parseDirectGrant(await responseOf(given).json());
    if (!grant.ok) throw new Error(grant.reason);
    const { address, secretAccessKey, sessionToken } = grant.value;
    const platform = createNodePlatform();
    const bucket = createS3FetchBucket({ address, credentials: async () => grant.value, platform });
    const content: PutContent = {
      body: platform.encodeText("{}"),
      contentType: "application/json",
      cacheControl: "no-store",
    };
    const { store } = world;
    const key = updateKey({ store, app: testApp(5), timestamp: toTimestamp(Date.now()) });
    expect(await bucket.putIfAbsent(key, content)).toMatchObject({ is: "stored" });
    await expect(bucket.putIfAbsent(key.replace(testApp(5), testApp(6)), content)).rejects.toThrow(/may not/);
    expect(await bucket.get(headKey(store))).toMatchObject({ is: "found" });
    for (const secret of [secretAccessKey, sessionToken]) expect(credentials.text()).not.toContain(secret);
    expect(credentials.leftOpen()).toBe(0);
  });

  it("credentials need a role, and say so", async () => {
    const credentials = await world.start("credentials", {
      ICECORE_DIRECT_ROLE_ARN: "admin",
      ICECORE_DIRECT_SECONDS: "5",
    });
    const { answer, log } = await credentials.invoke<Answer>(
      httpEvent({ method: "POST", path: "/v1/stores/family/credentials" }),
    );
    expect(answer.statusCode).toBe(500);
    expect(JSON.stringify(log)).toMatch(
      /ICECORE_DIRECT_ROLE_ARN is no role's ARN; ICECORE_DIRECT_SECONDS is no whole number/,
    );
  });
});
