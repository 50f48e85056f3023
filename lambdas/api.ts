/** Lambda entry: the HTTP API, behind an HTTP API of API Gateway (payload 2.0) or a function URL. Wiring alone. */
import { createNodePlatform } from "../bucket/platform/node.ts";
import { readAuth, readModel } from "./app-modules.ts";
import { parseApiEnvironment } from "./environment.ts";
import { createHintSender } from "./hints.ts";
import { createHttpFunction } from "./http-function.ts";
import { createLambdaLog } from "./log.ts";
import { openApi } from "./open-api.ts";
import { openOnce } from "./open-once.ts";
import { createReadSecret } from "./secrets.ts";

const platform = createNodePlatform();
const log = createLambdaLog();
const [model, auth] = await Promise.all([
  readModel(() => import("icecore-app/model")),
  readAuth(() => import("icecore-app/auth")),
]);

const open = openOnce(async () => {
  if (!auth.ok) throw auth.error;
  const environment = parseApiEnvironment(process.env, auth.value.authenticate !== undefined);
  const { hints } = environment;
  const onTrouble = (why: string) => log.warn(why);
  return openApi({
    environment,
    auth: auth.value,
    model,
    platform,
    log,
    readSecret: createReadSecret(),
    ...(hints === null ? {} : { sendHint: createHintSender({ ...hints, platform, onTrouble }).send }),
  });
});

// While a cold start has the whole processor. What fails here is told by the first request, which tries again.
await open().catch(() => undefined);

export const handler = createHttpFunction({ open, log });
