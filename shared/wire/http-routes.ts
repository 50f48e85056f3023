/** Paths of the HTTP API, as patterns for the server and as texts for the client. Keys of objects never stand in them whole. */
import type { StoreId } from "./ids.ts";
import { type BuiltKind, builtPrefix, parseBuiltKey } from "./keys.ts";

const stores = "/v1/stores";

/** Patterns; `:store` is a store id, `:key` the last part of an object's key. */
export const httpRoutes = {
  store: `${stores}/:store`,
  updates: `${stores}/:store/updates`,
  head: `${stores}/:store/head`,
  tail: `${stores}/:store/tail`,
  live: `${stores}/:store/live`,
  pass: `${stores}/:store/pass`,
  credentials: `${stores}/:store/credentials`,
  segments: `${stores}/:store/segments/:key`,
  snapshots: `${stores}/:store/snapshots/:key`,
  marks: `${stores}/:store/marks/:key`,
  indexes: `${stores}/:store/indexes/:key`,
  time: "/v1/time",
  openapi: "/v1/openapi.json",
  health: "/healthz",
} as const;

/** What the API gives out; sweep notes are nobody's business. */
export type ServedKind = Exclude<BuiltKind, "sweeps">;
export const servedKinds: readonly ServedKind[] = ["segments", "snapshots", "marks", "indexes"];

/** What a store has beside its objects; "": the store itself. */
export type StorePart = "" | "updates" | "head" | "tail" | "live" | "pass" | "credentials";

/** The path of something of a store. A store id needs no escaping. */
export function storePath(store: StoreId, what: StorePart): string {
  return what === "" ? `${stores}/${store}` : `${stores}/${store}/${what}`;
}

const [beforeStore = "", afterStore = ""] = httpRoutes.credentials.split(":store");

/** It asks for credentials, of whatever store: on AWS another function answers it, with rights of its own. */
export function isCredentialsPath(path: string): boolean {
  return path.startsWith(beforeStore) && path.endsWith(afterStore);
}

/** The path of a built object, or undefined where the key is none of this store that the API gives out. */
export function builtPath(store: StoreId, key: string): string | undefined {
  const built = parseBuiltKey(key);
  const kind = servedKinds.find((served) => served === built?.kind);
  if (kind === undefined || built?.store !== store) return undefined;
  return `${stores}/${store}/${kind}/${key.slice(builtPrefix(kind, store).length)}`;
}

/** The key that a path's last part names, or undefined where it names none of this store. */
export function servedKey(store: StoreId, kind: ServedKind, name: string): string | undefined {
  const key = builtPrefix(kind, store) + name;
  const built = parseBuiltKey(key);
  return built?.kind === kind && built.store === store ? key : undefined;
}

/** Query: the rev of the head that the client holds; an older tail is of no use to it. */
export const heldRevParam = "rev";
/** Query: seconds that a request for an unchanged head may wait for news. */
export const waitParam = "wait";
/** The name under which a live connection gives hints; they carry nothing. */
export const hintName = "hint";
