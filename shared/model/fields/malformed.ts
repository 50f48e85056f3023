/** The one error for a stored field that has another shape than its kind writes. */
import { StoreError } from "../../errors.ts";

export function malformedField(kind: string): never {
  throw new StoreError({
    kind: "corrupt",
    what: `A stored ${kind} field does not have the shape of one`,
    fix: "Check that the state is of this model and version, or add a migrate step",
  });
}
