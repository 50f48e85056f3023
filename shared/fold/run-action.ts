/** One action on a draft: decode, upcast, validate, apply. Anything that goes wrong undoes this action and no other. */
import { AssertionError } from "../errors.ts";
import type { Json } from "../json.ts";
import { freezeDeep } from "../model/freeze.ts";
import type { Journal } from "../model/journal.ts";
import { asyncFunction, isLater } from "../model/later.ts";
import type { ActionMeta, Model, StateStore } from "../model/model.ts";
import { bounded, reasonOf } from "../model/reason.ts";
import type { Action } from "../wire/update.ts";
import type { FoldUpdate } from "./fold-update.ts";
import { newMeta } from "./meta.ts";

/** What running actions needs and shares inside one fold. */
export interface ActionRun {
  readonly model: Model;
  journal: Journal;
  readonly strict: boolean;
  store: StateStore<unknown>;
  /** The meta of the action that is being applied. */
  meta: ActionMeta | undefined;
}

/** Applies one action; returns the reason when it had to be set aside. */
export function runAction(run: ActionRun, update: FoldUpdate, action: Action): string | undefined {
  const { model, journal } = run;
  journal.clear();
  try {
    const known = model.findAction(action.name);
    if (known === undefined) return bounded(`the model has no action "${action.name}"`);
    let value = decodeAction(run, action.data);
    if (update.modelVersion < model.version) value = model.upcast(action.name, value, update.modelVersion);
    const accepted = known.accept(value);
    const meta = newMeta(update, action);
    run.meta = meta;
    if (run.strict) freezeDeep([accepted, meta]);
    const returned = known.apply(run.store.draft, accepted, meta);
    if (isLater(returned)) throw asyncFunction(`The model function of "${action.name.slice(0, 80)}"`);
    return undefined;
  } catch (error) {
    journal.undo();
    if (error instanceof AssertionError) throw error;
    return reasonOf(error);
  } finally {
    journal.close();
  }
}

/** In strict mode a frozen copy: the log's own objects stay as they are. */
function decodeAction({ model, strict }: ActionRun, stored: Json): unknown {
  return strict ? freezeDeep(model.codec.decode(structuredCopy(stored))) : model.codec.decode(stored);
}

function structuredCopy(json: Json): Json {
  return JSON.parse(JSON.stringify(json)) as Json;
}
