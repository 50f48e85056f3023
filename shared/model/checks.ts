/** Mistakes in a model's definition, told when it is defined. */
import { StoreError } from "../errors.ts";
import type { Fields } from "./field.ts";
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

/** True for names that icecore keeps for itself. */
export function isReservedName(name: string): boolean {
  return name === "" || name.startsWith("$") || name === snapshotLoaded || name === "__proto__";
}

export function checkActionNames(model: string, names: readonly string[]): void {
  const reserved = names.find(isReservedName);
  if (reserved === undefined) return;
  const fix = `Choose a name that is not "${snapshotLoaded}" and does not start with "$"`;
  throw wrong(`Model "${model}" has an action "${reserved}", a reserved name`, fix);
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

function isEarlier(from: number, version: number): boolean {
  return Number.isInteger(from) && from >= 1 && from < version;
}

function wrong(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
