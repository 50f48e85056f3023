/** rawModel: the view of any log where there is no model: who wrote how much, and which actions. */
import { createCodec } from "../codec/codec.ts";
import type { AppId } from "../wire/ids.ts";
import type { Timestamp } from "../wire/time.ts";
import type { StateDraft, StateRead } from "./field.ts";
import { createFieldState } from "./field-state.ts";
import { counter } from "./fields/counter.ts";
import { table } from "./fields/table.ts";
import type { ActionMeta, Model, ModelAction, UpdateNote } from "./model.ts";
import { stateDepthMax } from "./versions.ts";

export interface RawApp {
  readonly updates: number;
  readonly actions: number;
  /** Milliseconds since 1970 of its latest update. */
  readonly last: Timestamp;
}

const fields = {
  updates: counter(),
  actions: counter(),
  apps: table<RawApp>(),
  names: table<{ readonly count: number }>(),
};

type RawDraft = StateDraft<typeof fields>;
export type RawState = StateRead<typeof fields>;

/**
 * Accepts any action of any model version and counts it; data is not looked at, so nothing is ever rejected.
 *
 * @example
 * const fold = createFold(rawModel);
 * fold.apply(segment.updates, segment.through);
 * fold.info(); // { actions: 812, apps: { … }, names: { addTodo: { count: 500 }, … }, updates: 44 }
 */
export const rawModel: Model<RawState> = {
  name: "raw",
  version: 1,
  anyVersion: true,
  actionNames: [],
  invariantNames: [],
  codec: { ...createCodec(), decode: (json) => json },
  stateCodec: createCodec({ depthMax: stateDepthMax }),
  createState: (context) => createFieldState(fields, context),
  findAction: (name) => countAction(name),
  upcast: (_name, decoded) => decoded,
  migrate: (state) => state,
  problemsOf: () => [],
  noteUpdate: countUpdate,
};

function countAction(name: string): ModelAction {
  return {
    validate: (value) => ({ ok: true, value }),
    accept: (value) => value,
    apply(draft, _anything, meta: ActionMeta) {
      const state = draft as RawDraft;
      const key = name === "__proto__" ? '"__proto__"' : name;
      state.actions.add(1);
      if (!state.names.addIfAbsent(key, { count: 1 }))
        state.names.update(key, ({ count }) => ({ count: count + 1 }));
      state.apps.update(meta.app, (app) => ({ ...app, actions: app.actions + 1 }));
    },
  };
}

function countUpdate(draft: unknown, { app, timestamp }: UpdateNote): void {
  const state = draft as RawDraft;
  state.updates.add(1);
  countApp(state, app);
  state.apps.patch(app, { last: timestamp });
}

function countApp(state: RawDraft, app: AppId): void {
  if (state.apps.addIfAbsent(app, { updates: 1, actions: 0, last: 0 as Timestamp })) return;
  state.apps.update(app, (known) => ({ ...known, updates: known.updates + 1 }));
}
