/**
 * Standard Schema (standardschema.dev), the part that icecore uses, declared here so that shared/ needs no schema library.
 *
 * Only synchronous schemas are accepted: a replay must give the same answer at once, everywhere.
 */
import { StoreError } from "../errors.ts";
import { isLater } from "./later.ts";

/** Any schema of zod, valibot, arktype and others that follow Standard Schema version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a caller gives. */
export type SchemaInput<S> = S extends StandardSchema<infer Input, infer _Output> ? Input : never;
/** What the model's function gets, after the schema's defaults and transforms. */
export type SchemaOutput<S> = S extends StandardSchema<infer _Input, infer Output> ? Output : never;

/** One thing wrong with an action's data, and where. */
export interface SchemaProblem {
  /** Member names and positions from the outside in; empty for the whole value. */
  readonly path: readonly (string | number)[];
  readonly problem: string;
}

export type Validation =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly SchemaProblem[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
interface SchemaAnswer {
  readonly value?: unknown;
  readonly issues?: readonly Issue[] | undefined;
}

/** Runs a schema; a schema that answers later is refused. */
export function validateWith(schema: StandardSchema, value: unknown): Validation {
  const answer = schema["~standard"].validate(value) as SchemaAnswer;
  if (answer.issues !== undefined) return { ok: false, problems: answer.issues.map(toProblem) };
  if (isLater(answer)) throw asynchronous();
  return { ok: true, value: answer.value };
}

/** An action's data that its schema does not accept. */
export class InvalidAction extends Error {
  override readonly name = "InvalidAction";
}

/** As `validateWith`, for folds: the value alone, or InvalidAction with the problems as one line. */
export function acceptWith(schema: StandardSchema, value: unknown): unknown {
  const answer = schema["~standard"].validate(value) as SchemaAnswer;
  if (answer.issues !== undefined) {
    throw new InvalidAction(`its data is not valid: ${problemsText(answer.issues.map(toProblem))}`);
  }
  if (answer.value === undefined && isLater(answer)) throw asynchronous();
  return answer.value;
}

/** Problems as one line: `id: expected string; tags.0: too long`. */
function problemsText(problems: readonly SchemaProblem[]): string {
  return problems
    .map(({ path, problem }) => (path.length === 0 ? problem : `${path.join(".")}: ${problem}`))
    .join("; ");
}

function toProblem(issue: Issue): SchemaProblem {
  const path = (issue.path ?? []).map((part) => toStep(typeof part === "object" ? part.key : part));
  return { path, problem: issue.message };
}

function toStep(key: PropertyKey): string | number {
  return typeof key === "symbol" ? String(key) : key;
}

function asynchronous(): StoreError {
  return new StoreError({
    kind: "rejected",
    what: "The action's schema answers later (it has an async check or transform)",
    fix: "Use synchronous checks only; ask the network before the action is made and put the answer in its data",
  });
}
