/**
 * A deployment in one process, on a virtual clock: the edge, the API, the rollup behind its queue and the sweep, each over a bucket that
 * counts what it alone asks. The programs are those that ship; what stands in for AWS is the way between them.
 */
import { type BucketCounts, createCountingBucket } from "../../bucket/counting.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { openStore } from "../../client/open-store.ts";
import type { FetchInit } from "../../client/remote/fetch-like.ts";
import { httpRemote } from "../../client/remote/http.ts";
import type { Store } from "../../client/store.ts";
import { type App, createApp } from "../../server/app.ts";
import { openToAll } from "../../server/auth.ts";
import { passLifeSecondsDefault } from "../../server/jwt/limits.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { createStore } from "../../shared/drive/store.ts";
import type { Model } from "../../shared/model/model.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { newSettings } from "../../shared/settings.ts";
import { storePath } from "../../shared/wire/http-routes.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";
import { readPassScheme } from "../../shared/wire/read-pass.ts";
import { createVirtualClock, type VirtualClock } from "../../test-kit/virtual-clock.ts";
import { costModel } from "./model.ts";

export type CostStore = Store<typeof costModel>;

/** Requests of clients by who answers them, and the requests that follow from them. */
export interface Counted extends Tally {
  /** S3 behind the edge. */
  readonly edge: BucketCounts;
  /** S3 behind the API: where it takes updates, and where it reads. */
  readonly sending: BucketCounts;
  readonly reading: BucketCounts;
  readonly rollup: BucketCounts;
}

interface Tally {
  /** Updates that the API took, and the actions in them. */
  readonly updates: number;
  readonly actions: number;
  /** Requests that sent an update, taken or not. */
  readonly sends: number;
  /** Reads: of head and objects, which the edge answers, and of the rest, which goes to the API. */
  readonly edgeReads: number;
  readonly apiReads: number;
  readonly readBytes: number;
  readonly sentBytes: number;
  readonly rollups: number;
  readonly queueRequests: number;
}

const none: Tally = {
  updates: 0,
  actions: 0,
  sends: 0,
  edgeReads: 0,
  apiReads: 0,
  readBytes: 0,
  sentBytes: 0,
  rollups: 0,
  queueRequests: 0,
};

export interface CostWorld {
  readonly clock: VirtualClock;
  /** `hints`: the tail is read after a wake-up alone. `counted: false`: somebody else's client. */
  open(options: { readonly hints: boolean; readonly counted?: boolean }): CostStore;
  /** A turn of the sweep for this store. */
  sweep(): Promise<void>;
  counted(): Counted;
  reset(): void;
}

/** From an update to its round: the seal's grace and a second, as the queue is set up. */
const queueDelayMs = 3_000;
/** A message is put into the queue by one request; ten are taken by one, and deleted by another. */
const batchMax = 10;

const isOfTheEdge = /\/(?:head|segments|snapshots|marks|indexes)(?:\/|$)/;

export async function createCostWorld(): Promise<CostWorld> {
  const clock = createVirtualClock();
  const { platform } = clock;
  const settings = newSettings();
  const memory = createMemoryBucket({ now: clock.now });
  const store = costStoreId();
  await createStore({ bucket: memory, platform, settings }, store);
  const buckets = { edge: counting(), sending: counting(), reading: counting(), rollup: counting() };
  const apps = {
    edge: appOver(buckets.edge),
    sending: appOver(buckets.sending),
    reading: appOver(buckets.reading),
  };
  const others = appOver(memory);
  const worker = createRollup({ bucket: buckets.rollup, platform, settings }, { store, model: anyModel });
  let tally = none;
  let waiting = 0;
  /** Passes that were given out, each with its end. */
  const passes = new Map<string, number>();

  function counting() {
    return createCountingBucket(memory);
  }

  function appOver(bucket: Bucket): App {
    const onStored = () => void queued();
    const access = { authorize: openToAll, readPass: { newPass } };
    return createApp({ bucket, platform, models: anyModel, ...access, live: false, onStored });
  }

  async function newPass() {
    const expiresAt = clock.now() + 1_000 * passLifeSecondsDefault;
    const pass = `pass-${passes.size + 1}`;
    passes.set(pass, expiresAt);
    return { pass, expiresAt };
  }

  /** What cdk/edge does before the bucket. */
  async function fetchFromEdge(url: string, init: FetchInit) {
    const pass = init.headers.authorization?.slice("Bearer ".length) ?? "";
    if ((passes.get(pass) ?? 0) > clock.now()) return fetchFrom(apps.edge, url, init);
    return answerOf(new Response(null, { status: 401, headers: { "www-authenticate": readPassScheme } }));
  }

  function add(more: Partial<Tally>): void {
    const sums = Object.entries(more).map(([what, by]) => [what, tally[what as keyof Tally] + by]);
    tally = { ...tally, ...Object.fromEntries(sums) };
  }

  /** S3 tells the queue; a while later all that is due goes to one invocation. */
  async function queued(): Promise<void> {
    add({ queueRequests: 1 });
    waiting += 1;
    if (waiting > 1) return;
    await platform.wait(queueDelayMs);
    const batches = Math.ceil(waiting / batchMax);
    waiting = 0;
    add({ queueRequests: 2 * batches, rollups: batches });
    for (let batch = 0; batch < batches; batch++) await rounds(true);
  }

  async function rounds(hint: boolean): Promise<void> {
    while ((await worker.round({ hint })).more);
  }

  async function fetchCounted(url: string, init: FetchInit) {
    const { pathname } = new URL(url);
    const isSend = pathname === storePath(store, "updates");
    const isEdge = isOfTheEdge.test(pathname);
    const fetched = await (isEdge
      ? fetchFromEdge(url, init)
      : fetchFrom(isSend ? apps.sending : apps.reading, url, init));
    const { byteLength } = await fetched.arrayBuffer();
    if (isEdge) add({ edgeReads: 1, readBytes: byteLength });
    else if (!isSend) add({ apiReads: 1, readBytes: byteLength });
    else {
      const actions = fetched.status === 200 ? actionsIn(init.body) : 0;
      add({ sends: 1, sentBytes: byteLength, updates: fetched.status === 200 ? 1 : 0, actions });
    }
    return fetched;
  }

  return {
    clock,
    open({ hints, counted = true }) {
      const fetch = counted ? fetchCounted : (url: string, init: FetchInit) => fetchFrom(others, url, init);
      const remote = httpRemote("https://cost.example", { fetch, platform });
      const tail = hints ? "hint" : "poll";
      return openStore({
        model: costModel,
        storeId: store,
        platform,
        local: memoryLocal(),
        remote,
        settings: { tail },
      });
    },
    sweep: () => rounds(false),
    counted() {
      const { edge, sending, reading, rollup } = buckets;
      return {
        ...tally,
        edge: edge.counts(),
        sending: sending.counts(),
        reading: reading.counts(),
        rollup: rollup.counts(),
      };
    },
    reset() {
      tally = none;
      for (const bucket of Object.values(buckets)) bucket.reset();
    },
  };
}

const anyModel = costModel as unknown as Model<unknown>;

/** In this process: an answer is there as a whole, in bodies of no pieces. */
async function fetchFrom(app: App, url: string, { method, headers, body }: FetchInit) {
  const response = await app.fetch(
    new Request(url, {
      method,
      headers: { ...headers, "accept-encoding": "identity" },
      ...(body === undefined ? {} : { body }),
    }),
  );
  return answerOf(response);
}

async function answerOf(response: Response) {
  const bytes = await response.arrayBuffer();
  return { status: response.status, headers: response.headers, arrayBuffer: async () => bytes };
}

function actionsIn(body = "{}"): number {
  return (JSON.parse(body) as { readonly actions?: readonly unknown[] }).actions?.length ?? 0;
}

function costStoreId(): StoreId {
  const store = parseStoreId("cost");
  if (store === undefined) throw new Error("a store id");
  return store;
}
