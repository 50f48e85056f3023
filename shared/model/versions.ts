/** Older model versions: action data and states go up one version at a time. */
import { StoreError } from "../errors.ts";
import { defaultSettings } from "../settings.ts";
import { asyncFunction, isLater } from "./later.ts";

/** Steps by the version they start from: `{ 1: old => new }` leads from version 1 to 2. */
export interface VersionSteps {
  readonly [fromVersion: number]: VersionStep["step"];
}
interface VersionStep {
  /** A method, so that an author may annotate `old` with the old type. */
  step(old: Readonly<Record<string, unknown>>): unknown;
}

/** States nest what actions hold a little deeper: field, key, list entry, and the tags of each. */
export const stateDepthMax = defaultSettings.jsonDepthMax + 16;

/** A version without a step changed nothing in this action. */
export function upcastWith(
  steps: VersionSteps | undefined,
  decoded: unknown,
  from: number,
  to: number,
): unknown {
  if (steps === undefined) return decoded;
  let value = decoded;
  for (let version = from; version < to; version++) value = run(steps, version, value);
  return value;
}

/** Checks that the steps have no gap, and returns the function that goes through them. */
export function createMigrate(
  name: string,
  version: number,
  steps: VersionSteps,
): (state: unknown, from: number) => unknown {
  const given = Object.keys(steps).map(Number);
  const oldest = Math.min(version, ...given);
  for (let from = Math.min(oldest, Math.max(version - 1, 1)); from < version; from++) {
    if (steps[from] === undefined) throw gap(name, version, from);
  }
  if (given.some((from) => !Number.isInteger(from) || from < 1 || from >= version))
    throw beyond(name, version);
  return (state, from) => {
    if (from < oldest) throw tooOld(name, from, oldest);
    let value = state;
    for (let at = from; at < version; at++) value = run(steps, at, value);
    return value;
  };
}

function run(steps: VersionSteps, version: number, value: unknown): unknown {
  const step = steps[version];
  if (step === undefined) return value;
  const next = step(value as Readonly<Record<string, unknown>>);
  if (isLater(next)) throw asyncFunction(`The step from version ${version}`);
  return next;
}

function gap(name: string, version: number, from: number): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Model "${name}" has version ${version} but no migrate step ${from}`,
    fix: `Add migrate: { ${from}: (old) => … }, which returns version ${from + 1}'s state; (old) => old if it is the same`,
  });
}

function beyond(name: string, version: number): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `Model "${name}" of version ${version} has a migrate step that starts elsewhere than from 1 to ${version - 1}`,
    fix: "Name each step by the version it starts from",
  });
}

function tooOld(name: string, from: number, oldest: number): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: `The stored state is of version ${from} of model "${name}", which migrates from version ${oldest} on`,
    fix: "Add the missing migrate steps, or replay the log from its start",
  });
}
