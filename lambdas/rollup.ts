/** Lambda entry: the rollup, behind the queue of the bucket's notifications. Wiring alone. */
import { createNodePlatform } from "../bucket/platform/node.ts";
import { readModel } from "./app-modules.ts";
import { parseRollupEnvironment } from "./environment.ts";
import { createLambdaLog } from "./log.ts";
import { createLambdaMetrics } from "./metrics.ts";
import { openOnce } from "./open-once.ts";
import { openRollup } from "./open-rollup.ts";
import { createRollupFunction } from "./rollup-function.ts";

const platform = createNodePlatform();
const log = createLambdaLog();
const model = await readModel(() => import("icecore-app/model"));
const open = openOnce(async () =>
  openRollup({ environment: parseRollupEnvironment(process.env), model, platform, log }),
);

export const handler = createRollupFunction({ open, platform, log, metrics: createLambdaMetrics() });
