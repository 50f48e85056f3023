/** What a fault says of a conditional write that was sent once. */
import type { WriteAnswer } from "../../shared/ports/bucket.ts";
import { type Fault, faultText, isAbsent, isPassing, mayHaveHappened } from "./fault.ts";

/** Under which condition: that nothing is there, or that what is there has this etag, as it is spelt. */
export type Condition = { readonly ifNoneMatch: "*" } | { readonly ifMatch: string };

/** 412 is "refused", whatever leaves open whether it happened is "unknown"; null: it certainly did nothing and will not work. */
export function answerOfFault(fault: Fault, condition: Condition, date: number): WriteAnswer | null {
  if (fault.status === 412) return { is: "refused", date };
  // AWS says so where If-Match meets no object.
  if (isAbsent(fault) && "ifMatch" in condition) return { is: "refused", date };
  if (isPassing(fault) || mayHaveHappened(fault)) return { is: "unknown", why: faultText(fault), date };
  return null;
}
