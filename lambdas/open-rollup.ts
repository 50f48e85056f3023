/** What rollup and sweep work with, from the environment, at a cold start. */

import { createS3Bucket } from "../bucket/s3/s3-bucket.ts";
import { parseS3Location } from "../bucket/s3-common/location.ts";
import type { Host } from "../shared/drive/run.ts";
import type { Model } from "../shared/model/model.ts";
import type { Platform } from "../shared/ports/platform.ts";
import { newSettings } from "../shared/settings.ts";
import type { Given } from "./app-modules.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import type { RollupEnvironment } from "./environment.ts";
import { warmShareMax } from "./limits.ts";
import type { LambdaLog } from "./log.ts";
import { createPending, type Pending } from "./pending.ts";
import type { QueueSource } from "./queue-event.ts";
import { createStoreRounds, type StoreRounds } from "./store-rounds.ts";

export interface OpenRollupParts {
  readonly environment: RollupEnvironment;
  readonly model: Given<Model<unknown>>;
  readonly platform: Platform;
  readonly log: LambdaLog;
}

export interface RollupParts {
  readonly host: Host;
  readonly rounds: StoreRounds;
  readonly source: QueueSource;
  readonly graceMs: number;
  readonly pending: Pending;
  readonly deadline: Deadline;
}

/** Updates are published without a model, too: then there are only no new snapshots. */
export function openRollup({ environment, model, platform, log }: OpenRollupParts): RollupParts {
  const { bucket: address, settings: changes, memoryMb = Number.POSITIVE_INFINITY } = environment;
  const pending = createPending();
  const settings = newSettings(changes);
  const bucket = pending.bucket(createS3Bucket(address, { platform }));
  const deadline = createDeadline();
  const host: Host = { bucket, platform: pending.platform(platform), settings, signal: deadline.rounds };
  const warmBytesMax = memoryMb * 2 ** 20 * warmShareMax;
  const { bucket: name, prefix } = parseS3Location(address);
  return {
    host,
    rounds: createStoreRounds({ host, model, log, warmBytesMax, foldSignal: deadline.folds }),
    source: { bucket: name, prefix },
    graceMs: settings.graceMs,
    pending,
    deadline,
  };
}
