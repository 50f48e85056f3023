/**
 * Ten thousand actions made without a network, then sent: how many updates they become and what that costs in requests. Settings are the
 * defaults. Through a bucket the client's own calls are counted; through a server also what it asks of the server.
 */
import { type CountingBucket, createCountingBucket } from "../bucket/counting.ts";
import { createMemoryBucket } from "../bucket/memory.ts";
import { createNodePlatform } from "../bucket/platform/node.ts";
import type { Local } from "../client/local/local.ts";
import { memoryLocal } from "../client/local/memory.ts";
import { openStore } from "../client/open-store.ts";
import { bucketRemote } from "../client/remote/bucket.ts";
import { httpRemote } from "../client/remote/http.ts";
import type { Remote } from "../client/remote/remote.ts";
import { createApp } from "../server/app.ts";
import { openToAll } from "../server/auth.ts";
import { listen } from "../server/node/listen.ts";
import { createRollup } from "../shared/drive/rollup.ts";
import type { Host } from "../shared/drive/run.ts";
import { createStore, scanLog } from "../shared/drive/store.ts";
import type { Model } from "../shared/model/model.ts";
import type { Bucket } from "../shared/ports/bucket.ts";
import { newSettings } from "../shared/settings.ts";
import { updatesPrefix } from "../shared/wire/keys.ts";
import type { ClientStore } from "./client-model.ts";
import { benchStoreId, clientModel, rowKey } from "./page/rows.ts";

export interface DrainReport {
  readonly name: string;
  readonly actions: number;
  readonly updates: number;
  /** What the limits allow: 1,000 actions and 256 KiB an update. */
  readonly updatesExpected: number;
  /** Of the bucket, all of them. */
  readonly requests: number;
  readonly puts: number;
  readonly gets: number;
  readonly lists: number;
  /** Those of `gets` that read updates of the tail: the client's own, or the server's for its clients. */
  readonly tailGets: number;
  /** Of `requests` without `tailGets`; null through a server, which also looks at its bucket by itself as time goes on. */
  readonly budget: number | null;
  /** Of the server; null where there is none. */
  readonly calls: { readonly sends: number; readonly others: number } | null;
  /** Of the next start, once a rollup has published everything. */
  readonly confirmRequests: number;
  readonly confirmBudget: number | null;
  /** To the end of the round, with as many actions in the outbox at its start. */
  readonly ms: number;
  /** Still in the outbox at the end, or dead. */
  readonly left: number;
}

/** One update is 1 PUT + 1 GET. */
const requestsPerUpdate = 2;
/** GET head when the round begins, GET head for the bucket's clock before the first send; LIST and GET head of the tail. */
const requestsPerRound = 4;
/** A start when the log has gone on: GET head, snapshot, head again, marks for what was sent; LIST and GET head of the tail. */
const confirmBudget = 6;
export interface DrainOptions {
  readonly actions: number;
  /** Characters in each action beside its field. */
  readonly noteChars: number;
}

export async function measureDrains(): Promise<readonly DrainReport[]> {
  const small = { actions: 10_000, noteChars: 0 };
  const large = { actions: 10_000, noteChars: 500 };
  return [
    await measureBucket("through a bucket, small actions", small),
    await measureBucket("through a bucket, actions of half a KiB", large),
    await measureServer("through a server, small actions", small),
  ];
}

async function measureBucket(name: string, options: DrainOptions): Promise<DrainReport> {
  const world = await newWorld();
  const remote = bucketRemote(world.host.bucket, world.host.platform);
  return { ...(await measure(world, remote, options)), name, calls: null };
}

async function measureServer(name: string, options: DrainOptions): Promise<DrainReport> {
  const world = await newWorld();
  const { bucket, platform } = world.host;
  const models = clientModel as unknown as Model<unknown>;
  const calls = { sends: 0, others: 0 };
  const app = createApp({
    bucket,
    platform,
    models,
    authorize: openToAll,
    log: ({ method }) => {
      calls[method === "POST" ? "sends" : "others"] += 1;
    },
  });
  const listening = await listen(app, { platform });
  const report = await measure(world, httpRemote(listening.url, { platform }), options);
  await listening.close();
  return { ...report, name, budget: null, confirmBudget: null, calls };
}

interface World {
  readonly host: Host & { readonly bucket: CountingBucket };
  /** The same bucket, uncounted. */
  readonly aside: Host;
  tailGets: number;
}

async function newWorld(): Promise<World> {
  const platform = createNodePlatform();
  const settings = newSettings();
  const inner = createMemoryBucket();
  const world = {
    host: { bucket: createCountingBucket(noting(inner)), platform, settings },
    aside: { bucket: inner, platform, settings },
    tailGets: 0,
  };
  function noting(bucket: Bucket): Bucket {
    return {
      ...bucket,
      get(key, options) {
        if (key.startsWith(updatesPrefix(benchStoreId()))) world.tailGets += 1;
        return bucket.get(key, options);
      },
    };
  }
  await createStore(world.aside, benchStoreId());
  return world;
}

type Drained = Omit<DrainReport, "name" | "calls">;

async function measure(world: World, remote: Remote, options: DrainOptions): Promise<Drained> {
  const local = memoryLocal();
  const bytes = await queue(local, options);
  const { updateActionsMax, updateBytesMax } = world.host.settings;
  const updatesExpected = Math.ceil(Math.max(options.actions / updateActionsMax, bytes / updateBytesMax));
  const begun = performance.now();
  const client = openClient(local, remote);
  await firstRound(client);
  const ms = performance.now() - begun;
  const { get, put, swap, list } = world.host.bucket.counts();
  const { tailGets } = world;
  await client.close();
  await publishAll(world);
  world.host.bucket.reset();
  const again = openClient(local, remote);
  await firstRound(again);
  const counts = world.host.bucket.counts();
  const { pending, dead } = again.sync.status;
  await again.close();
  const updates = await countUpdates(world.aside);
  return {
    actions: options.actions,
    updates,
    updatesExpected,
    requests: get + put + swap + list,
    puts: put + swap,
    gets: get,
    lists: list,
    tailGets,
    budget: updatesExpected * requestsPerUpdate + requestsPerRound,
    confirmRequests: counts.get + counts.put + counts.swap + counts.list,
    confirmBudget,
    ms,
    left: pending + dead,
  };
}

/** Made and closed without a remote. Gives the bytes of all actions as they stand in updates. */
async function queue(local: Local, { actions, noteChars }: DrainOptions): Promise<number> {
  const store = openClient(local, null);
  await store.loaded;
  const note = noteChars === 0 ? {} : { note: "x".repeat(noteChars) };
  store.do.addRows({ from: 0, count: 1_000 });
  for (let i = 1; i < actions; i++) store.do.patchRow({ id: rowKey(i % 1_000), n: 10_000 + i, ...note });
  const bytes = store.outbox.list().reduce((sum, { action }) => sum + JSON.stringify(action).length + 1, 0);
  await store.close();
  return bytes;
}

function openClient(local: Local, remote: Remote | null): ClientStore {
  const common = { model: clientModel, storeId: benchStoreId(), platform: createNodePlatform(), local };
  return openStore(remote === null ? common : { ...common, remote });
}

/** The round that a start begins with: no other is due within a second of it. */
function firstRound(store: ClientStore): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = store.subscribe(() => {
      const { syncedAt, error } = store.sync.status;
      if (syncedAt === null && error === null) return;
      stop();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** The seal stays behind by the grace; a server may answer with a head of a second ago. */
const sealMs = 500;
const headAgeMs = 1_200;

/** In one round, so that the next start's requests do not hang on how fast this machine is. */
async function publishAll({ aside }: World): Promise<void> {
  const { platform, settings } = aside;
  const rollup = createRollup(aside, {
    store: benchStoreId(),
    model: clientModel as unknown as Model<unknown>,
  });
  await platform.wait(settings.graceMs + sealMs);
  while ((await rollup.round({ hint: true })).more);
  await platform.wait(headAgeMs);
}

async function countUpdates(host: Host): Promise<number> {
  let count = 0;
  await scanLog(host, {
    store: benchStoreId(),
    onRange: ({ updates }) => {
      count += updates.length;
    },
  });
  return count;
}
