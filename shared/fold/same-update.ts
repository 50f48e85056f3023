/** Whether two updates are one: the same place in the log, the same actions. */
import type { FoldUpdate } from "./fold-update.ts";

/** How many updates two lists have in common from their start. */
export function matchingUpdates(before: readonly FoldUpdate[], after: readonly FoldUpdate[]): number {
  let count = 0;
  while (count < before.length && count < after.length) {
    if (!isSameUpdate(before[count] as FoldUpdate, after[count] as FoldUpdate)) break;
    count += 1;
  }
  return count;
}

/**
 * As `matchingUpdates`, for parts of the log: ends between two timestamps, because a fold's position cannot lie between
 * two updates of the same one.
 */
export function matchingLog(before: readonly FoldUpdate[], after: readonly FoldUpdate[]): number {
  let count = matchingUpdates(before, after);
  while (count > 0 && count < after.length && after[count]?.timestamp === after[count - 1]?.timestamp)
    count -= 1;
  return count;
}

function isSameUpdate(a: FoldUpdate, b: FoldUpdate): boolean {
  if (a === b) return true;
  if (a.timestamp !== b.timestamp || a.app !== b.app || a.seq !== b.seq || a.modelVersion !== b.modelVersion)
    return false;
  return (
    a.actions.length === b.actions.length && a.actions.every((action, i) => action.id === b.actions[i]?.id)
  );
}
