/** What the answers of the API are made from: the server's parts, and one request that was let in. */
import type { Host } from "../shared/drive/run.ts";
import type { Model } from "../shared/model/model.ts";
import type { AbortSignalLike } from "../shared/ports/platform.ts";
import type { DirectGrant, ReadPass } from "../shared/wire/http-access.ts";
import type { AppId, StoreId } from "../shared/wire/ids.ts";
import type { AppOwners } from "./app-owners.ts";
import type { Claims } from "./auth.ts";
import type { PrincipalOf } from "./principal.ts";
import type { ServerSettings } from "./settings.ts";
import type { WarmStores } from "./warm-stores.ts";

/** Makes read passes: short-lived texts that a shared cache in front of the bucket checks by itself. */
export interface ReadPasses {
  newPass(store: StoreId): Promise<ReadPass>;
}

/** Direct mode: gives out credentials that can do no more than one app may do with one store. */
export interface DirectAccess {
  grant(asked: { readonly store: StoreId; readonly app: AppId }): Promise<DirectGrant>;
}

export interface Parts {
  readonly host: Host;
  readonly settings: ServerSettings;
  readonly stores: WarmStores;
  /** The model of a store; null where this server has none. */
  readonly models: (store: StoreId) => Model | null;
  /** How an update's `principal` is called. */
  readonly principalOf: PrincipalOf;
  readonly owners: AppOwners;
  readonly readPass: ReadPasses | null;
  readonly direct: DirectAccess | null;
  /** Requests may be held open. */
  readonly live: boolean;
  readonly onStored: (store: StoreId) => void | Promise<void>;
  /** Ends everything that waits. */
  readonly closing: AbortSignalLike;
}

/** A request for something of a store, from somebody who may. */
export interface Call {
  readonly request: Request;
  readonly store: StoreId;
  readonly claims: Claims | null;
  /** Whose places it takes. */
  holder(): string;
  /** The last part of an object's key, where the path has one. */
  readonly name: string;
  /** A query parameter. */
  param(name: string): string | undefined;
}

export type Answering = (call: Call) => Promise<Response>;
