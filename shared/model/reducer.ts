/** reducerModel: a plain `reducer(state, action)` as a Model, for Redux and for small apps. */
import { createCodec } from "../codec/codec.ts";
import type { TypeRegistration } from "../codec/types.ts";
import { StoreError } from "../errors.ts";
import { checkName, checkReducer, checkStorable, checkVersion, isReservedName } from "./checks.ts";
import type { FieldStore } from "./field.ts";
import { createValueStore } from "./fields/value.ts";
import { asyncFunction, isLater } from "./later.ts";
import type { ActionMeta, ActionTypes, Model, ModelAction, StateContext, StateStore } from "./model.ts";
import { createMigrate, stateDepthMax, type VersionSteps } from "./versions.ts";

/** What a reducer gets: an action's name as `type`, its data as `payload`. */
export interface ReducerAction {
  readonly type: string;
  readonly payload: unknown;
  readonly meta: ActionMeta;
}

export interface ReducerDefinition<S> {
  readonly name: string;
  readonly version: number;
  readonly initialState: S;
  /** Pure; an action it does not know leaves the state as it is. */
  readonly reducer: (state: S, action: ReducerAction) => S;
  readonly types?: readonly TypeRegistration[];
  /** From version n's state to version n+1's, without gaps. */
  readonly migrate?: VersionSteps;
}

/**
 * A model from a reducer. Any action name is taken and data is not checked: the reducer decides.
 *
 * @example
 * reducerModel({ name: "count", version: 1, initialState: 0, reducer: (n, { type }) => (type === "add" ? n + 1 : n) })
 */
export function reducerModel<S>(definition: ReducerDefinition<S>): Model<S, ActionTypes> {
  const { name, version, initialState, reducer, types = [], migrate = {} } = definition;
  checkName(name);
  checkVersion(name, version);
  checkReducer(name, reducer);
  const stateCodec = createCodec({ types, depthMax: stateDepthMax });
  checkStorable(`The initial state of model "${name}"`, () => stateCodec.encode(initialState));
  return {
    name,
    version,
    anyVersion: false,
    actionNames: [],
    invariantNames: [],
    codec: createCodec({ types }),
    stateCodec,
    createState: (context) => createWholeState(context, initialState),
    findAction: (type) => (isReservedName(type) ? undefined : toModelAction(type, reducer)),
    upcast: (_type, decoded) => decoded,
    migrate: createMigrate(name, version, migrate),
    problemsOf: () => [],
  };
}

interface Whole<S> {
  state: S;
}

function createWholeState<S>(context: StateContext, initialState: S): StateStore<S> {
  const store: FieldStore<S> = createValueStore(context, initialState);
  const { readDraft, assign } = store;
  const draft = Object.defineProperty({}, "state", {
    ...(readDraft && { get: readDraft }),
    ...(assign && { set: assign }),
  });
  return { ...store, draft };
}

function toModelAction<S>(type: string, reducer: ReducerDefinition<S>["reducer"]): ModelAction {
  return {
    validate: (value) => ({ ok: true, value }),
    accept: (value) => value,
    apply(draft, payload, meta) {
      const whole = draft as Whole<S>;
      const next = reducer(whole.state, { type, payload, meta });
      if (next === undefined) throw noState(type);
      if (isLater(next)) throw asyncFunction("The reducer");
      whole.state = next;
    },
  };
}

function noState(type: string): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `The reducer returned undefined for the action "${type.slice(0, 80)}"`,
    fix: "Return the state it was given when the action is not for it",
  });
}
