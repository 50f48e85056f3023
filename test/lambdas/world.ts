/** An account's worth of it for tests: a bucket on Ceph, bundled Lambdas in processes of Node 24, a queue's entries, and real clients. */
import { gunzipSync as gunzip } from "node:zlib";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { afterEach, beforeEach, expect } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import { parseS3Location } from "../../bucket/s3-common/location.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { openStore } from "../../client/open-store.ts";
import type { FetchLike } from "../../client/remote/fetch-like.ts";
import { httpRemote } from "../../client/remote/http.ts";
import type { LambdaEntry } from "../../lambdas/bundle.ts";
import { newToken } from "../../server/jwt/new-token.ts";
import { auditStore } from "../../shared/drive/audit.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore } from "../../shared/drive/store.ts";
import { newSettings } from "../../shared/settings.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { updatesPrefix } from "../../shared/wire/keys.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { newBucket } from "../ceph/s3-tests.ts";
import { model } from "../fixtures/cli-model.ts";
import { testStoreId, testUpdate } from "../fixtures/store-host.ts";
import { bundleOf } from "./bundles.ts";
import { type Invoked, type LambdaProcess, startLambda, stopLambdas } from "./lambda-process.ts";
import { httpEvent, notification, type QueueEntry } from "./sample-events.ts";
import { type SecretsStandIn, startSecrets } from "./secrets-stand-in.ts";

export const tokenSecret = "a-secret-of-tests-that-is-long-enough-01";
export const passSecret = "another-secret-for-read-passes-of-tests-2";
export const audience = "icecore-tests";

export interface World {
  /** With a root, as in an account where the bucket holds other things, too. */
  readonly address: string;
  readonly host: Host;
  readonly store: StoreId;
  readonly secrets: SecretsStandIn;
  readonly environment: Readonly<Record<string, string>>;
  start(entry: LambdaEntry, more?: Readonly<Record<string, string>>): Promise<LambdaProcess>;
  /** As long as the queue holds an entry back where there is no grace: the bucket's Date has whole seconds. */
  untilSealed(): Promise<void>;
  /** The queue's entries for all raw updates that lie in the bucket now, of any store. */
  entries(...stores: readonly StoreId[]): Promise<readonly QueueEntry[]>;
  token(more?: { readonly role?: "reader" | "writer" | "admin"; readonly subject?: string }): Promise<string>;
  /** Counts of findings: an audit of every object of the store. */
  audit(store?: StoreId): Promise<{ readonly findings: readonly string[]; readonly updates: number }>;
  close(): Promise<void>;
}

const platform = createNodePlatform();
/** So that what is stored is sealed at once. */
export const noGrace = { ICECORE_SETTINGS: JSON.stringify({ graceMs: 0 }) };

/** `endpoint` where the bucket is reached by another gateway. */
export async function createWorld(options: { readonly endpoint?: string } = {}): Promise<World> {
  const address = (await newBucket(options)).replace("?", "/team/notes?");
  const secrets = await startSecrets({ "tests/tokens": tokenSecret, "tests/passes": passSecret });
  const settings = newSettings();
  const host: Host = { bucket: createS3Bucket(address), platform, settings };
  const store = testStoreId("family");
  await createStore(host, store);
  const { bucket, prefix } = parseS3Location(address);
  const environment = {
    AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID ?? "",
    AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY ?? "",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    ICECORE_BUCKET: address,
    ICECORE_AUDIENCE: audience,
    ICECORE_TOKEN_SECRET_ID: "tests/tokens",
    POWERTOOLS_SERVICE_NAME: "notes",
    POWERTOOLS_METRICS_NAMESPACE: "icecore",
    POWERTOOLS_LOG_LEVEL: "INFO",
  };
  return {
    address,
    host,
    store,
    secrets,
    environment,
    start: (entry, more = {}) => startLambda(bundleOf(entry), { ...environment, ...more }),
    untilSealed: () => platform.wait(1_100),
    async entries(...stores) {
      const found: QueueEntry[] = [];
      for (const one of stores.length === 0 ? [store] : stores)
        for (const { key } of (await host.bucket.list(updatesPrefix(one))).objects)
          found.push({ id: `entry-${found.length}`, body: notification(bucket, [prefix + key]) });
      return found;
    },
    token: ({ role = "writer", subject = "anna" } = {}) =>
      newToken({
        secret: tokenSecret,
        audience,
        subject,
        role,
        stores: ["*"],
        lifeSeconds: 600,
        platform,
      }),
    async audit(audited = store) {
      const { findings, log } = await auditStore(host, { store: audited, model });
      return { findings: findings.map((finding) => JSON.stringify(finding)), updates: log.updates };
    },
    close: () => secrets.close(),
  };
}

export interface StartsLambdas {
  readonly start: World["start"];
  /** Looks after one that a test has started itself. */
  readonly keep: (starting: Promise<LambdaProcess>) => Promise<LambdaProcess>;
}

/** A world of its own for each test of the suite, given before it, and the Lambdas in it: stopped after it, when none may have left anything open. */
export function useWorld(onWorld: (world: World) => void): StartsLambdas {
  let world: World;
  const started: LambdaProcess[] = [];
  const keep: StartsLambdas["keep"] = async (starting) => {
    const one = await starting;
    started.push(one);
    return one;
  };

  beforeEach(async () => {
    world = await createWorld();
    onWorld(world);
  });
  afterEach(async () => {
    const left = started.splice(0).map((one) => one.leftOpen());
    await stopLambdas();
    await world.close();
    // Of every invocation of every test: nothing was at work when the answer was given.
    expect(left).toEqual(left.map(() => 0));
  });
  return { start: (...given) => keep(world.start(...given)), keep };
}

/** A fetch that API Gateway and the API's Lambda stand behind. */
export function lambdaFetch(
  api: LambdaProcess,
  seen: (requests: number) => void = () => undefined,
): FetchLike {
  let last: Promise<unknown> = Promise.resolve();
  return (url, { method, headers, body }) => {
    // An instance has one request at a time.
    const mine = last.then(async () => {
      const { pathname, search } = new URL(url);
      const asked = { method, path: pathname, query: search.slice(1), headers };
      const event = httpEvent(body === undefined ? asked : { ...asked, body });
      const { answer, requests } = await api.invoke<APIGatewayProxyStructuredResultV2>(event);
      seen(requests.length);
      return responseOf(answer);
    });
    last = mine.catch(() => undefined);
    return mine;
  };
}

export function responseOf({
  statusCode = 0,
  headers,
  body,
  isBase64Encoded,
}: APIGatewayProxyStructuredResultV2): Response {
  const bytes = Buffer.from(body ?? "", isBase64Encoded === true ? "base64" : "utf8");
  const fields = new Headers(headers as Record<string, string>);
  const packed = fields.get("content-encoding") === "gzip";
  // As a real fetch does, whose headers still say how it came.
  const plain = packed ? gunzip(bytes) : bytes;
  return new Response(statusCode === 304 ? null : new Uint8Array(plain), {
    status: statusCode,
    headers: fields,
  });
}

/** A real client of a store, over HTTP. */
export function openClient(api: LambdaProcess, token: () => Promise<string>, store = "family") {
  const fetch = lambdaFetch(api);
  const remote = httpRemote("https://id.execute-api.us-east-1.amazonaws.com", { fetch, token, platform });
  return openStore({ model, storeId: store, remote, platform, local: memoryLocal() });
}

/** An update of one action, sent by hand. */
export async function storeTodo(
  api: LambdaProcess,
  sent: {
    readonly token: string;
    readonly app: number;
    readonly seq: number;
    readonly action?: "addTodo" | "fail";
    readonly title?: string;
    readonly store?: string;
  },
): Promise<Invoked<APIGatewayProxyStructuredResultV2>> {
  const { token, app, seq, action = "addTodo", title = "Milk", store = "family" } = sent;
  const update = testUpdate(app, seq, [{ id: `t${app}-${seq}`, title }]);
  const actions = update.actions.map((one) => ({ ...one, name: action }));
  const body = JSON.stringify(encodeUpdate({ ...update, actions }));
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return api.invoke(httpEvent({ method: "POST", path: `/v1/stores/${store}/updates`, headers, body }));
}
