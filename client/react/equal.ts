/** When two values are the same to a component: what is equal is not rendered again. */
import type { Json } from "../../shared/json.ts";

export type IsEqual<T> = (before: T, after: T) => boolean;

/**
 * The same members, each by `Object.is`: for selectors that make a new list or record each time.
 *
 * @example
 * const openIds = useStore((state) => [...state.todos.keys()], shallowEqual);
 */
export function shallowEqual(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true;
  if (!isComposite(before) || !isComposite(after) || Array.isArray(before) !== Array.isArray(after))
    return false;
  const keys = Object.keys(before);
  return (
    keys.length === Object.keys(after).length &&
    keys.every((key) => Object.hasOwn(after, key) && Object.is(before[key], after[key]))
  );
}

/** The same JSON, however deep: problems are small. */
export function sameJson(before: Json, after: Json): boolean {
  if (Object.is(before, after)) return true;
  if (!isComposite(before) || !isComposite(after) || Array.isArray(before) !== Array.isArray(after))
    return false;
  const keys = Object.keys(before);
  return (
    keys.length === Object.keys(after).length &&
    keys.every((key) => Object.hasOwn(after, key) && sameJson(before[key] as Json, after[key] as Json))
  );
}

type Composite = Readonly<Record<string, unknown>>;

/** A list or a plain record. A Map, a table or an instance hides what it holds: only the very same one is equal. */
function isComposite(value: unknown): value is Composite {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
