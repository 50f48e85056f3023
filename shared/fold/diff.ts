/** What changed between two published states, as plain rows for people and tests. */
import { type Codec, createCodec } from "../codec/codec.ts";
import { isPlain } from "../codec/types.ts";
import { StoreError } from "../errors.ts";
import { canonicalText } from "../json.ts";
import { changedKeys, type Table, toTable } from "../model/table.ts";

export interface DiffRow {
  /** Field name, then the entity's key or the member's name. */
  readonly path: readonly string[];
  readonly kind: "added" | "removed" | "changed";
  readonly before?: unknown;
  readonly after?: unknown;
}

/**
 * Rows in path order: per field, per key of a table, list or set. What is the same object is the same; else values are
 * compared by their encoded form, so give the model's `stateCodec` when states hold registered types.
 *
 * @example
 * diffStates(before, fold.state(), todos.stateCodec);
 * // [{ path: ["todos", "a1"], kind: "changed", before: { title: "Milk", done: false }, after: { … } }]
 */
export function diffStates(before: unknown, after: unknown, codec: Codec = plainCodec): readonly DiffRow[] {
  return diffAt([], before, after, codec);
}

const plainCodec = createCodec();

function diffAt(path: readonly string[], before: unknown, after: unknown, codec: Codec): readonly DiffRow[] {
  if (Object.is(before, after)) return [];
  const rows = diffTables(path, toTable(before), toTable(after), codec);
  if (rows !== undefined) return rows;
  if (path.length < 2 && isPlain(before) && isPlain(after)) return diffMembers(path, before, after, codec);
  return isSame(before, after, codec) ? [] : [{ path, kind: "changed", before, after }];
}

function diffMembers(
  path: readonly string[],
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  codec: Codec,
): readonly DiffRow[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const at = [...path, name];
    if (!Object.hasOwn(before, name)) return [{ path: at, kind: "added" as const, after: after[name] }];
    if (!Object.hasOwn(after, name)) return [{ path: at, kind: "removed" as const, before: before[name] }];
    return diffAt(at, before[name], after[name], codec);
  });
}

function diffTables(
  path: readonly string[],
  before: Table<unknown> | undefined,
  after: Table<unknown> | undefined,
  codec: Codec,
): readonly DiffRow[] | undefined {
  if (before === undefined || after === undefined) return undefined;
  const keys = changedKeys(before, after) ?? new Set([...before.keys(), ...after.keys()]);
  return [...keys]
    .sort()
    .flatMap((key) => diffEntity([...path, key], before.get(key), after.get(key), codec));
}

/** Entities are never undefined, so undefined means that there is none. */
function diffEntity(
  path: readonly string[],
  before: unknown,
  after: unknown,
  codec: Codec,
): readonly DiffRow[] {
  if (Object.is(before, after)) return [];
  if (before === undefined) return [{ path, kind: "added", after }];
  if (after === undefined) return [{ path, kind: "removed", before }];
  return isSame(before, after, codec) ? [] : [{ path, kind: "changed", before, after }];
}

/** What the codec cannot encode (a type it was not given) counts as changed: a diff is for people and never throws. */
function isSame(before: unknown, after: unknown, codec: Codec): boolean {
  try {
    return canonicalText(codec.encode(before)) === canonicalText(codec.encode(after));
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}
