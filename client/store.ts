/** What an app sees of its store. */

import type { StoreError } from "../shared/errors.ts";
import type { ActionInput, ActionName, ActionsOf, Model, Problem, StateOf } from "../shared/model/model.ts";
import type { ActionId, AppId } from "../shared/wire/ids.ts";
import type { Timestamp } from "../shared/wire/time.ts";
import type { Action } from "../shared/wire/update.ts";

/** Where one action is on its way; each promise resolves once and stays so. */
export interface ActionHandle {
  readonly id: ActionId;
  /** Durable on this machine. Rejects with StoreError when it could not be written; it is tried again. */
  readonly savedLocally: Promise<void>;
  /** Acknowledged by the store. */
  readonly stored: Promise<Timestamp>;
  /** In the log for ever, seen here. Rejects when it became a dead letter. */
  readonly published: Promise<void>;
}

export type SyncPhase =
  /** Local data is being read. */
  | "starting"
  | "syncing"
  | "idle"
  /** The remote could not be reached; it is tried again. */
  | "offline"
  /** The remote asks to sign in. */
  | "unauthorized"
  /** A newer model is needed to go on reading; what is made here is kept and sent. */
  | "upgrade"
  /** Something is damaged: the error says what. */
  | "corrupt"
  | "closed";

export interface SyncStatus {
  readonly phase: SyncPhase;
  /** Actions that the log does not hold yet. */
  readonly pending: number;
  /** Actions that the log has passed without. */
  readonly dead: number;
  /** When a round last went through, by this machine's clock; null: not yet. */
  readonly syncedAt: number | null;
  /** Why the last round failed, or local storage. */
  readonly error: StoreError | null;
  /** False while something that was made here could not be written to this machine: it is lost with the page. The error says why. */
  readonly savedLocally: boolean;
  /** Why sending waits: the store's word, or problems that must be solved first. */
  readonly waiting: string | null;
  /** The local state, or the log that it came from, was not what the bucket has, and was loaded afresh: at this position, the last time. */
  readonly divergence: { readonly at: Timestamp; readonly repairedAt: number } | null;
  /** The store began a new life (it was recovered, or made anew): how often that was met. */
  readonly epochs: number;
  /** This storage is a copy of another instance's; it went on under a new app id. */
  readonly cloned: boolean;
  /** Everything at or below it is confirmed. */
  readonly position: Timestamp;
}

export interface OutboxItem {
  readonly action: Action;
  readonly at: "waiting" | "held" | "sent" | "stored" | "rejected" | "dead";
  /** Of a rejected or dead one. */
  readonly reason: string | null;
}

/** An action that the model refused when it was its turn: it is in the log, and has no effect. */
export interface RejectedAction {
  readonly id: ActionId;
  readonly name: string;
  /** What the model's function threw, or its schema found. */
  readonly reason: string;
}

export interface StoreOutbox {
  /** In the order they were made, dead letters last. */
  list(): readonly OutboxItem[];
  /** Keeps an action back that was not sent yet. */
  hold(id: ActionId): void;
  release(id: ActionId): void;
  /** Forgets an action that was not sent yet, or a dead letter. */
  drop(id: ActionId): void;
  /** Sends a dead letter again, under a new id. */
  retry(id: ActionId): void;
  /**
   * Does a dead letter, or an action that was not sent yet, again with other data, and drops it. Throws StoreError "rejected" for data that
   * the schema refuses, and where there is nothing to edit under this id; then nothing has changed. Where another tab leads and sends it in
   * that very moment, both are stored.
   */
  edit(id: ActionId, data: unknown): ActionHandle;
}

/**
 * "local": an action of this app, made in this tab or in another one that shares its local storage; tabs are one app. "remote": another
 * app's, from the store. To tell tabs apart, keep the ids of the handles that `do` answers with.
 */
export type Origin = "local" | "remote";

export interface Seen<Name, Data> {
  readonly id: ActionId;
  readonly name: Name;
  readonly data: Data;
  readonly app: AppId;
  readonly origin: Origin;
}

export interface Store<M extends Model<unknown>> {
  /** The id of this instance, a ULID: for a token that is for it alone. Lasting once `loaded`; a cloned storage gets another one. */
  readonly app: AppId;
  /**
   * The app's methods: each call is an action, in the state at once. Throws StoreError "rejected" for data that the schema refuses, and
   * "limit" for more of it than `actionBytesMax`.
   */
  readonly do: { readonly [Name in ActionName<M>]: (data: ActionInput<M, Name>) => ActionHandle };
  dispatch(action: { readonly name: string; readonly data: unknown }): ActionHandle;
  /** What to show: confirmed, tentative and pending together. The same object as long as nothing changes. */
  readonly state: StateOf<M>;
  /** From the log alone. */
  readonly confirmedState: StateOf<M>;
  /** Called after each change of the state or the status; answers with how to stop. */
  subscribe(listener: () => void): () => void;
  /** Called once per action and run when it first takes effect here; never for what came inside a snapshot, or what the model refused. */
  on<Name extends ActionName<M>>(
    name: Name,
    listener: (seen: Seen<Name, ActionsOf<M>[Name]["output"]>) => void,
  ): () => void;
  /** What the model's invariants find in the shown state. */
  readonly problems: readonly Problem[];
  readonly outbox: StoreOutbox;
  readonly sync: {
    readonly status: SyncStatus;
    /** A round at once; resolves when it went through. */
    now(): Promise<void>;
    /** Something may be new: any channel may call it. */
    wake(reason: string): void;
  };
  /** The state at an earlier time, from the remote's history. */
  at(time: Timestamp): Promise<StateOf<M>>;
  /** Local data is in the state. */
  readonly loaded: Promise<void>;
  /** Ends the rounds; what is unsent stays for the next time. */
  close(): Promise<void>;
  /** Removes all local data. Refuses while something is unsent, unless forced. */
  forget(options?: { readonly force?: boolean }): Promise<void>;
}
