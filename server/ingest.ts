/**
 * POST …/updates: takes one update, or says why not. The server trusts nothing that a client says of it but who made it and when.
 *
 * Rejected means never, as it is: its author keeps it as a dead letter. So what may be a mistake of the way (a cut body, a web page) is
 * an error instead, and what a newer server would take is told to come later: with 429 where it lies in what was sent, with 503 where the
 * server or its bucket is at fault, so that no sender can make a server look ill.
 */
import { checkUpdate } from "../shared/drive/writer.ts";
import { AssertionError, StoreError } from "../shared/errors.ts";
import { isJsonObject, type Json } from "../shared/json.ts";
import { bucketNow, type ClockOffset } from "../shared/log/clock.ts";
import type { Model } from "../shared/model/model.ts";
import type { SchemaProblem } from "../shared/model/schema.ts";
import { validateStored } from "../shared/model/validate.ts";
import { encodeSendAnswer, type SendAnswer } from "../shared/wire/http.ts";
import type { StoreId } from "../shared/wire/ids.ts";
import { headKey } from "../shared/wire/keys.ts";
import { type Action, parseUpdate, type Update, updateFormat } from "../shared/wire/update.ts";
import { jsonAnswer, pack, packedAnswer, retryAfter } from "./answers.ts";
import type { Claims } from "./auth.ts";
import type { Call, Parts } from "./call.ts";
import { httpEtag } from "./http-etag.ts";
import { readJson } from "./request-body.ts";
import type { ServedStore } from "./served-store.ts";
import type { ServerSettings } from "./settings.ts";
import { type AppPlace, createUpdatePlaces, type UpdatePlaces } from "./update-places.ts";

interface Refused {
  readonly status: number;
  readonly answer: Exclude<SendAnswer, { is: "stored" }>;
}

export type Ingest = (call: Call) => Promise<Response>;

export function createIngest(parts: Parts): Ingest {
  const { settings } = parts;
  const places = createUpdatePlaces(settings);

  return async (call) => {
    const leave = places.enter(call.holder());
    if (leave === null) return answerRefused(tooMany(settings.busyRetryMs));
    try {
      return await take(call, places, parts);
    } finally {
      leave();
    }
  };
}

async function take(call: Call, places: UpdatePlaces, parts: Parts): Promise<Response> {
  const { host, settings, models } = parts;
  const body = await readJson(call.request, host, settings.bodyBytesMax);
  const update = readUpdate(body, parts);
  if ("answer" in update) return answerRefused(update);
  const model = models(call.store);
  const refused =
    refuseModel(update, model, parts) ??
    refuseLimits(update, call.store, parts) ??
    refuseActions(update, model);
  if (refused) return answerRefused(refused);
  // Before it takes one of the app's places: those are its owner's.
  await parts.owners.require(call.claims, update.app, { fresh: update.seq === 1 });
  const place = places.enterApp(update);
  if (place === null) return answerRefused(tooMany(settings.busyRetryMs));
  try {
    return await store(call, { update: signed(update, call.claims, parts), place }, parts);
  } finally {
    place.leave();
  }
}

interface Entered {
  readonly update: Update;
  readonly place: AppPlace;
}

async function store(call: Call, { update, place }: Entered, parts: Parts): Promise<Response> {
  const served = parts.stores.of(call.store);
  const outcome = await served.append(update).catch((error) => refuseHeadless(error, served));
  if (outcome.is === "later") {
    const { reason, retryAfterMs, clock } = outcome;
    const isSenders = place.isBesideAnother || isAhead(update, clock, parts);
    return answerRefused(later(reason, { retryAfterMs, status: isSenders ? 429 : 503 }));
  }
  const { is, timestamp, known } = outcome;
  await tell(parts, call.store);
  const answer = encodeSendAnswer({ is, timestamp, head: known.head, etag: httpEtag(known.etag) });
  return packedAnswer(call.request, await pack(answer, parts.host), {
    headers: { "cache-control": "no-store" },
  });
}

/** Its `after` is what had to be waited for. By the bucket's clock, as the append has heard it. */
function isAhead({ after }: Update, clock: ClockOffset, { host }: Parts): boolean {
  return after >= bucketNow(clock, host.platform.now()) + host.settings.maxSkewMs;
}

/** It is stored, whatever becomes of this. */
async function tell({ onStored }: Parts, store: StoreId): Promise<void> {
  try {
    await onStored(store);
  } catch {}
}

/** A store without a head takes nothing; whether it was there, or is being recovered, is told by who reads it. */
async function refuseHeadless(error: unknown, served: ServedStore): Promise<never> {
  const { store } = served;
  // Of the store: a bucket that could not be asked names the key alone.
  const isHeads = error instanceof StoreError && error.kind === "unavailable" && error.store === store;
  if (isHeads && error.key === headKey(store)) await served.head({ now: true });
  throw error;
}

function readUpdate(body: unknown, { settings }: Parts): Update | Refused {
  const update = parseUpdate(body);
  if (update.ok) return update.value;
  const format = isJsonObject(body) && typeof body.format === "string" ? body.format : "";
  if (/^icecore-update-\d+$/.test(format) && format !== updateFormat)
    return later(`this server does not know ${format.slice(0, 40)} yet`, newerThan(settings));
  return rejected(`it is no update: ${update.reason}`);
}

function refuseModel(update: Update, model: Model | null, { settings }: Parts): Refused | null {
  if (model === null)
    return later("this server has no model for this store", { ...newerThan(settings), status: 503 });
  if (model.anyVersion || update.modelVersion <= model.version) return null;
  const versions = `${update.modelVersion} of the model, this server has version ${model.version}`;
  return later(`it was made by version ${versions}`, newerThan(settings));
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
  if (!isWritable(data)) return "it holds a number that is larger than any";
  try {
    const valid = validateStored(model, name, data, modelVersion);
    return valid.ok ? null : told(valid.problems);
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    // A schema or upcaster that fails on this would fail each time.
    return `the model could not check it: ${error instanceof Error ? error.message.slice(0, 200) : "it threw"}`;
  }
}

/** 1e400 is read as Infinity, which JSON would write as null: another value than was checked. No client of ours writes one. */
function isWritable(data: Json): boolean {
  if (typeof data === "number") return Number.isFinite(data);
  return typeof data !== "object" || data === null || Object.values(data).every(isWritable);
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

/** `large`: it would be taken if it were smaller. */
function rejected(reason: string, large = false): Refused {
  return { status: large ? 413 : 422, answer: { is: "rejected", reason } };
}

interface Later {
  readonly status: 429 | 503;
  readonly retryAfterMs: number;
}

function later(reason: string, { status, retryAfterMs }: Later): Refused {
  return { status, answer: { is: "later", reason, retryAfterMs } };
}

/** Until somebody has upgraded the server: its sender came early. */
function newerThan({ upgradeRetryMs }: ServerSettings): Later {
  return { status: 429, retryAfterMs: upgradeRetryMs };
}

function tooMany(retryAfterMs: number): Refused {
  return later("too many updates are being stored at once", { status: 429, retryAfterMs });
}

function answerRefused({ status, answer }: Refused): Response {
  const headers = answer.is === "later" ? retryAfter(answer.retryAfterMs) : {};
  return jsonAnswer(encodeSendAnswer(answer), { status, headers });
}
