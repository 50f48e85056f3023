/**
 * useSelection: a part of a source, rendered again only when that part changes.
 *
 * `useSyncExternalStore` asks for the selection in every render and after every change, and gives up a concurrent render in which it
 * changed: nothing is ever torn. So the selection must keep its identity while the source does, and while the new one equals the old.
 */
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { IsEqual } from "./equal.ts";
import type { Source } from "./source.ts";

interface Shown<T> {
  readonly selection: T;
}

export function useSelection<V, T>(
  source: Source<V>,
  select: (value: V) => T,
  isEqual: IsEqual<T> = Object.is,
): T {
  /** What is on the screen: a selector that was written inline is a new one in each render, its selection need not be. */
  const shown = useRef<Shown<T>>(null);
  const read = useMemo(() => {
    let last: { readonly value: V; readonly selection: T } | undefined;
    return (): T => {
      const value = source.read();
      if (last !== undefined && Object.is(last.value, value)) return last.selection;
      const next = select(value);
      const before: Shown<T> | null = last ?? shown.current;
      const selection = before !== null && isEqual(before.selection, next) ? before.selection : next;
      last = { value, selection };
      return selection;
    };
  }, [source, select, isEqual]);
  const selection = useSyncExternalStore(source.subscribe, read, read);
  useEffect(() => {
    shown.current = { selection };
  }, [selection]);
  return selection;
}
