/**
 * The rows that a client keeps locally, by kind: what each holds, its key, its text, and reading it back. Rows of an unknown form are
 * never dropped: a release that finds some refuses to open (StoreError "incompatible"), so that nothing durable is lost.
 */
import { StoreError } from "../shared/errors.ts";
import type { Json, JsonObject } from "../shared/json.ts";
import { encodeHead, type Head, parseHead } from "../shared/wire/head.ts";
import { type AppId, parseActionId, parseAppId } from "../shared/wire/ids.ts";
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
} from "../shared/wire/parse.ts";
import { formatTimestamp, type Timestamp } from "../shared/wire/time.ts";
import {
  type Action,
  encodeStamped,
  encodeUpdate,
  parseStamped,
  readUpdate,
  type StampedUpdate,
  type Update,
} from "../shared/wire/update.ts";

/** Who this instance is in the store, and how far the log has taken what it sent. */
export interface AppRow {
  readonly app: AppId;
  /** For the next update. */
  readonly nextSeq: number;
  /** Every own seq up to here is settled: in the log, or passed by it. */
  readonly settledSeq: number;
  /** The chain of own published ids up to there. */
  readonly settledChain: string;
  /** Where the chain stood in the store's life before this one, until the log shows which of both goes on; null: no doubt. */
  readonly formerChain: string | null;
  /** The store's life that what was sent was sent into; null before the first. */
  readonly epoch: string | null;
  /** Largest timestamp that was acknowledged or shown. */
  readonly seen: Timestamp;
}

/** A durable action that no update holds yet. */
export interface ActionRow {
  readonly action: Action;
  readonly modelVersion: number;
  readonly held: boolean;
}

/** An update that was sent or is about to be: it never changes any more. */
export interface UpdateRow {
  readonly update: Update;
  /** When the store acknowledged it; null before. */
  readonly storedAt: Timestamp | null;
  /** Why the server refused it; the log settles it all the same. */
  readonly rejected: string | null;
}

/** What the log has passed without. */
export interface DeadRow {
  readonly action: Action;
  readonly modelVersion: number;
  readonly reason: string;
}

/** Where the confirmed state stands. */
export interface PlaceRow {
  readonly epoch: string;
  /** Of the model that folded it: another version must load its own base. */
  readonly modelVersion: number;
  readonly position: Timestamp;
  /** The log's hash there; null when nothing is known of it. */
  readonly hash: string | null;
  /** False after a snapshot, until the marks have told what of the outbox is in it: before that no segment may judge the outbox. */
  readonly settled: boolean;
}

/** A state to begin from. */
export interface BaseRow {
  readonly through: Timestamp;
  readonly modelVersion: number;
  readonly state: Json;
}

/** Published updates on top of the base. */
export interface RangeRow {
  readonly through: Timestamp;
  readonly updates: readonly StampedUpdate[];
}

const format = "icecore-local-1";
const digits = 12;

export const rowKeys = {
  app: "app",
  place: "place",
  base: "base",
  head: "head",
  action: (id: string) => `action/${id}`,
  update: (app: AppId, seq: number) => `update/${app}/${padded(seq)}`,
  dead: (id: string) => `dead/${id}`,
  range: (count: number) => `range/${padded(count)}`,
} as const;

function padded(count: number): string {
  return String(count).padStart(digits, "0");
}

export function encodeAppRow({
  app,
  nextSeq,
  settledSeq,
  settledChain,
  formerChain,
  epoch,
  seen,
}: AppRow): string {
  const former = formerChain === null ? {} : { formerChain };
  return text({
    app,
    nextSeq,
    settledSeq,
    settledChain,
    ...former,
    ...(epoch === null ? {} : { epoch }),
    seen: formatTimestamp(seen),
  });
}

export function readAppRow(row: JsonObject): AppRow {
  return {
    app: asParsed(row.app, "app", parseAppId),
    nextSeq: asPositive(row.nextSeq, "nextSeq"),
    settledSeq: asCount(row.settledSeq, "settledSeq"),
    settledChain: asText(row.settledChain, "settledChain"),
    formerChain: row.formerChain === undefined ? null : asText(row.formerChain, "formerChain"),
    epoch: row.epoch === undefined ? null : asText(row.epoch, "epoch"),
    seen: asTimestamp(row.seen, "seen"),
  };
}

export function encodeActionRow({ action, modelVersion, held }: ActionRow): string {
  return text({ action: encodeAction(action), modelVersion, held });
}

export function readActionRow(row: JsonObject): ActionRow {
  return {
    action: readAction(row.action),
    modelVersion: asPositive(row.modelVersion, "modelVersion"),
    held: row.held === true,
  };
}

export function encodeUpdateRow({ update, storedAt, rejected }: UpdateRow): string {
  return text({
    update: encodeUpdate(update),
    storedAt: storedAt === null ? null : formatTimestamp(storedAt),
    rejected,
  });
}

export function readUpdateRow(row: JsonObject): UpdateRow {
  return {
    update: readUpdate(row.update),
    storedAt: row.storedAt === null ? null : asTimestamp(row.storedAt, "storedAt"),
    rejected: row.rejected === null ? null : asText(row.rejected, "rejected"),
  };
}

export function encodeDeadRow({ action, modelVersion, reason }: DeadRow): string {
  return text({ action: encodeAction(action), modelVersion, reason });
}

export function readDeadRow(row: JsonObject): DeadRow {
  return {
    action: readAction(row.action),
    modelVersion: asPositive(row.modelVersion, "modelVersion"),
    reason: asText(row.reason, "reason"),
  };
}

export function encodePlaceRow({ epoch, modelVersion, position, hash, settled }: PlaceRow): string {
  return text({ epoch, modelVersion, position: formatTimestamp(position), hash, settled });
}

export function readPlaceRow(row: JsonObject): PlaceRow {
  return {
    epoch: asText(row.epoch, "epoch"),
    modelVersion: asPositive(row.modelVersion, "modelVersion"),
    position: asTimestamp(row.position, "position"),
    hash: row.hash === null ? null : asText(row.hash, "hash"),
    settled: row.settled !== false,
  };
}

export function encodeBaseRow({ through, modelVersion, state }: BaseRow): string {
  return text({ through: formatTimestamp(through), modelVersion, state });
}

export function readBaseRow(row: JsonObject): BaseRow {
  return {
    through: asTimestamp(row.through, "through"),
    modelVersion: asPositive(row.modelVersion, "modelVersion"),
    state: row.state === undefined ? fault("state is missing") : row.state,
  };
}

export function encodeRangeRow({ through, updates }: RangeRow): string {
  return text({ through: formatTimestamp(through), updates: updates.map(encodeStamped) });
}

export function readRangeRow(row: JsonObject): RangeRow {
  return {
    through: asTimestamp(row.through, "through"),
    updates: asArray(row.updates, "updates").map((update) => {
      const parsed = parseStamped(update);
      return parsed.ok ? parsed.value : fault(parsed.reason);
    }),
  };
}

/** A head with its etag: saves the first poll's download. */
export function encodeHeadRow(head: Head, etag: string): string {
  return text({ head: encodeHead(head), etag });
}

export function readHeadRow(row: JsonObject): { readonly head: Head; readonly etag: string } {
  const head = parseHead(row.head);
  return { head: head.ok ? head.value : fault(head.reason), etag: asText(row.etag, "etag") };
}

/** Reads the text of one row. Throws StoreError with the row's key, never its contents. */
export function readRow<T>(local: string, key: string, value: string, read: (row: JsonObject) => T): T {
  const parsed = parseText(value, read);
  if (parsed.ok) return parsed.value;
  const newer = parsed.reason.startsWith("format is");
  throw new StoreError({
    kind: newer ? "incompatible" : "corrupt",
    what: `Row "${key}" of the local storage ${local} cannot be used: ${parsed.reason}`,
    fix: newer
      ? "A newer release of icecore wrote it: upgrade this app."
      : 'Nothing was changed. Take a copy of the storage, then "store.forget({ force: true })" starts afresh from the remote.',
    key,
  });
}

function parseText<T>(value: string, read: (row: JsonObject) => T): Parsed<T> {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return { ok: false, reason: "it is no JSON" };
  }
  return parsing(() => read(formatted(json, format)));
}

function encodeAction({ id, name, data }: Action): JsonObject {
  return { id, name, data };
}

function readAction(value: Json | undefined): Action {
  const action = asObject(value, "action");
  return {
    id: asParsed(action.id, "id", parseActionId),
    name: asText(action.name, "name"),
    data: action.data === undefined ? null : action.data,
  };
}

function text(row: JsonObject): string {
  return JSON.stringify({ format, ...row });
}
