/** The offline-first client: public subpath `icecore/client`. */

export type { AbortSignalLike, Platform } from "../shared/ports/platform.ts";
export {
  type DirectCredentials,
  type DirectRemoteOptions,
  directRemote,
  type OpenBucket,
} from "./direct/direct.ts";
export { type Cipher, withCipher } from "./local/cipher.ts";
export type { Local, LocalRows, RowChanges, Rows } from "./local/local.ts";
export { memoryLocal } from "./local/memory.ts";
export { type SqliteDriver, sqliteLocal } from "./local/sqlite.ts";
export { openStore, type StoreOptions } from "./open-store.ts";
export { createWebPlatform, type WebEngine } from "./platform.ts";
export type { ClientPlatform, PageEngine, Presence } from "./presence.ts";
export {
  type AppSyncHintsOptions,
  appSyncHints,
  type Hints,
  type WebSocketClass,
  type WebSocketLike,
  withHints,
} from "./remote/appsync-hints.ts";
export { bucketRemote } from "./remote/bucket.ts";
export type { FetchLike } from "./remote/fetch-like.ts";
export { type HttpRemote, type HttpRemoteOptions, httpRemote } from "./remote/http.ts";
export type { Remote, RemoteStore, SendOutcome, TailInput } from "./remote/remote.ts";
export { type ClientSettings, defaultClientSettings } from "./settings.ts";
export type {
  ActionHandle,
  Origin,
  OutboxItem,
  RejectedAction,
  Seen,
  Store,
  StoreOutbox,
  SyncPhase,
  SyncStatus,
} from "./store.ts";
