/**
 * createApp: the HTTP API over a bucket, as one function from Request to Response; the same on Node and in a Lambda.
 *
 * Each endpoint stands in one table. A request passes, in this order: is its address one of ours, is its Host one that we are called by,
 * is its store id one, may its sender do this; then its answer is made. Everything that goes wrong on the way is told as data.
 */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { Host } from "../shared/drive/run.ts";
import type { KnownHead } from "../shared/log/known-head.ts";
import type { Model } from "../shared/model/model.ts";
import type { Bucket } from "../shared/ports/bucket.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { createSignal } from "../shared/ports/signal.ts";
import { newSettings, type Settings } from "../shared/settings.ts";
import { parseStoreId, type StoreId, storeIdRule } from "../shared/wire/ids.ts";
import { keptByAskerAlone, Refusal, refusalAnswer, toRefusal } from "./answers.ts";
import { anyOwner, createAppOwners } from "./app-owners.ts";
import { type Authenticate, type Authorize, anonymous, closedToAll, createGuard } from "./auth.ts";
import type { DirectAccess, Parts, ReadPasses } from "./call.ts";
import { createEndpoints, type Endpoint } from "./endpoints.ts";
import { createPrincipalOf, holderOf, type PrincipalOf, subjectOf } from "./principal.ts";
import { createRateLimit, noRateLimit, type Rate } from "./rate.ts";
import { type RequestLog, troubleOf } from "./request-log.ts";
import { defaultServerSettings, type ServerSettings } from "./settings.ts";
import { createWarmStores } from "./warm-stores.ts";

export interface AppOptions {
  readonly bucket: Bucket;
  readonly platform: Platform;
  readonly settings?: Partial<Settings & ServerSettings>;
  /** The model of all stores, or of each; null where there is none: such a store takes no updates. */
  readonly models: Model<unknown> | ((storeId: StoreId) => Model<unknown> | null);
  /** Who asks. @default nobody in particular */
  readonly authenticate?: Authenticate;
  /** May they? @default nobody may anything */
  readonly authorize?: Authorize;
  /** How who sent an update is called in it, and as the owner of an app id. @default `sub`, where it is a text */
  readonly principalOf?: PrincipalOf;
  /**
   * "claims": whoever signed in may send updates of their own app ids alone: of the token's `app`, or else of those that their principal
   * was the first to use, which the bucket keeps below `apps/`. "off": of any. Where nobody signs in it makes no difference.
   *
   * @default "claims"
   */
  readonly appOwners?: "claims" | "off";
  /** How often each principal may ask this process; who asks more often is told when to come back. @default as often as they like */
  readonly rate?: Rate;
  /** Makes `POST …/pass` give passes to who may read. @default it gives none */
  readonly readPass?: ReadPasses;
  /** Makes `POST …/credentials` give access to the bucket itself to who may write. @default it gives none */
  readonly direct?: DirectAccess;
  /** Requests may be held open for news: `…/live`, and a head's `wait`. Not in a Lambda, which is paid by time. @default true */
  readonly live?: boolean;
  /** Origins whose pages may use this API from a browser; "*" for all. @default none */
  readonly corsOrigins?: readonly string[];
  /**
   * Names by which this server may be called; others are refused, which stops pages that point a name of their own at this machine.
   *
   * @default null: any
   */
  readonly hostNames?: readonly string[] | null;
  readonly log?: RequestLog;
  /**
   * An update was stored: for a rollup in this process, or hints to elsewhere. Its sender waits for it, as a Lambda freezes what nobody
   * waits for; what it throws changes nothing, so it has to tell by itself.
   */
  readonly onStored?: (store: StoreId) => void | Promise<void>;
}

export interface App {
  /** To mount it elsewhere. */
  readonly hono: Hono;
  fetch(request: Request): Response | Promise<Response>;
  /** Somebody in this process moved the head, say its rollup: clients hear of it at once. */
  noteHead(store: StoreId, known: KnownHead): void;
  /** Ends everything that waits, and refuses what comes. Requests at work go on. */
  close(): void;
}

/**
 * The API of all stores of a bucket.
 *
 * @example
 * const app = createApp({ bucket, platform, models: todos, authorize: ({ claims }) => claims !== null, authenticate });
 * const listening = await listen(app, { port: 8080, platform });
 */
export function createApp(options: AppOptions): App {
  const { bucket, platform, log = () => undefined } = options;
  const settings = { ...newSettings(options.settings), ...defaultServerSettings, ...options.settings };
  const host: Host = { bucket, platform, settings };
  const closing = createSignal();
  const parts = createParts(options, { host, settings, closing: closing.signal });
  const guard = createGuard({
    authenticate: options.authenticate ?? anonymous,
    authorize: options.authorize ?? closedToAll,
    rate: options.rate ? createRateLimit(options.rate, { ...parts, platform }) : noRateLimit,
  });

  /** One request: its answer, or its refusal, and its line in the log. */
  async function serve(
    c: Context,
    endpoint: Endpoint | null,
    answer: () => Promise<Response>,
  ): Promise<Response> {
    const at = platform.now();
    let trouble: string | null = null;
    let response: Response;
    try {
      if (closing.signal.aborted) throw closed();
      requireHostName(c, options.hostNames ?? null);
      response = await answer();
    } catch (error) {
      trouble = troubleOf(error);
      response = refusalAnswer(toRefusal(error, settings.busyRetryMs));
    }
    response.headers.set("date", new Date(platform.now()).toUTCString());
    const { status } = response;
    const route = endpoint?.path ?? null;
    const store = endpoint?.intent == null ? null : (parseStoreId(c.req.param("store")) ?? null);
    log({ at, method: c.req.method, route, store, status, ms: platform.now() - at, trouble });
    return response;
  }

  async function enter(c: Context, endpoint: Endpoint): Promise<Response> {
    const request = c.req.raw;
    if (endpoint.intent === null) return endpoint.answer(request);
    const store = parseStoreId(c.req.param("store"));
    if (store === undefined) throw noStoreId();
    const { intent, and } = endpoint;
    const claims = await guard.admit(request, store, and === undefined ? [intent] : [intent, and]);
    const name = c.req.param("key") ?? "";
    const answer = await endpoint.answer({
      request,
      store,
      claims,
      name,
      holder: () => holderOf(claims, parts.principalOf, platform),
      param: (param) => c.req.query(param),
    });
    // Caches know Authorization; of a cookie, or whatever else told who asks, they know nothing.
    return claims === null || request.headers.has("authorization") ? answer : keptByAskerAlone(answer);
  }

  const hono = new Hono();
  if (options.corsOrigins) hono.use("*", openToOrigins(options.corsOrigins));
  const endpoints = createEndpoints(parts);
  for (const endpoint of endpoints)
    hono.on(endpoint.method, endpoint.path, (c) => serve(c, endpoint, () => enter(c, endpoint)));
  for (const path of new Set(endpoints.map((one) => one.path)))
    hono.all(path, (c) => serve(c, null, async () => Promise.reject(wrongMethod(path, endpoints))));
  hono.notFound((c) => serve(c, null, async () => Promise.reject(noAddress())));

  return {
    hono,
    fetch: (request) => hono.fetch(request),
    noteHead: (store, known) => void parts.stores.known(store)?.noteHead(known),
    close: () => closing.abort(),
  };
}

function createParts(options: AppOptions, basis: Pick<Parts, "host" | "settings" | "closing">): Parts {
  const { models, appOwners = "claims", live = true, onStored = () => undefined } = options;
  const principalOf = createPrincipalOf(options.principalOf ?? subjectOf, basis.settings);
  return {
    ...basis,
    stores: createWarmStores(basis),
    models: (typeof models === "function" ? models : () => models) as Parts["models"],
    principalOf,
    owners: appOwners === "off" ? anyOwner : createAppOwners({ ...basis, principalOf }),
    readPass: options.readPass ?? null,
    direct: options.direct ?? null,
    live,
    onStored,
  };
}

/** What a page may send and see: `Date` sets its clock right. */
function openToOrigins(origins: readonly string[]) {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST", "PUT"],
    allowHeaders: ["authorization", "cache-control", "content-type", "if-none-match"],
    // Content-Encoding: without it a page takes a packed answer for one that was cut.
    // WWW-Authenticate: it tells whether a token or a read pass is wanted.
    exposeHeaders: ["age", "content-encoding", "date", "etag", "retry-after", "www-authenticate"],
    maxAge: 86_400,
  });
}

function requireHostName(c: Context, names: readonly string[] | null): void {
  const called = (c.req.header("host") ?? "").replace(/:\d+$/, "").toLowerCase();
  if (names === null || names.includes(called)) return;
  throw new Refusal(421, {
    kind: "rejected",
    what: "This server is not called so",
    fix: "Use the address that it printed when it started.",
  });
}

function noStoreId(): Refusal {
  return new Refusal(400, {
    kind: "rejected",
    what: "The address names no store",
    fix: `Give another one: ${storeIdRule}.`,
  });
}

function noAddress(): Refusal {
  return new Refusal(404, {
    kind: "rejected",
    what: "This is no address of the API",
    fix: "Look it up in /v1/openapi.json.",
  });
}

function wrongMethod(path: string, endpoints: readonly Endpoint[]): Refusal {
  const taken = endpoints.filter((one) => one.path === path).map(({ method }) => method);
  const allowed = taken.includes("GET") ? [...taken, "HEAD"] : taken;
  const list = allowed.join(", ");
  return new Refusal(
    405,
    { kind: "rejected", what: "This address takes another method", fix: `It takes ${list}.` },
    { allow: list },
  );
}

function closed(): Refusal {
  return new Refusal(503, {
    kind: "closed",
    what: "The server is closing",
    fix: "Try again in a moment.",
    retryAfterMs: 1_000,
  });
}
