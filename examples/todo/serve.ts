/** The page, the API of its one store, and the store's rollup, in one process over a bucket in a folder. */
import { openBucket } from "../../bucket/url.ts";
import { createApp } from "../../server/app.ts";
import { type Listening, listen } from "../../server/node/listen.ts";
import { createRollupLoop } from "../../server/rollup-loop.ts";
import type { Host } from "../../shared/drive/run.ts";
import { requireFitBucket } from "../../shared/drive/self-test.ts";
import { createStore } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Model } from "../../shared/model/model.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { newSettings } from "../../shared/settings.ts";
import { parseStoreId, type StoreId } from "../../shared/wire/ids.ts";
import { todoModel } from "./model.ts";
import { todoStoreId } from "./places.ts";
import { createSite } from "./site.ts";

export interface ServeOptions {
  readonly platform: Platform;
  /** Where the bucket lies; made at the first write. */
  readonly folder: string;
  /** Of the built page. */
  readonly built: string;
  readonly port: number;
  /** How many ports after it may be tried, where it is taken. */
  readonly portsMore: number;
  /** The rollup failed, or a request of ours: it goes on all the same. */
  readonly onTrouble: (text: string) => void;
}

/** Between two looks for what others wrote to the folder. */
const everyMs = 5_000;
/** An update that was just stored: others of the same moment may join its segment. */
const joinMs = 200;
/** By which a page of elsewhere cannot call this machine, even with a name of its own that leads here. */
const hostNames = ["localhost", "127.0.0.1", "[::1]"];

/** Serves until it is closed. Throws StoreError where the folder or no port can be had. */
export async function serveTodo(options: ServeOptions): Promise<Listening> {
  const { platform, folder, built, onTrouble } = options;
  const store = parseStoreId(todoStoreId) as StoreId;
  const model = todoModel as unknown as Model<unknown>;
  // A folder has the clock of this machine: nothing that is under way can come in from the past.
  const settings = newSettings({ graceMs: 0 });
  const host: Host = { bucket: await openBucket(`folder:${folder}`, platform), platform, settings };
  await requireFitBucket(host);
  await createStore(host, store);

  const loop = createRollupLoop(host, {
    stores: async () => [store],
    models: () => model,
    everyMs,
    delayMs: joinMs,
    onRound: (of, { known }) => app.noteHead(of, known),
    onTrouble: (_, error) => onTrouble(error instanceof Error ? error.message : String(error)),
  });
  const app = createApp({
    ...host,
    models: model,
    // Everybody on this machine, and nobody else: it listens to no other.
    authorize: ({ storeId, intent }) => storeId === store && (intent === "read" || intent === "write"),
    hostNames,
    onStored: loop.note,
    log: ({ status, method, route, trouble }) => {
      if (status >= 500 && trouble !== null) onTrouble(`${method} ${route}: ${trouble}`);
    },
  });
  const site = await createSite(built);
  site.all("*", (c) => app.fetch(c.req.raw));
  const listening = await listenNear({ ...app, fetch: (request) => site.fetch(request) }, options);
  loop.start();
  return {
    url: listening.url,
    async close() {
      await listening.close();
      await loop.stop();
    },
  };
}

async function listenNear(app: Parameters<typeof listen>[0], options: ServeOptions): Promise<Listening> {
  const { port, portsMore, platform } = options;
  for (let more = 0; ; more++) {
    try {
      return await listen(app, { port: port + more, platform });
    } catch (error) {
      if (more >= portsMore || !(error instanceof StoreError)) throw error;
    }
  }
}
