/**
 * Which entities a model function may hold a reference to, so that a patch clones them instead of changing them.
 *
 * Models that only write (the advised kind) never add to it. One that reads everything turns it round: then the few keys
 * written since are kept instead, and memory stays bounded by what was touched.
 */
export interface SeenKeys {
  see(key: string): void;
  /** The key holds a fresh entity that nobody has seen. */
  renew(key: string): void;
  has(key: string): boolean;
  clear(): void;
}

/** Above this many the set of the seen is dropped and all count as seen. */
const seenMax = 10_000;

export function createSeenKeys(): SeenKeys {
  let all = false;
  /** Of the seen, or when `all` is set, of the unseen. */
  const keys = new Set<string>();
  return {
    see(key) {
      if (all) keys.delete(key);
      else if (keys.add(key).size > seenMax) {
        all = true;
        keys.clear();
      }
    },
    renew(key) {
      if (all) keys.add(key);
      else if (keys.size > 0) keys.delete(key);
    },
    has: (key) => (all ? !keys.has(key) : keys.size > 0 && keys.has(key)),
    clear() {
      all = false;
      keys.clear();
    },
  };
}
