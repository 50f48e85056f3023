/** What an engine is given, and what it gives to the parts that show it to an app. */
import type { Layers } from "../shared/fold/layers.ts";
import type { Model, Problem } from "../shared/model/model.ts";
import type { Settings } from "../shared/settings.ts";
import type { AppId, StoreId } from "../shared/wire/ids.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { Listeners } from "./listeners.ts";
import type { Local } from "./local/local.ts";
import type { OutboxView } from "./outbox-view.ts";
import type { ClientPlatform } from "./presence.ts";
import type { RemoteStore } from "./remote/remote.ts";
import type { ClientSettings } from "./settings.ts";
import type { ActionHandle, RejectedAction, SyncStatus } from "./store.ts";

export interface EngineOptions<S> {
  readonly model: Model<S>;
  readonly store: StoreId;
  readonly local: Local;
  readonly remote: RemoteStore | null;
  readonly platform: ClientPlatform;
  readonly settings: Settings & ClientSettings;
  readonly pushOnlyWhileValid: boolean;
  readonly onListenerError: (error: unknown) => void;
  readonly onRejected: (rejected: RejectedAction) => void;
}

export interface Engine<S> {
  readonly layers: Layers<S>;
  readonly listeners: Listeners;
  readonly outbox: OutboxView;
  readonly loaded: Promise<void>;
  app(): AppId;
  dispatch(action: { readonly name: string; readonly data: unknown }): ActionHandle;
  problems(): readonly Problem[];
  status(): SyncStatus;
  syncNow(): Promise<void>;
  wake(reason: string): void;
  at(time: Timestamp): Promise<S>;
  close(): Promise<void>;
  forget(options?: { readonly force?: boolean }): Promise<void>;
}
