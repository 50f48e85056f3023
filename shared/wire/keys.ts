/**
 * The only file that knows object keys (docs/protocol.md, "Objects"). Keys are relative to the bucket's root.
 *
 * Order of the text is order of the timestamps. Names of built objects carry the rev of the head they were built
 * against and a nonce, so that no name is ever used twice.
 */
import { type AppId, parseAppId, parseStoreId, type StoreId } from "./ids.ts";
import { formatTimestamp, parseTimestamp, type Timestamp, toTimestamp } from "./time.ts";

/** What a rollup or a sweep builds; each has a folder of its own. */
export type BuiltKind = "segments" | "snapshots" | "marks" | "indexes" | "sweeps";
export const builtKinds: readonly BuiltKind[] = ["segments", "snapshots", "marks", "indexes", "sweeps"];

export interface UpdateKey {
  readonly store: StoreId;
  readonly timestamp: Timestamp;
  readonly app: AppId;
}

export interface BuiltKey {
  readonly kind: BuiltKind;
  readonly store: StoreId;
  readonly through: Timestamp;
  /** Only snapshots have one. */
  readonly modelVersion?: number;
  readonly rev: number;
  readonly nonce: string;
}

const updateShape = /^updates\/([^/]+)\/([^/-]+)-([^/-]+)\.json$/;
const builtShape = /^([a-z]+)\/([^/]+)\/([^/-]+)(?:-m(\d{1,9}))?-r(\d{1,15})-([a-z0-9]{1,32})\.json$/;
const appShape = /^apps\/([^/]+)\.json$/;
const headShape = /^heads\/([^/]+)\.json$/;

export const headsPrefix = "heads/";

export function headKey(store: StoreId): string {
  return `${headsPrefix}${store}.json`;
}

export function parseHeadKey(key: string): StoreId | undefined {
  return parseStoreId(headShape.exec(key)?.[1]);
}

/** Raw updates of all stores. */
export const updatesRoot = "updates/";

export function updatesPrefix(store: StoreId): string {
  return `${updatesRoot}${store}/`;
}

export function updateKey({ store, timestamp, app }: UpdateKey): string {
  return `${updatesPrefix(store)}${formatTimestamp(timestamp)}-${app}.json`;
}

export function parseUpdateKey(key: string): UpdateKey | undefined {
  const parts = updateShape.exec(key);
  const store = parseStoreId(parts?.[1]);
  const timestamp = parseTimestamp(parts?.[2]);
  const app = parseAppId(parts?.[3]);
  return store && timestamp !== undefined && app ? { store, timestamp, app } : undefined;
}

/**
 * Where a LIST of the updates above `position` starts: the text of the next millisecond, without an app. Starting at
 * the text of `position` itself would list the updates *at* it again (its keys go on with "-app").
 */
export function listAfterPosition(store: StoreId, position: Timestamp): string {
  return updatesPrefix(store) + formatTimestamp(toTimestamp(position + 1));
}

/** Of no store: who owns which app id, an object each (docs/rfcs/0003-app-owners.md). */
export const appsPrefix = "apps/";

export function appKey(app: AppId): string {
  return `${appsPrefix}${app}.json`;
}

export function parseAppKey(key: string): AppId | undefined {
  return parseAppId(appShape.exec(key)?.[1]);
}

/** Of no store: objects of all self-tests. */
export const probesRoot = "probes/";

/** Below it a self-test of the bucket makes objects of its own and removes them again; `nonce` keeps two apart. */
export function probesPrefix(nonce: string): string {
  return `${probesRoot}${nonce}/`;
}

/** Everything that a rule of the bucket must leave alone, whatever the store. */
export const keptPrefixes: readonly string[] = [
  headsPrefix,
  updatesRoot,
  appsPrefix,
  ...builtKinds.filter((kind) => kind !== "sweeps").map(builtRoot),
];

/** Built objects of one kind, of all stores. */
export function builtRoot(kind: BuiltKind): string {
  return `${kind}/`;
}

export function builtPrefix(kind: BuiltKind, store: StoreId): string {
  return `${builtRoot(kind)}${store}/`;
}

export function builtKey({ kind, store, through, modelVersion, rev, nonce }: BuiltKey): string {
  const model = modelVersion === undefined ? "" : `-m${modelVersion}`;
  return `${builtPrefix(kind, store)}${formatTimestamp(through)}${model}-r${rev}-${nonce}.json`;
}

export function parseBuiltKey(key: string): BuiltKey | undefined {
  const parts = builtShape.exec(key);
  const kind = builtKinds.find((known) => known === parts?.[1]);
  const store = parseStoreId(parts?.[2]);
  const through = parseTimestamp(parts?.[3]);
  if (
    !parts ||
    !kind ||
    !store ||
    through === undefined ||
    (kind === "snapshots") !== (parts[4] !== undefined)
  )
    return undefined;
  const modelVersion = parts[4] === undefined ? {} : { modelVersion: Number(parts[4]) };
  return { kind, store, through, ...modelVersion, rev: Number(parts[5]), nonce: parts[6] ?? "" };
}
