/**
 * The keys of a live Map in code-unit order, made when first asked for and then kept by merging what was added and
 * deleted since. The lists it gives out are never changed.
 */
export interface KeyIndex {
  added(key: string): void;
  deleted(key: string): void;
  /** All keys in order. */
  keys(): readonly string[];
}

export function createKeyIndex(live: ReadonlyMap<string, unknown>): KeyIndex {
  let sorted: readonly string[] | undefined;
  const changed = new Set<string>();
  const note = (key: string): void => {
    if (sorted === undefined) return;
    changed.add(key);
    if (changed.size <= sorted.length) return;
    sorted = undefined;
    changed.clear();
  };
  return {
    added: note,
    deleted: note,
    keys() {
      sorted =
        sorted === undefined ? [...live.keys()].sort() : mergeKeys(sorted, changed, (key) => live.has(key));
      changed.clear();
      return sorted;
    },
  };
}

/** `sorted` with the changed keys in it or out of it, as `isPresent` says. */
export function mergeKeys(
  sorted: readonly string[],
  changed: ReadonlySet<string>,
  isPresent: (key: string) => boolean,
): readonly string[] {
  if (changed.size === 0) return sorted;
  const incoming = [...changed].filter(isPresent).sort();
  const merged: string[] = [];
  let next = 0;
  for (const key of sorted) {
    if (changed.has(key)) continue;
    while (next < incoming.length && (incoming[next] as string) < key)
      merged.push(incoming[next++] as string);
    merged.push(key);
  }
  while (next < incoming.length) merged.push(incoming[next++] as string);
  return merged;
}
