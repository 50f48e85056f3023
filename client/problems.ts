/** What the model's invariants find in the state that is shown; asked once for each state. */
import type { Model, Problem } from "../shared/model/model.ts";

/** Why nothing is sent, where that is to wait for them. */
export const unsolved = "the state has problems that must be solved first";

export function createProblems(
  model: Pick<Model<unknown>, "problemsOf">,
  stateOf: () => unknown,
): () => readonly Problem[] {
  let shown: { readonly state: unknown; readonly problems: readonly Problem[] } | undefined;
  return () => {
    const state = stateOf();
    if (shown === undefined || shown.state !== state) shown = { state, problems: model.problemsOf(state) };
    return shown.problems;
  };
}
