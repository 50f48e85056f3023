/** Ids of items: ULIDs that rise, so that what is added last stands last; their time is when the item was made. */
import { monotonicFactory } from "ulid";
import { createdAt, parseActionId } from "../../../shared/index.ts";

export const newTodoId: () => string = monotonicFactory();

/** Milliseconds since 1970; null for an id of another making. */
export function madeAt(id: string): number | null {
  const ulid = parseActionId(id);
  return ulid === undefined ? null : createdAt(ulid);
}
