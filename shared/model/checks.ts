/** Mistakes in a model's definition, told when it is defined. */
import type { Codec } from "../codec/codec.ts";
import { StoreError } from "../errors.ts";
import type { Fields } from "./field.ts";
import { createJournal } from "./journal.ts";
import { reasonOf } from "./reason.ts";
import type { VersionSteps } from "./versions.ts";

/** The action that stands for a newer snapshot being loaded. */
export const snapshotLoaded = "snapshotLoaded";

export function checkName(name: string): void {
  if (typeof name !== "string" || name === "")
    throw wrong("A model has no name", "Give it a name that never changes");
}

export function checkVersion(model: string, version: number): void {
  if (Number.isSafeInteger(version) && version >= 1) return;
  throw wrong(`Model "${model}" has the version ${String(version)}`, "Use a whole number from 1");
}

export function checkFields(model: string, fields: Fields): void {
  if (!isRecord(fields)) throw wrong(`Model "${model}" has no state`, "Give it state: { todos: table(), … }");
  for (const [name, field] of Object.entries(fields)) {
    if (name === "" || name.startsWith("$") || name === "__proto__") {
      throw wrong(`Model "${model}" has a state field "${name}"`, 'Use a name that does not start with "$"');
    }
    if (typeof field?.createStore !== "function") {
      throw wrong(
        `The state field "${name}" of model "${model}" is no field`,
        "Use table(), value(), counter() …",
      );
    }
  }
}

/** A state that begins with what cannot be stored would be found out only by its first snapshot. */
export function checkInitial(model: string, fields: Fields, codec: Codec): void {
  const context = { codec, journal: createJournal(), strict: false, meta: () => undefined as never };
  for (const [name, field] of Object.entries(fields)) {
    checkStorable(`The state field "${name}" of model "${model}"`, () => field.createStore(context).encode());
  }
}

/** `whose` begins the error: "The state field …". */
export function checkStorable(whose: string, encode: () => unknown): void {
  try {
    encode();
  } catch (error) {
    throw wrong(
      `${whose} begins with what cannot be kept: ${reasonOf(error)}`,
      "Give it another initial value",
    );
  }
}

/** True for names that icecore keeps for itself. */
export function isReservedName(name: string): boolean {
  return name === "" || name.startsWith("$") || name === snapshotLoaded || name === "__proto__";
}

export function checkActions(model: string, actions: unknown): void {
  const entries = isRecord(actions) ? Object.entries(actions) : [];
  if (entries.length === 0)
    throw wrong(`Model "${model}" has no actions`, `Give it actions: (action) => ({ add: ${howToMake} })`);
  const reserved = entries.map(([name]) => name).find(isReservedName);
  if (reserved !== undefined) {
    const fix = `Choose a name that is not "${snapshotLoaded}" and does not start with "$"`;
    throw wrong(`Model "${model}" has an action "${reserved}", a reserved name`, fix);
  }
  for (const [name, each] of entries) checkAction(`action "${name}" of model "${model}"`, each);
}

const howToMake = "action(schema, (state, data) => …)";

function checkAction(which: string, given: unknown): void {
  if (!isRecord(given) || typeof given.apply !== "function")
    throw wrong(`The ${which} has no function`, `Make it with ${howToMake}`);
  const schema = given.schema as { readonly "~standard"?: { readonly validate?: unknown } } | undefined;
  if (typeof schema?.["~standard"]?.validate !== "function")
    throw wrong(
      `The schema of the ${which} is no Standard Schema`,
      "Use one of zod, valibot or arktype, e.g. z.object({ id: z.string() })",
    );
}

export function checkInvariants(model: string, invariants: Readonly<Record<string, unknown>>): void {
  for (const [name, find] of Object.entries(invariants)) {
    if (typeof find === "function") continue;
    throw wrong(
      `The invariant "${name}" of model "${model}" is no function`,
      "Give (state) => a list of problems",
    );
  }
}

export function checkReducer(model: string, reducer: unknown): void {
  if (typeof reducer === "function") return;
  throw wrong(`Model "${model}" has no reducer`, "Give it reducer: (state, action) => the next state");
}

export function checkUpcasters(
  model: string,
  version: number,
  actions: readonly string[],
  upcasters: { readonly [name: string]: VersionSteps | undefined },
): void {
  for (const [name, steps] of Object.entries(upcasters)) {
    if (!actions.includes(name)) {
      throw wrong(
        `Model "${model}" has upcasters for "${name}", which is no action of it`,
        "Keep the old action, or drop them",
      );
    }
    const stray = Object.keys(steps ?? {}).find((from) => !isEarlier(Number(from), version));
    if (stray !== undefined) {
      const what = `The upcaster ${stray} of "${name}" in model "${model}" starts from no earlier version`;
      throw wrong(what, `Name each by the version it starts from, 1 to ${version - 1}`);
    }
  }
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null;
}

function isEarlier(from: number, version: number): boolean {
  return Number.isInteger(from) && from >= 1 && from < version;
}

function wrong(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
