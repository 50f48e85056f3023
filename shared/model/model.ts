/**
 * Model: the one interface that the fold knows. `defineModel` and `reducerModel` make it; an app author never implements it.
 */
import type { Codec } from "../codec/codec.ts";
import type { Json } from "../json.ts";
import type { ActionId, AppId } from "../wire/ids.ts";
import type { Timestamp } from "../wire/time.ts";
import type { Journal } from "./journal.ts";
import type { Validation } from "./schema.ts";

/** What a model function may know besides the state and the action's data. */
export interface ActionMeta {
  readonly id: ActionId;
  /** The app instance that made the action. */
  readonly app: AppId;
  /** The server time of its update; a forecast while pending. */
  readonly timestamp: Timestamp;
  /**
   * What its author had seen when its update was put together to be sent: its own last acknowledged update, and what was shown there. What
   * lies above it the author did not know. What lies below it need not have been seen: work made offline is sent after reading, and an own
   * acknowledgement may be later than others' work that had not come yet. 0: nothing. A forecast while pending.
   */
  readonly after: Timestamp;
  /** When the action was made, milliseconds since 1970, by the clock of its app. Never changes. */
  readonly createdAt: number;
}

/** For each action name, what the caller gives and what the model function gets. */
export type ActionTypes = {
  readonly [name: string]: { readonly input: unknown; readonly output: unknown };
};

/** One finding of an invariant: the state is kept, people resolve it (requirement F1). */
export interface Problem {
  readonly invariant: string;
  /** What the invariant returned: usually a text, or an object with the ids concerned. */
  readonly problem: Json;
}

/** An app's pure functions behind one interface: state, actions, checks, older versions. */
export interface Model<S = unknown, A extends ActionTypes = ActionTypes> {
  readonly name: string;
  readonly version: number;
  /** True for views of any log (`rawModel`): no update is too new and none is upcast. */
  readonly anyVersion: boolean;
  /** The names it declares; empty when it takes any. */
  readonly actionNames: readonly string[];
  /** The names of its invariants. */
  readonly invariantNames: readonly string[];
  /** The kind of each field, where its state is made of fields: "table", "lastWriteWins" … */
  readonly fieldKinds?: Readonly<Record<string, string>>;
  /** For action data. */
  readonly codec: Codec;
  /** For states: as `codec`, a little deeper. */
  readonly stateCodec: Codec;
  createState(context: StateContext): StateStore<S>;
  findAction(name: string): ModelAction | undefined;
  /** Action data of an older model version, decoded, as this version's. Throws what an upcaster throws. */
  upcast(name: string, decoded: unknown, fromVersion: number): unknown;
  /** A decoded state of an older model version as this version's. Throws StoreError incompatible where a step is missing. */
  migrate(decoded: unknown, fromVersion: number): unknown;
  /** What its invariants find; with `only`, what that one finds, and no other is run. */
  problemsOf(state: S, only?: string): readonly Problem[];
  /** Called once before the actions of each update. */
  noteUpdate?(draft: unknown, update: UpdateNote): void;
  /** For inference only; never there at run time. */
  readonly types?: { readonly state: S; readonly actions: A };
}

export interface UpdateNote {
  readonly app: AppId;
  readonly timestamp: Timestamp;
}

export interface ModelAction {
  /** For dispatch and ingest. */
  validate(decoded: unknown): Validation;
  /** What `apply` gets of decoded data. Throws InvalidAction. */
  accept(decoded: unknown): unknown;
  apply(draft: unknown, accepted: unknown, meta: ActionMeta): unknown;
}

/** What the parts of a state share inside one fold. */
export interface StateContext {
  readonly codec: Codec;
  readonly journal: Journal;
  readonly strict: boolean;
  /** The action that is being applied. */
  meta(): ActionMeta;
}

/** A state in memory: a draft for model functions, published immutable handles for everyone else. */
export interface StateStore<S> {
  /** What model functions get. */
  readonly draft: unknown;
  /** The present state as an immutable handle; the same one as before when nothing changed. */
  publish(): S;
  /** Back (or forth) to a handle that this store published. */
  rewind(state: S): void;
  /** Replaces everything; takes ownership of what it is given. */
  load(decoded: unknown): void;
  encode(): Json;
  info(): Json;
}

export type StateOf<M> = M extends Model<infer S, infer _A> ? S : never;
export type ActionsOf<M> = M extends Model<infer _S, infer A> ? A : never;
export type ActionName<M> = keyof ActionsOf<M> & string;
/** What a caller gives to an action, e.g. `ActionInput<typeof todos, "addTodo">`. */
export type ActionInput<M, Name extends ActionName<M>> = ActionsOf<M>[Name]["input"];
/** What the model function gets. */
export type ActionOutput<M, Name extends ActionName<M>> = ActionsOf<M>[Name]["output"];
