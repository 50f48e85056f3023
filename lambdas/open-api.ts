/**
 * openApi: the API's parts from the environment and the app's own files, at a cold start. Closed where anything of who may do what is
 * missing or broken; a model that is broken stops only updates, which are asked for again later.
 */
import { createS3Bucket } from "../bucket/s3/s3-bucket.ts";
import { type AppOptions, createApp } from "../server/app.ts";
import type { Authenticate } from "../server/auth.ts";
import { createJwtAuthenticate } from "../server/jwt/authenticate.ts";
import { createReadPass } from "../server/jwt/read-pass.ts";
import type { RequestEntry } from "../server/request-log.ts";
import { authorizeByRole } from "../server/roles.ts";
import type { Model } from "../shared/model/model.ts";
import type { Platform } from "../shared/ports/platform.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import type { AppAuth, Given } from "./app-modules.ts";
import type { ApiEnvironment, TokenEnvironment } from "./environment.ts";
import type { OpenedApi } from "./http-function.ts";
import { appendTriesMax } from "./limits.ts";
import type { LambdaLog } from "./log.ts";
import { createPending } from "./pending.ts";
import type { ReadSecret } from "./secrets.ts";

export interface OpenApiParts {
  readonly environment: ApiEnvironment;
  readonly auth: AppAuth;
  /** Null: this function takes no updates. */
  readonly model: Given<Model<unknown>> | null;
  readonly platform: Platform;
  readonly readSecret: ReadSecret;
  readonly log: LambdaLog;
  /** Wakes clients after an update was stored; awaited before the answer. */
  readonly sendHint?: (store: StoreId) => Promise<void>;
  readonly direct?: NonNullable<AppOptions["direct"]>;
}

export async function openApi(parts: OpenApiParts): Promise<OpenedApi> {
  const { environment, auth, model, log, sendHint, direct } = parts;
  const pending = createPending();
  const platform = pending.platform(parts.platform);
  const [authenticate, readPass] = await Promise.all([
    auth.authenticate ?? authenticateByToken(environment.tokens, parts),
    newReadPass(environment.readPassSecretId, parts),
  ]);
  if (model?.ok === false)
    log.error("The model cannot be used: updates are asked for again later", model.error);
  const app = createApp({
    bucket: pending.bucket(createS3Bucket(environment.bucket, { platform: parts.platform })),
    platform,
    settings: { attemptsMax: appendTriesMax, ...environment.settings },
    models: () => (model?.ok ? model.value : null),
    authorize: authorizeByRole,
    ...auth,
    ...(authenticate === null ? {} : { authenticate }),
    ...(environment.corsOrigins.length === 0 ? {} : { corsOrigins: environment.corsOrigins }),
    ...(environment.rate === null ? {} : { rate: environment.rate }),
    ...(readPass === null ? {} : { readPass }),
    ...(direct === undefined ? {} : { direct }),
    ...(sendHint === undefined ? {} : { onStored: (store: StoreId) => pending.add(sendHint(store)) }),
    live: false,
    log: (entry) => logRequest(log, entry),
  });
  return { app, pending };
}

/** Null: the app authenticates by itself. */
export async function authenticateByToken(
  tokens: TokenEnvironment | null,
  { readSecret, platform }: Pick<OpenApiParts, "readSecret" | "platform">,
): Promise<Authenticate | null> {
  if (tokens === null) return null;
  const { audience, issuer, keys } = tokens;
  const known = "secretId" in keys ? { secret: await readSecret(keys.secretId) } : keys;
  return createJwtAuthenticate({
    audience,
    ...(issuer === null ? {} : { issuer }),
    keys: known,
    platform,
  });
}

async function newReadPass(secretId: string | null, { readSecret, platform }: OpenApiParts) {
  return secretId === null ? null : createReadPass({ secret: await readSecret(secretId), platform });
}

function logRequest(log: LambdaLog, { method, route, store, status, ms, trouble }: RequestEntry): void {
  const entry = { method, route, store, status, ms, ...(trouble === null ? {} : { trouble }) };
  if (status >= 500) log.warn("request failed", entry);
  else log.info("request", entry);
}
