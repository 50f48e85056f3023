/** The state of a model with fields: one store per field behind one draft record and one published record. */
import { isPlain } from "../codec/types.ts";
import { StoreError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { FieldStore, Fields, StateRead } from "./field.ts";
import type { StateContext, StateStore } from "./model.ts";

export function createFieldState<F extends Fields>(
  fields: F,
  context: StateContext,
): StateStore<StateRead<F>> {
  const names = Object.keys(fields).sort();
  const stores = names.map((name) => (fields[name] as F[string]).createStore(context) as FieldStore);
  const each = (read: (store: FieldStore) => Json): Json =>
    Object.fromEntries(names.map((name, i) => [name, read(stores[i] as FieldStore)]));
  let published: Record<string, unknown> | undefined;
  return {
    draft: draftOf(names, stores),
    publish() {
      published = publishFields(names, stores, published, context.strict);
      return published as StateRead<F>;
    },
    rewind(state) {
      const record = state as Record<string, unknown>;
      for (let i = 0; i < names.length; i++) (stores[i] as FieldStore).rewind(record[names[i] as string]);
      published = record;
    },
    load(decoded) {
      const record = asRecord(decoded, names);
      names.forEach((name, i) => {
        (stores[i] as FieldStore).load(record[name]);
      });
      published = undefined;
    },
    encode: () => each((store) => store.encode()),
    info: () => each((store) => store.info()),
  };
}

/** A record whose assignable fields are accessors and whose other members cannot be replaced. */
function draftOf(names: readonly string[], stores: readonly FieldStore[]): unknown {
  const draft = {};
  names.forEach((name, i) => {
    const { assign, readDraft, draft: value } = stores[i] as FieldStore;
    const member =
      assign !== undefined && readDraft !== undefined ? { get: readDraft, set: assign } : { value };
    Object.defineProperty(draft, name, { ...member, enumerable: true });
  });
  return Object.freeze(draft);
}

function publishFields(
  names: readonly string[],
  stores: readonly FieldStore[],
  before: Record<string, unknown> | undefined,
  strict: boolean,
): Record<string, unknown> {
  let next: Record<string, unknown> | undefined = before === undefined ? {} : undefined;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const read = (stores[i] as FieldStore).publish();
    if (next === undefined && Object.is(read, before?.[name])) continue;
    next ??= { ...before };
    next[name] = read;
  }
  if (next === undefined) return before as Record<string, unknown>;
  return strict ? Object.freeze(next) : next;
}

function asRecord(decoded: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isPlain(decoded)) throw misfit("it is no object");
  const missing = names.find((name) => !Object.hasOwn(decoded, name));
  if (missing !== undefined) throw misfit(`it has no field "${missing}"`);
  const unknownName = Object.keys(decoded).find((name) => !names.includes(name));
  if (unknownName !== undefined)
    throw misfit(`it has a field "${unknownName}" that the model does not declare`);
  return decoded;
}

function misfit(why: string): StoreError {
  return new StoreError({
    kind: "corrupt",
    what: `The stored state does not fit the model: ${why}`,
    fix: "Raise the model's version and add a migrate step when its fields change",
  });
}
