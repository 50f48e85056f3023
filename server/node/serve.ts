/**
 * serve: everything that stores need of a server, in one process: the API at a port, the rollup of what comes in, and its hints to clients.
 * Ending it finishes what is at work, in order: requests, then the round.
 */
import type { RoundReport } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { requireFitBucket } from "../../shared/drive/self-test.ts";
import { createStore, listStores } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import type { Model } from "../../shared/model/model.ts";
import { newSettings } from "../../shared/settings.ts";
import type { StoreId } from "../../shared/wire/ids.ts";
import { hostInUrl, isLoopback } from "../../shared/wire/loopback.ts";
import { requireStoreId } from "../../shared/wire/require-store-id.ts";
import { type App, type AppOptions, createApp } from "../app.ts";
import { openToAll, openToStores } from "../auth.ts";
import { createRollupLoop } from "../rollup-loop.ts";
import { type Listening, listen } from "./listen.ts";

export interface ServeOptions extends Omit<AppOptions, "models" | "onStored"> {
  /** The model of all stores. */
  readonly model: Model<unknown>;
  /** Serves these alone, and makes those that are missing. @default all that the bucket holds; clients may make new ones */
  readonly stores?: readonly string[];
  /** @default 0: any that is free */
  readonly port?: number;
  /** How many ports after it are tried where it is taken. @default 0 */
  readonly portsMore?: number;
  /** @default "127.0.0.1": this machine alone, and everybody on it may do everything. Elsewhere `authorize` decides. */
  readonly hostname?: string;
  /** Between two looks for what others wrote. @default 5,000 */
  readonly everyMs?: number;
  /** Answers what is no request to the API, say with an app's pages. */
  readonly around?: (app: App) => Pick<App, "fetch">;
  readonly onRound?: (store: StoreId, report: RoundReport) => void;
  /** A round went wrong, of this store or of finding out which there are; the others go on. */
  readonly onTrouble?: (store: StoreId | null, error: unknown) => void;
}

/** An update that was just stored: others of the same moment may join its segment. */
const joinMs = 200;
/** The Date of S3 has whole seconds: before that nothing would be sealed. */
const sealMs = 1_000;
const everyMsDefault = 5_000;
/** By which a page of elsewhere cannot call this machine, even with a name of its own that leads here. */
const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Serves the stores of a bucket until it is closed.
 *
 * @throws StoreError where the bucket is not fit, a store id is none, or no port can be had.
 * @example
 * const bucket = await createFolderBucket("./bucket");
 * const serving = await serve({ bucket, platform: createNodePlatform(), model: todos, stores: ["family"], port: 8787 });
 * await serving.close();
 */
export async function serve(options: ServeOptions): Promise<Listening> {
  const { bucket, platform, model, everyMs = everyMsDefault, onTrouble = () => undefined } = options;
  const settings = newSettings(options.settings);
  const host: Host = { bucket, platform, settings };
  const stores = options.stores?.map(requireStoreId) ?? null;
  await requireFitBucket(host);
  for (const store of stores ?? []) await createStore(host, store);
  const loop = createRollupLoop(host, {
    stores: async () => stores ?? listStores(host),
    models: () => model,
    everyMs,
    delayMs: settings.graceMs === 0 ? joinMs : settings.graceMs + sealMs,
    onRound(store, report) {
      options.onRound?.(store, report);
      app.noteHead(store, report.known);
    },
    onTrouble,
  });
  const app = createApp({ ...access(options, stores), ...options, models: model, onStored: loop.note });
  const listening = await listenNear({ ...app, ...options.around?.(app) }, options);
  loop.start();
  return {
    url: listening.url,
    async close() {
      await listening.close();
      await loop.stop();
    },
  };
}

/** Whoever can reach this machine's own address may use it; beyond that nothing is open unless it is said. */
function access(
  { hostname = "127.0.0.1" }: ServeOptions,
  stores: readonly StoreId[] | null,
): Pick<AppOptions, "authorize" | "hostNames"> {
  if (!isLoopback(hostInUrl(hostname))) return {};
  return { authorize: stores === null ? openToAll : openToStores(stores), hostNames: loopbackNames };
}

async function listenNear(app: App, options: ServeOptions): Promise<Listening> {
  const { port = 0, portsMore = 0, hostname = "127.0.0.1", platform } = options;
  for (let more = 0; ; more++) {
    try {
      return await listen(app, { port: port + more, hostname, platform });
    } catch (error) {
      if (more >= portsMore || !(error instanceof StoreError)) throw error;
    }
  }
}
