/** Lambda entry: the sweep, called by EventBridge Scheduler once a minute. Wiring alone. */
import { createNodePlatform } from "../bucket/platform/node.ts";
import { readModel } from "./app-modules.ts";
import { parseSweepEnvironment } from "./environment.ts";
import { createLambdaLog } from "./log.ts";
import { createLambdaMetrics } from "./metrics.ts";
import { openOnce } from "./open-once.ts";
import { openRollup } from "./open-rollup.ts";
import { createSweepFunction } from "./sweep-function.ts";

const platform = createNodePlatform();
const log = createLambdaLog();
const model = await readModel(() => import("icecore-app/model"));
const open = openOnce(async () => {
  const environment = parseSweepEnvironment(process.env);
  return { ...openRollup({ environment, model, platform, log }), stores: environment.stores };
});

export const handler = createSweepFunction({ open, platform, log, metrics: createLambdaMetrics() });
