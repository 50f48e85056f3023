/** Ids seen so far, for finding those that come twice. Split into parts, as one Set or Map ends at 16.7 million members. */

export interface IdSet {
  /** True when the id is new; remembers it. */
  add(id: string): boolean;
  has(id: string): boolean;
}

export interface IdMap<Value> {
  get(id: string): Value | undefined;
  set(id: string, value: Value): void;
}

const parts = 64;

export function createIdSet(): IdSet {
  const sets = Array.from({ length: parts }, () => new Set<string>());
  const setOf = (id: string) => sets[partOf(id)] as Set<string>;
  return {
    add(id) {
      const set = setOf(id);
      const before = set.size;
      return set.add(id).size > before;
    },
    has: (id) => setOf(id).has(id),
  };
}

export function createIdMap<Value>(): IdMap<Value> {
  const maps = Array.from({ length: parts }, () => new Map<string, Value>());
  const mapOf = (id: string) => maps[partOf(id)] as Map<string, Value>;
  return {
    get: (id) => mapOf(id).get(id),
    set: (id, value) => void mapOf(id).set(id, value),
  };
}

/** By the last two characters: the random end of a ULID. */
function partOf(id: string): number {
  return (id.charCodeAt(id.length - 1) * 31 + id.charCodeAt(id.length - 2)) % parts;
}
