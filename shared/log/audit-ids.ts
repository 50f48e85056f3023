/** Ids seen so far, for finding those that come twice. Split into parts, as one Set ends at 16.7 million members. */

export interface IdSet {
  /** True when the id is new; remembers it. */
  add(id: string): boolean;
}

const parts = 64;

export function createIdSet(): IdSet {
  const sets = Array.from({ length: parts }, () => new Set<string>());
  return {
    add(id) {
      const set = sets[partOf(id)] as Set<string>;
      const before = set.size;
      return set.add(id).size > before;
    },
  };
}

/** By the last two characters: the random end of a ULID. */
function partOf(id: string): number {
  return (id.charCodeAt(id.length - 1) * 31 + id.charCodeAt(id.length - 2)) % parts;
}
