/**
 * defineModel: an app's state fields, actions, checks and older versions as one Model. Mistakes are told at definition time.
 */
import { createCodec } from "../codec/codec.ts";
import type { TypeRegistration } from "../codec/types.ts";
import {
  checkActions,
  checkFields,
  checkInitial,
  checkInvariants,
  checkName,
  checkUpcasters,
  checkVersion,
} from "./checks.ts";
import type { Fields, StateDraft, StateRead } from "./field.ts";
import { createFieldState } from "./field-state.ts";
import { findProblems, type Invariants } from "./invariants.ts";
import type { ActionMeta, Model, ModelAction } from "./model.ts";
import {
  acceptWith,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
  validateWith,
} from "./schema.ts";
import { createMigrate, stateDepthMax, upcastWith, type VersionSteps } from "./versions.ts";

/** One action: the schema of its data, and what it does to the state. */
export interface ActionDefinition<Draft, S extends StandardSchema> {
  readonly schema: S;
  readonly apply: (state: Draft, data: SchemaOutput<S>, meta: ActionMeta) => unknown;
}

/** `action`, with the state's type known. */
export type ActionMaker<Draft> = <S extends StandardSchema>(
  schema: S,
  apply: (state: Draft, data: SchemaOutput<S>, meta: ActionMeta) => unknown,
) => ActionDefinition<Draft, S>;

/** Any action over a draft: what `actions` is checked against. */
export interface AnyAction<Draft> {
  readonly schema: StandardSchema;
  readonly apply: (state: Draft, data: never, meta: ActionMeta) => unknown;
}

export type Actions<F> = { readonly [name: string]: AnyAction<StateDraft<F>> };

export type ActionTypesOf<A> = {
  readonly [K in keyof A]: A[K] extends { readonly schema: infer S }
    ? { readonly input: SchemaInput<S>; readonly output: SchemaOutput<S> }
    : never;
};

export interface ModelDefinition<F extends Fields, A extends Actions<F>> {
  readonly name: string;
  /** 1, 2, 3 …; raise it whenever an old app could not fold what a new one writes, or the state's shape changes. */
  readonly version: number;
  readonly state: F;
  /** Classes and enums that state or action data hold. */
  readonly types?: readonly TypeRegistration[];
  /** A function that gets `action` with the state's type known, or a record of actions with annotated states. */
  readonly actions: ((action: ActionMaker<StateDraft<F>>) => A) | A;
  /** Each returns what is wrong with a state: texts, or objects with the ids concerned. */
  readonly invariants?: Invariants<StateRead<F>>;
  /** For an action: from version n's data to version n+1's. A version without a step changed nothing. */
  readonly upcasters?: { readonly [K in keyof A]?: VersionSteps };
  /**
   * From version n's state to version n+1's, without gaps up to the present version. A state is a record of its fields as
   * they are stored: a table or list is a plain object by key, a set a list of texts, a last-write-wins field `{ value,
   * stamp }`; dates, Maps and registered types inside are restored.
   */
  readonly migrate?: VersionSteps;
}

/**
 * A model from fields and actions.
 *
 * @example
 * export const todos = defineModel({
 *   name: "todos", version: 1,
 *   state: { todos: table<Todo>() },
 *   actions: (action) => ({
 *     addTodo: action(z.object({ id: z.string(), title: z.string() }),
 *       (state, { id, title }) => state.todos.addIfAbsent(id, { title, done: false })),
 *   }),
 * });
 */
export function defineModel<F extends Fields, A extends Actions<F>>(
  definition: ModelDefinition<F, A>,
): Model<StateRead<F>, ActionTypesOf<A>> {
  const {
    name,
    version,
    state: fields,
    types = [],
    invariants = {},
    upcasters = {},
    migrate = {},
  } = definition;
  const actions = typeof definition.actions === "function" ? definition.actions(action) : definition.actions;
  checkName(name);
  checkVersion(name, version);
  checkFields(name, fields);
  checkActions(name, actions);
  checkUpcasters(name, version, Object.keys(actions), upcasters);
  checkInvariants(name, invariants);
  const byName = new Map(Object.entries(actions).map(([key, each]) => [key, toModelAction(each)]));
  const codec = createCodec({ types });
  const stateCodec = createCodec({ types, depthMax: stateDepthMax });
  checkInitial(name, fields, stateCodec);
  return {
    name,
    version,
    anyVersion: false,
    actionNames: [...byName.keys()],
    invariantNames: Object.keys(invariants),
    fieldKinds: Object.fromEntries(Object.entries(fields).map(([field, { kind }]) => [field, kind])),
    codec,
    stateCodec,
    createState: (context) => createFieldState(fields, context),
    findAction: lastFound(byName),
    upcast: (key, decoded, from) =>
      upcastWith(
        (upcasters as Readonly<Record<string, VersionSteps | undefined>>)[key],
        decoded,
        from,
        version,
      ),
    migrate: createMigrate(name, version, migrate),
    problemsOf: (state, only) => findProblems(invariants, state, { info: codec.info, only }),
  };
}

/**
 * One action of a model. Outside of `actions: (action) => …` the state must be annotated.
 *
 * @example
 * const rename = action(z.object({ title: z.string() }), (state: StateDraft<typeof fields>, { title }) => { state.title = title; });
 */
export function action<S extends StandardSchema, Draft>(
  schema: S,
  apply: (state: Draft, data: SchemaOutput<S>, meta: ActionMeta) => unknown,
): ActionDefinition<Draft, S> {
  return { schema, apply };
}

/** A log often holds the same action many times in a row; comparing two names is quicker than hashing one. */
function lastFound<T>(byName: ReadonlyMap<string, T>): (name: string) => T | undefined {
  let lastName: string | undefined;
  let last: T | undefined;
  return (name) => {
    if (name === lastName) return last;
    lastName = name;
    last = byName.get(name);
    return last;
  };
}

function toModelAction(definition: AnyAction<never>): ModelAction {
  const { schema, apply } = definition;
  return {
    validate: (decoded) => validateWith(schema, decoded),
    accept: (decoded) => acceptWith(schema, decoded),
    apply: apply as ModelAction["apply"],
  };
}
