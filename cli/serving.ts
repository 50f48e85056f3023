/** Serving one bucket: the API, a rollup loop, and a log; from the first request to the last, in order. */
import { serve as startServing } from "../server/node/serve.ts";
import type { Host } from "../shared/drive/run.ts";
import type { Model } from "../shared/model/model.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import type { CommandIo } from "./io.ts";
import type { ServeAccess } from "./serve-access.ts";
import { createServeLog } from "./serve-log.ts";

export interface ServePlan {
  readonly model: Model<unknown>;
  readonly stores: readonly StoreId[] | null;
  readonly port: number;
  readonly hostname: string;
  readonly access: ServeAccess;
  /** Origins whose pages may use it from a browser. */
  readonly corsOrigins: readonly string[] | undefined;
  readonly everyMs: number;
}

/** Until the signal; then everything at work ends first. */
export async function serve(io: CommandIo, host: Host, plan: ServePlan): Promise<void> {
  const { stores, access, corsOrigins, ...at } = plan;
  const log = createServeLog(io);
  const serving = await startServing({
    ...host,
    ...at,
    ...(stores === null ? {} : { stores }),
    ...(corsOrigins === undefined ? {} : { corsOrigins }),
    ...access,
    log: log.request,
    onRound: log.round,
    onTrouble: log.trouble,
  });
  io.endsWhenStopped();
  log.listening(serving.url, host.bucket.name);
  await untilStopped(io.signal);
  log.closing();
  await serving.close();
}

function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
