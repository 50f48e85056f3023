/** Checking an action before it is made: what dispatch and the server's ingest ask. */
import { StoreError } from "../errors.ts";
import type { Json } from "../json.ts";
import { isReservedName } from "./checks.ts";
import { isConstant } from "./constant.ts";
import type { Model } from "./model.ts";
import type { SchemaProblem } from "./schema.ts";

export type ActionOutcome =
  /** `data` is the encoded form of what was given: what goes into the update. */
  | { readonly ok: true; readonly data: Json }
  | { readonly ok: false; readonly problems: readonly SchemaProblem[] };

/**
 * Validates an action's data as a caller gives it. The stored form is the caller's, not the schema's output: a replay
 * validates again, so defaults and transforms are applied each time. They must follow from the data alone: where they do not
 * (a random default, the clock) the call is refused.
 *
 * @example
 * const outcome = validateAction(todos, "addTodo", { id: "a1", title: 7 });
 * // { ok: false, problems: [{ path: ["title"], problem: "Invalid input: expected string, received number" }] }
 */
export function validateAction(model: Model, name: string, value: unknown): ActionOutcome {
  const action = isReservedName(name) ? undefined : model.findAction(name);
  if (action === undefined) return refuse(`${model.name} has no action "${name.slice(0, 80)}"`);
  return outcomeOf(() => {
    const validation = action.validate(value);
    if (!validation.ok) return validation;
    const data = model.codec.encode(value);
    const isSame = validation.value === value || isConstant(model.codec, action, data, validation.value);
    return isSame ? { ok: true, data } : refuse(notConstant);
  });
}

/** As `validateAction`, for data in stored form and perhaps of an older model version: what the server gets. */
export function validateStored(
  model: Model,
  name: string,
  stored: Json,
  modelVersion: number,
): ActionOutcome {
  const action = isReservedName(name) ? undefined : model.findAction(name);
  if (action === undefined) return refuse(`${model.name} has no action "${name.slice(0, 80)}"`);
  return outcomeOf(() => {
    const decoded = model.upcast(name, model.codec.decode(stored), modelVersion);
    const validation = action.validate(decoded);
    return validation.ok ? { ok: true, data: stored } : validation;
  });
}

/** What cannot be stored or decoded, or has an async schema, is a problem to show; anything else is a bug and thrown. */
function outcomeOf(check: () => ActionOutcome): ActionOutcome {
  try {
    return check();
  } catch (error) {
    if (error instanceof StoreError) return refuse(error.message);
    throw error;
  }
}

const notConstant =
  "The action's schema gives two results for the same data: a default or transform is random or reads the clock. Give the value at the call";

function refuse(problem: string): ActionOutcome {
  return { ok: false, problems: [{ path: [], problem }] };
}
