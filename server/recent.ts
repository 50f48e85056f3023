/** The values of some keys, at most so many: the least lately used one makes room. For what may be forgotten. */

export interface Recent<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  readonly size: number;
}

export function createRecent<K, V>(sizeMax: number): Recent<K, V> {
  /** The least lately used first. */
  const values = new Map<K, V>();

  function set(key: K, value: V): void {
    values.delete(key);
    values.set(key, value);
    const [oldest] = values.keys();
    if (values.size > sizeMax && oldest !== undefined) values.delete(oldest);
  }

  return {
    get(key) {
      const value = values.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
    get size() {
      return values.size;
    },
  };
}
