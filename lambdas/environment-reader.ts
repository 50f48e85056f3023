/**
 * Reads the variables of a Lambda's environment and gathers what is wrong with them, so that all of it is told at once. A variable's value
 * is never repeated: it may be a secret in the wrong place.
 */
import { StoreError } from "../shared/errors.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface EnvironmentReader {
  /** Null where it is missing or empty. */
  optional(name: string): string | null;
  /** `fix` says what to set it to. */
  required(name: string, fix: string): string;
  /** A number of at least `min`. */
  number(name: string, rule: NumberRule): number;
  /** This is wrong. */
  fault(name: string, what: string, fix: string): void;
}

export interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly otherwise: number;
  readonly fraction?: boolean;
}

/** Throws StoreError "rejected" that names each variable at fault, and what to set it to. */
export function readEnvironment<T>(variables: Variables, read: (reader: EnvironmentReader) => T): T {
  const faults: { readonly what: string; readonly fix: string }[] = [];
  const fault = (name: string, what: string, fix: string) =>
    void faults.push({ what: `${name} ${what}`, fix: `${name} to ${fix}` });
  const optional = (name: string) => variables[name]?.trim() || null;
  const value = read({
    optional,
    fault,
    required(name, fix) {
      const text = optional(name);
      if (text === null) fault(name, "is missing", fix);
      return text ?? "";
    },
    number(name, { min, max, otherwise, fraction = false }) {
      const text = optional(name);
      if (text === null) return otherwise;
      const number = /^\d{1,12}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
      if (number >= min && number <= max && (fraction || Number.isInteger(number))) return number;
      const kind = fraction ? "number" : "whole number";
      fault(name, `is no ${kind} from ${min} to ${max}`, `a ${kind} from ${min} to ${max}`);
      return otherwise;
    },
  });
  if (faults.length === 0) return value;
  throw new StoreError({
    kind: "rejected",
    what: `The environment of this function is wrong: ${faults.map(({ what }) => what).join("; ")}`,
    fix: `Set ${faults.map(({ fix }) => fix).join("; ")}.`,
  });
}
