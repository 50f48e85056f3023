/**
 * Exact JSON back to values. Anything that `encode` would not have written is refused, so decode and encode are inverse.
 */
import { StoreError } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Registry, TypeRegistration } from "./types.ts";

export interface Decoder {
  decode(json: Json): unknown;
  decodeOwned(json: Json): unknown;
}

type Restore = (form: Json | undefined, depth: number, owned: boolean) => unknown;

const bigintShape = /^(?:0|-?[1-9]\d*)$/;
const numbers: ReadonlyMap<Json | undefined, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

export function createDecoder(registry: Registry, depthMax: number): Decoder {
  const builtIns: ReadonlyMap<string, Restore> = new Map<string, Restore>([
    ["undefined", () => undefined],
    ["number", (form) => numbers.get(form) ?? malformed("number")],
    ["bigint", toBigint],
    ["date", toDate],
    ["map", toMap],
    ["set", toSet],
    ["object", (form, depth, owned) => decodeMembers(asObject(form, "object"), depth, owned)],
  ]);

  function decodeAt(json: Json, depth: number, owned: boolean): unknown {
    if (typeof json !== "object" || json === null) return json;
    if (isList(json)) return decodeList(json, depth, owned);
    return json.$ === undefined ? decodeMembers(json, depth, owned) : decodeTag(json, depth, owned);
  }

  function decodeList(list: readonly Json[], depth: number, owned: boolean): unknown {
    if (depth >= depthMax) throw tooDeep(depthMax);
    let target: unknown[] | undefined = owned ? (list as unknown[]) : undefined;
    for (let i = 0; i < list.length; i++) {
      const item = list[i] as Json;
      if (typeof item !== "object" || item === null) continue;
      const value = decodeAt(item, depth + 1, owned);
      if (value === item) continue;
      target ??= [...list];
      target[i] = value;
    }
    return target ?? list;
  }

  function decodeMembers(json: JsonObject, depth: number, owned: boolean): unknown {
    if (depth >= depthMax) throw tooDeep(depthMax);
    let target: Record<string, unknown> | undefined = owned ? (json as Record<string, unknown>) : undefined;
    for (const key in json) {
      if (key === "__proto__") throw corrupt('An object has the key "__proto__"');
      const member = json[key] as Json;
      if (typeof member !== "object" || member === null) continue;
      const value = decodeAt(member, depth + 1, owned);
      if (value === member) continue;
      target ??= { ...json };
      target[key] = value;
    }
    return target ?? json;
  }

  function decodeTag(json: JsonObject, depth: number, owned: boolean): unknown {
    if (depth >= depthMax) throw tooDeep(depthMax);
    const { $: tag, v: form } = json;
    if (typeof tag !== "string") throw corrupt('An object has a key "$" that is no text');
    const size = form === undefined ? 1 : 2;
    if (Object.keys(json).length !== size || (tag === "undefined") !== (size === 1)) return malformed(tag);
    const builtIn = builtIns.get(tag);
    if (builtIn !== undefined) return builtIn(form, depth + 1, owned);
    const type = registry.find(tag);
    if (type === undefined) throw unknownTag(tag);
    return restore(type, tag, decodeAt(form as Json, depth + 1, owned));
  }

  function toMap(form: Json | undefined, depth: number, owned: boolean): unknown {
    const entries = asList(form, "map").map((entry) => decodeList(asList(entry, "map"), depth + 1, owned));
    if (!entries.every((entry) => (entry as unknown[]).length === 2)) return malformed("map");
    const map = new Map(entries as [unknown, unknown][]);
    return map.size === entries.length ? map : malformed("map");
  }

  function toSet(form: Json | undefined, depth: number, owned: boolean): unknown {
    const items = decodeList(asList(form, "set"), depth, owned) as unknown[];
    const set = new Set(items);
    return set.size === items.length ? set : malformed("set");
  }

  return {
    decode: (json) => (isBare(json, depthMax) ? json : decodeAt(json, 0, false)),
    decodeOwned: (json) => decodeAt(json, 0, true),
  };
}

/** True when there is nothing to restore or refuse: most action data, so this comes first and does nothing else. */
function isBare(json: Json, levels: number): boolean {
  if (typeof json !== "object" || json === null) return true;
  if (levels === 0) return false;
  if (isList(json)) return json.every((item) => isBare(item, levels - 1));
  for (const key in json) {
    if (key === "$" || key === "__proto__") return false;
    const member = json[key];
    if (typeof member === "object" && member !== null && !isBare(member, levels - 1)) return false;
  }
  return true;
}

function toBigint(form: Json | undefined): unknown {
  return typeof form === "string" && bigintShape.test(form) ? BigInt(form) : malformed("bigint");
}

function toDate(form: Json | undefined): unknown {
  if (form === null) return new Date(Number.NaN);
  if (typeof form !== "string") return malformed("date");
  const date = new Date(form);
  return !Number.isNaN(date.getTime()) && date.toISOString() === form ? date : malformed("date");
}

function restore(type: TypeRegistration, tag: string, form: unknown): unknown {
  if (type.instances !== undefined) {
    const instance = type.fromJson(form);
    return instance === undefined ? unknownMember(tag, form) : instance;
  }
  try {
    return type.fromJson(form);
  } catch (error) {
    throw corrupt(`The stored form of "${tag}" was refused by fromJson`, error);
  }
}

function asObject(form: Json | undefined, tag: string): JsonObject {
  return typeof form === "object" && form !== null && !isList(form) ? form : malformed(tag);
}

function asList(form: Json | undefined, tag: string): readonly Json[] {
  return Array.isArray(form) ? form : malformed(tag);
}

function isList(json: readonly Json[] | JsonObject): json is readonly Json[] {
  return Array.isArray(json);
}

function unknownTag(tag: string): StoreError {
  return new StoreError({
    kind: "incompatible",
    what: `A stored value has the type "${tag.slice(0, 80)}", which this model does not register`,
    fix: "Add the type to the model's types, or upgrade the app",
  });
}

function unknownMember(tag: string, form: unknown): never {
  throw new StoreError({
    kind: "incompatible",
    what: `A stored value is ${typeof form === "string" ? `"${form.slice(0, 80)}"` : "no name"} of "${tag}", which has no such instance`,
    fix: "Keep every instance that was ever stored in the enum, or upgrade the app",
  });
}

function malformed(tag: string): never {
  throw corrupt(`A stored value tagged "${tag.slice(0, 80)}" is malformed`);
}

function tooDeep(depthMax: number): StoreError {
  return corrupt(`A stored value is nested more than ${depthMax} levels deep`);
}

function corrupt(what: string, cause?: unknown): StoreError {
  return new StoreError(
    { kind: "corrupt", what, fix: "Find out who wrote it; it was not encoded by icecore" },
    cause,
  );
}
