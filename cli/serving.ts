/** Serving one bucket: the API, a rollup loop, and a log; from the first request to the last, in order. */
import { createApp } from "../server/app.ts";
import { openToAll } from "../server/auth.ts";
import { listen } from "../server/node/listen.ts";
import { createRollupLoop } from "../server/rollup-loop.ts";
import type { Host } from "../shared/drive/run.ts";
import { listStores } from "../shared/drive/store.ts";
import type { Model } from "../shared/model/model.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { hostInUrl, isLoopback } from "../shared/wire/loopback.ts";
import type { CommandIo } from "./io.ts";
import { createServeLog } from "./serve-log.ts";

/** An update that was just stored: others of the same moment may join its segment. */
const joinMs = 200;
/** The Date of S3 has whole seconds: before that nothing would be sealed. */
const sealMs = 1_000;

export interface ServePlan {
  readonly model: Model<unknown>;
  readonly stores: readonly StoreId[] | null;
  readonly port: number;
  readonly hostname: string;
  /** Whoever reaches it, by whatever name, may do everything. */
  readonly open: boolean;
  readonly everyMs: number;
}

/** Until the signal; then everything at work ends first. */
export async function serve(io: CommandIo, host: Host, plan: ServePlan): Promise<void> {
  const { bucket, platform, settings } = host;
  const { model, stores, hostname, port, open, everyMs } = plan;
  const log = createServeLog(io);
  const loop = createRollupLoop(host, {
    stores: async () => stores ?? listStores(host),
    models: () => model,
    everyMs,
    delayMs: settings.graceMs === 0 ? joinMs : settings.graceMs + sealMs,
    onRound(store, report) {
      log.round(store, report);
      app.noteHead(store, report.known);
    },
    onTrouble: log.trouble,
  });
  const app = createApp({
    bucket,
    platform,
    settings,
    models: model,
    authorize: stores === null ? openToAll : ({ storeId }) => stores.includes(storeId),
    ...(!open && isLoopback(hostInUrl(hostname)) ? { hostNames: loopbackNames } : {}),
    log: log.request,
    onStored: loop.note,
  });
  const listening = await listen(app, { port, hostname, platform });
  io.endsWhenStopped();
  log.listening(listening.url, bucket.name);
  loop.start();
  await untilStopped(io.signal);
  log.closing();
  await listening.close();
  await loop.stop();
}

/** By which a page of elsewhere cannot call this machine, even with a name of its own that leads here. */
const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
