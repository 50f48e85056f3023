/** Lambda entry: who may listen for hints, asked by AppSync at each connection and each channel. Wiring alone; it reads no bucket. */
import { createNodePlatform } from "../bucket/platform/node.ts";
import { authorizeByRole } from "../server/roles.ts";
import { readAuth } from "./app-modules.ts";
import { parseApiEnvironment } from "./environment.ts";
import { createHintAuthorizer, type HintDecision } from "./hint-authorizer.ts";
import { createLambdaLog } from "./log.ts";
import { authenticateByToken } from "./open-api.ts";
import { openOnce } from "./open-once.ts";
import { createReadSecret } from "./secrets.ts";

const platform = createNodePlatform();
const log = createLambdaLog();
const auth = await readAuth(() => import("icecore-app/auth"));

const open = openOnce(async () => {
  if (!auth.ok) throw auth.error;
  const { authenticate: own, authorize = authorizeByRole } = auth.value;
  const { tokens } = parseApiEnvironment(process.env, own !== undefined);
  const byToken = await authenticateByToken(tokens, { platform, readSecret: createReadSecret() });
  return createHintAuthorizer({ authenticate: own ?? byToken ?? (() => null), authorize });
});

await open().catch(() => undefined);

/** AppSync refuses whoever asks when this throws; the client goes on polling. */
export async function handler(event: unknown): Promise<HintDecision> {
  const decide = await open().catch((error: unknown) => {
    log.error("Nobody can be asked who may listen for hints", error);
    throw error;
  });
  return decide(event);
}
