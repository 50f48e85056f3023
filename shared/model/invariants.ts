/** Invariants: what is wrong with a state, as a list (requirement F1). They report and never stop anything. */
import type { Json } from "../json.ts";
import { isLater } from "./later.ts";
import type { Problem } from "./model.ts";
import { reasonOf } from "./reason.ts";

export type Invariants<S> = { readonly [name: string]: (state: S) => readonly unknown[] };

/** Runs all, or the one named `only`; one that throws, or does not return a list, is a problem itself. */
export function findProblems<S>(
  invariants: Invariants<S>,
  state: S,
  { info, only }: { readonly info: (value: unknown) => Json; readonly only?: string | undefined },
): readonly Problem[] {
  return Object.entries(invariants)
    .filter(([invariant]) => only === undefined || invariant === only)
    .flatMap(([invariant, find]) =>
      findings(find, state).map((finding) => ({ invariant, problem: info(finding) })),
    );
}

function findings<S>(find: (state: S) => readonly unknown[], state: S): readonly unknown[] {
  try {
    const found: unknown = find(state);
    if (Array.isArray(found)) return found;
    return [isLater(found) ? "the invariant is async" : "the invariant did not return a list"];
  } catch (error) {
    return [`the invariant threw: ${reasonOf(error)}`];
  }
}
