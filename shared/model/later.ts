/** What answers later (a promise and its like), where only an answer at once can be used. */
import { StoreError } from "../errors.ts";

/** True for one. What comes of it is nobody's then: a failure that nobody takes would end a Node process. */
export function isLater(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { then } = value as { readonly then?: unknown };
  if (typeof then !== "function") return false;
  then.call(value, ignore, ignore);
  return true;
}

/** For a function of a model that answered later. `whose` begins the error: "The model function of …". */
export function asyncFunction(whose: string): StoreError {
  return new StoreError({
    kind: "rejected",
    what: `${whose} is async`,
    fix: "Make it synchronous; put what it would wait for into the action's data",
  });
}

function ignore(): void {}
