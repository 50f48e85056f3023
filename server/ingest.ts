/**
 * POST …/updates: takes one update, or says why not. The server trusts nothing that a client says of it but who made it and when.
 *
 * Rejected means never, as it is: its author keeps it as a dead letter. So what may be a mistake of the way (a cut body, a web page) is
 * an error instead, and what a newer server would take is told to come later.
 */
import { checkUpdate } from "../shared/drive/writer.ts";
import { AssertionError, StoreError } from "../shared/errors.ts";
import { isJsonObject } from "../shared/json.ts";
import type { Model } from "../shared/model/model.ts";
import type { SchemaProblem } from "../shared/model/schema.ts";
import { validateStored } from "../shared/model/validate.ts";
import { encodeSendAnswer, type SendAnswer } from "../shared/wire/http.ts";
import type { AppId, StoreId } from "../shared/wire/ids.ts";
import { headKey } from "../shared/wire/keys.ts";
import { type Action, parseUpdate, type Update, updateFormat } from "../shared/wire/update.ts";
import { absent, jsonAnswer, pack, packedAnswer, retryAfter } from "./answers.ts";
import type { Claims } from "./auth.ts";
import type { Call, Parts } from "./call.ts";
import { httpEtag } from "./http-etag.ts";
import { readJson } from "./request-body.ts";

type Refused = Exclude<SendAnswer, { is: "stored" }>;

export type Ingest = (call: Call) => Promise<Response>;

export function createIngest(parts: Parts): Ingest {
  const { settings } = parts;
  const gate = createGate(parts);

  return async (call) => {
    // Before its body takes up room.
    const leave = gate.enter();
    if (leave === null) return answerRefused(tooMany(settings.busyRetryMs), 429);
    try {
      return await take(call, gate, parts);
    } finally {
      leave();
    }
  };
}

async function take(call: Call, gate: Gate, parts: Parts): Promise<Response> {
  const { host, settings, models } = parts;
  const body = await readJson(call.request, host, settings.bodyBytesMax);
  const update = readUpdate(body, parts);
  if ("is" in update) return answerRefused(update);
  const model = models(call.store);
  const refused =
    refuseModel(update, model, parts) ??
    refuseLimits(update, call.store, parts) ??
    refuseActions(update, model);
  if (refused) return answerRefused(refused);
  // Before it takes one of the app's places: those are its owner's.
  await parts.owners.require(call.claims, update.app, { fresh: update.seq === 1 });
  const leave = gate.enterApp(update.app);
  if (leave === null) return answerRefused(tooMany(settings.busyRetryMs), 429);
  try {
    return await store(call, signed(update, call.claims, parts), parts);
  } finally {
    leave();
  }
}

async function store(call: Call, update: Update, parts: Parts): Promise<Response> {
  const served = parts.stores.of(call.store);
  const outcome = await served.append(update).catch((error) => refuseHeadless(error, call.store));
  if (outcome.is === "later") {
    const { is, reason, retryAfterMs } = outcome;
    return answerRefused({ is, reason, retryAfterMs });
  }
  const { is, timestamp, known } = outcome;
  await tell(parts, call.store);
  const answer = encodeSendAnswer({ is, timestamp, head: known.head, etag: httpEtag(known.etag) });
  return packedAnswer(call.request, await pack(answer, parts.host), {
    headers: { "cache-control": "no-store" },
  });
}

/** It is stored, whatever becomes of this. */
async function tell({ onStored }: Parts, store: StoreId): Promise<void> {
  try {
    await onStored(store);
  } catch {}
}

/** A store without a head takes nothing. */
function refuseHeadless(error: unknown, store: StoreId): never {
  const isHeads = error instanceof StoreError && error.kind === "unavailable" && error.key === headKey(store);
  // Of the store: a bucket that could not be asked names the key alone.
  if (isHeads && error.store === store)
    throw absent(`There is no store "${store}"`, "Make it first, or check the name.");
  throw error;
}

function readUpdate(body: unknown, { settings }: Parts): Update | Refused {
  const update = parseUpdate(body);
  if (update.ok) return update.value;
  const format = isJsonObject(body) && typeof body.format === "string" ? body.format : "";
  if (/^icecore-update-\d+$/.test(format) && format !== updateFormat)
    return later(`this server does not know ${format.slice(0, 40)} yet`, settings.upgradeRetryMs);
  return rejected(`it is no update: ${update.reason}`);
}

function refuseModel(update: Update, model: Model | null, { settings }: Parts): Refused | null {
  if (model === null) return later("this server has no model for this store", settings.upgradeRetryMs);
  if (model.anyVersion || update.modelVersion <= model.version) return null;
  const versions = `${update.modelVersion} of the model, this server has version ${model.version}`;
  return later(`it was made by version ${versions}`, settings.upgradeRetryMs);
}

function refuseLimits(update: Update, store: StoreId, { host }: Parts): Refused | null {
  try {
    checkUpdate(update, store, host);
    return null;
  } catch (error) {
    if (error instanceof StoreError) return rejected(error.what, error.kind === "limit");
    throw error;
  }
}

const problemsShown = 5;

/** What the schemas say, by name and path. The data itself is not repeated. */
function refuseActions(update: Update, model: Model | null): Refused | null {
  if (model === null) return null;
  for (const [i, action] of update.actions.entries()) {
    const problem = problemOf(action, model, update.modelVersion);
    if (problem !== null) return rejected(`action ${i + 1} (${action.name.slice(0, 80)}): ${problem}`);
  }
  return null;
}

function problemOf({ name, data }: Action, model: Model, modelVersion: number): string | null {
  try {
    const valid = validateStored(model, name, data, modelVersion);
    return valid.ok ? null : told(valid.problems);
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    // A schema or upcaster that fails on this would fail each time.
    return `the model could not check it: ${error instanceof Error ? error.message.slice(0, 200) : "it threw"}`;
  }
}

function told(problems: readonly SchemaProblem[]): string {
  const shown = problems.slice(0, problemsShown);
  return shown
    .map(({ path, problem }) => (path.length === 0 ? problem : `${path.join(".")}: ${problem}`))
    .join("; ");
}

/** Who sent it is what the server says, never what the client says. */
function signed(update: Update, claims: Claims | null, { principalOf }: Parts): Update {
  const { principal: _, ...unsigned } = update;
  const principal = claims === null ? undefined : principalOf(claims);
  return principal === undefined ? unsigned : { ...unsigned, principal };
}

/** Both answer with how to leave, or null when there are too many. */
interface Gate {
  enter(): (() => void) | null;
  enterApp(app: AppId): (() => void) | null;
}

function createGate({ settings }: Parts): Gate {
  const apps = new Map<AppId, number>();
  let all = 0;
  return {
    enter() {
      if (all >= settings.updatesAtOnceMax) return null;
      all += 1;
      return () => {
        all -= 1;
      };
    },
    enterApp(app) {
      const mine = apps.get(app) ?? 0;
      if (mine >= settings.appUpdatesAtOnceMax) return null;
      apps.set(app, mine + 1);
      return () => {
        const left = (apps.get(app) ?? 1) - 1;
        if (left > 0) apps.set(app, left);
        else apps.delete(app);
      };
    },
  };
}

/** `large`: it would be taken if it were smaller. */
type Rejected = Refused & { readonly large?: boolean };

function rejected(reason: string, large = false): Rejected {
  return { is: "rejected", reason, large };
}

function later(reason: string, retryAfterMs: number): Refused {
  return { is: "later", reason, retryAfterMs };
}

function tooMany(retryAfterMs: number): Refused {
  return later("too many updates are being stored at once", retryAfterMs);
}

function answerRefused(refused: Rejected, status?: number): Response {
  if (refused.is === "later") {
    const headers = retryAfter(refused.retryAfterMs);
    return jsonAnswer(encodeSendAnswer(refused), { status: status ?? 503, headers });
  }
  const { is, reason, large = false } = refused;
  return jsonAnswer(encodeSendAnswer({ is, reason }), { status: large ? 413 : 422 });
}
