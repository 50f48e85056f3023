/** Whether the state may hold what a model function puts into it: looked at from outside, so that a write costs no walk. */
import type { Codec } from "../codec/codec.ts";
import { isPlain } from "../codec/types.ts";
import { isLater } from "./later.ts";

/**
 * Throws StoreError "rejected" for a function, a promise or an instance of a class that the codec does not know. Plain objects
 * and lists pass; what lies in them is found out by strict folds, and when the state is encoded.
 */
export function requireStorable(codec: Codec, value: unknown): void {
  if (
    typeof value === "object" ? value !== null && !Array.isArray(value) && !isPlain(value) : isNoData(value)
  ) {
    isLater(value);
    codec.encode(value);
  }
}

function isNoData(value: unknown): boolean {
  return typeof value === "function" || typeof value === "symbol";
}
