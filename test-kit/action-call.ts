/** Actions as tests write them: name and data, checked and stored as a client would, in updates with times and ids of their own. */
import type { FoldUpdate } from "../shared/fold/fold-update.ts";
import type { Json } from "../shared/json.ts";
import type { ActionInput, ActionName, Model } from "../shared/model/model.ts";
import { validateAction } from "../shared/model/validate.ts";
import { toTimestamp, zeroTimestamp } from "../shared/wire/time.ts";
import { testActionId, testAppId } from "./ids.ts";

/** One call of a model's action: `{ name: "addTodo", data: { id: "a", title: "Milk" } }`. */
export type ActionCall<M> = {
  readonly [Name in ActionName<M>]: { readonly name: Name; readonly data: ActionInput<M, Name> };
}[ActionName<M>];

/** As `ActionCall`, where the model's types are no longer known. */
export interface AnyCall {
  readonly name: string;
  readonly data: unknown;
}

export type StoredCall =
  | { readonly ok: true; readonly data: Json }
  /** Why the action's schema refuses it. */
  | { readonly ok: false; readonly reason: string };

/** The data as an update holds it. */
export function storedCall(model: Model<unknown>, { name, data }: AnyCall): StoredCall {
  const outcome = validateAction(model as Model, name, data);
  if (outcome.ok) return outcome;
  const shown = outcome.problems.map(({ path, problem }) =>
    path.length === 0 ? problem : `${path.join(".")}: ${problem}`,
  );
  return { ok: false, reason: shown.join("; ") };
}

export interface PlacedCall {
  readonly name: string;
  readonly data: Json;
  /** 1, 2, 3 … */
  readonly app: number;
  /** Of this app. */
  readonly seq: number;
  /** The action's own number: its id and the time of its making follow from it. */
  readonly number: number;
  /** Its place in the log. */
  readonly place: number;
}

/** Saturday morning; any time would do. */
const startMs = Date.UTC(2026, 10, 21, 9, 0, 0);
const stepMs = 1_000;

/** One action as an update of its own. Its data is a copy, so that no model can change what another fold gets. */
export function updateOf(
  model: Model<unknown>,
  { name, data, app, seq, number, place }: PlacedCall,
): FoldUpdate {
  return {
    timestamp: toTimestamp(startMs + place * stepMs),
    app: testAppId(app, startMs),
    seq,
    // Nobody had seen anything of anybody: all of it happened at once.
    after: zeroTimestamp,
    modelVersion: model.version,
    actions: [
      { id: testActionId(number, startMs + number), name, data: JSON.parse(JSON.stringify(data)) as Json },
    ],
  };
}
