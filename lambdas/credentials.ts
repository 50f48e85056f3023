/** Lambda entry: credentials for direct mode, and nothing else of the API. Wiring alone; the only function that may assume their role. */
import { createNodePlatform } from "../bucket/platform/node.ts";
import { isCredentialsPath } from "../shared/wire/http-routes.ts";
import { readAuth } from "./app-modules.ts";
import { parseCredentialsEnvironment } from "./environment.ts";
import { createHttpFunction } from "./http-function.ts";
import { createLambdaLog } from "./log.ts";
import { openApi } from "./open-api.ts";
import { openOnce } from "./open-once.ts";
import { createReadSecret } from "./secrets.ts";
import { createStsGrant } from "./sts-grant.ts";

const platform = createNodePlatform();
const log = createLambdaLog();
const auth = await readAuth(() => import("icecore-app/auth"));

const open = openOnce(async () => {
  if (!auth.ok) throw auth.error;
  const environment = parseCredentialsEnvironment(process.env, auth.value.authenticate !== undefined);
  const { bucket: address, roleArn, seconds, createOnly } = environment;
  const direct = createStsGrant({ roleArn, seconds, address, createOnly });
  return openApi({
    environment,
    auth: auth.value,
    model: null,
    platform,
    log,
    readSecret: createReadSecret(),
    direct,
  });
});

await open().catch(() => undefined);

export const handler = createHttpFunction({ open, log, takes: isCredentialsPath });
