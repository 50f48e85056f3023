/** The update: an ordered group of actions of one app, immutable, stored as one object under `updates/`. */
import type { Json, JsonObject } from "../json.ts";
import { canonicalText } from "../json.ts";
import { type ActionId, type AppId, parseActionId, parseAppId, parseUpdateId, type UpdateId } from "./ids.ts";
import {
  asArray,
  asCount,
  asObject,
  asParsed,
  asPositive,
  asText,
  asTimestamp,
  fault,
  formatted,
  type Parsed,
  parsing,
} from "./parse.ts";
import { formatTimestamp, type Timestamp } from "./time.ts";

export const updateFormat = "icecore-update-1";

/** One call of a model method. `data` is in the codec's encoded form. */
export interface Action {
  readonly id: ActionId;
  readonly name: string;
  readonly data: Json;
}

export interface Update {
  readonly id: UpdateId;
  readonly app: AppId;
  /** 1, 2, 3 … of this app; (app, seq) is the idempotency key. */
  readonly seq: number;
  /** Largest timestamp that its author had seen when it was made. */
  readonly after: Timestamp;
  readonly modelVersion: number;
  readonly actions: readonly Action[];
  /** Who sent it, as the server's auth named them. */
  readonly principal?: string;
}

/** An update with the timestamp it is stored under. */
export interface StampedUpdate extends Update {
  readonly timestamp: Timestamp;
}

export function encodeUpdate(update: Update): JsonObject {
  const { id, app, seq, modelVersion, actions, principal } = update;
  const body = { format: updateFormat, id, app, seq, after: formatTimestamp(update.after), modelVersion };
  const list = actions.map((action) => ({ id: action.id, name: action.name, data: action.data }));
  return principal === undefined ? { ...body, actions: list } : { ...body, principal, actions: list };
}

/** As segments and exports hold it. */
export function encodeStamped(update: StampedUpdate): JsonObject {
  return { timestamp: formatTimestamp(update.timestamp), ...encodeUpdate(update) };
}

export function parseUpdate(value: unknown): Parsed<Update> {
  return parsing(() => readUpdate(value));
}

export function parseStamped(value: unknown): Parsed<StampedUpdate> {
  return parsing(() => {
    const update = readUpdate(value);
    return { ...update, timestamp: asTimestamp(asObject(value, "the line").timestamp, "timestamp") };
  });
}

/** As `parseUpdate`, for use inside another reader. */
export function readUpdate(value: unknown): Update {
  const body = formatted(value, updateFormat);
  return {
    id: asParsed(body.id, "id", parseUpdateId),
    app: asParsed(body.app, "app", parseAppId),
    seq: asPositive(body.seq, "seq"),
    after: asTimestamp(body.after, "after"),
    modelVersion: asModelVersion(body.modelVersion),
    actions: asArray(body.actions, "actions").map(readAction),
    ...(body.principal === undefined ? {} : { principal: asText(body.principal, "principal") }),
  };
}

/** What the log's hash runs over for one update: its timestamp and its canonical bytes. */
export function hashedText(update: StampedUpdate): string {
  return `${formatTimestamp(update.timestamp)} ${canonicalText(encodeUpdate(update))}`;
}

/** As in the name of a snapshot: up to nine digits. 0 is an update made without a model. */
function asModelVersion(value: unknown): number {
  const version = asCount(value, "modelVersion");
  return version < 1_000_000_000 ? version : fault("modelVersion has more than nine digits");
}

function readAction(value: Json, index: number): Action {
  const action = asObject(value, `actions[${index}]`);
  return {
    id: asParsed(action.id, `actions[${index}].id`, parseActionId),
    name: asText(action.name, `actions[${index}].name`),
    data: action.data === undefined ? null : action.data,
  };
}
