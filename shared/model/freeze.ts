/** Deep freeze for strict folds: plain objects and lists, also inside Maps and Sets. Instances of classes are left alone. */
import { isPlain } from "../codec/types.ts";

export function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) for (const [key, item] of value) [key, item].forEach(freezeDeep);
  else if (value instanceof Set) value.forEach(freezeDeep);
  else if (Array.isArray(value) || isPlain(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freezeDeep);
  }
  return value;
}
