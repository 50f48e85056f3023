/**
 * Values to exact JSON. Copies on write: what needs no tag is returned as it is, so plain state costs only the walk.
 */
import { StoreError } from "../errors.ts";
import type { Json } from "../json.ts";
import { isPlain, type Registry, type TypeRegistration } from "./types.ts";

/** Why a value cannot be stored; the place is added when it is known. */
class Refusal extends Error {
  readonly fix: string;
  constructor(what: string, fix: string, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
    this.fix = fix;
  }
}

/** Longest place that an error spells out; a cycle's would never end. */
const placeCharsMax = 200;

export function createEncoder(registry: Registry, depthMax: number): (value: unknown) => Json {
  function encodeAt(value: unknown, depth: number): Json {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : leaf({ $: "number", v: numberName(value) }, depth);
      case "undefined":
        return leaf({ $: "undefined" }, depth);
      case "bigint":
        return leaf({ $: "bigint", v: String(value) }, depth);
      case "object":
        return value === null ? null : encodeObject(value, depth);
      default:
        return encodeRegistered(value, depth);
    }
  }

  function leaf(tagged: Json, depth: number): Json {
    if (depth >= depthMax) throw tooDeep(depthMax);
    return tagged;
  }

  function encodeObject(value: object, depth: number): Json {
    if (depth >= depthMax) throw tooDeep(depthMax);
    const isList = Array.isArray(value);
    if (registry.hasPlainInstances || !(isList || isPlain(value))) {
      const type = registry.of(value);
      if (type !== undefined) return encodeType(type, value, depth);
    }
    if (isList) return encodeList(value, depth);
    return isPlain(value) ? encodePlain(value, depth) : encodeBuiltIn(value, depth);
  }

  function encodeList(list: readonly unknown[], depth: number): Json {
    let copy: Json[] | undefined;
    for (let i = 0; i < list.length; i++) {
      const item = list[i];
      if (item === undefined && !(i in list))
        throw new Refusal("it is a sparse list", "Fill its holes, e.g. with null");
      const encoded = encodeAt(item, depth + 1);
      if (encoded === item) continue;
      copy ??= [...list] as Json[];
      copy[i] = encoded;
    }
    return copy ?? (list as readonly Json[]);
  }

  function encodePlain(value: Readonly<Record<string, unknown>>, depth: number): Json {
    const escaped = Object.hasOwn(value, "$");
    const members = encodeMembers(value, escaped ? depth + 1 : depth);
    return escaped ? { $: "object", v: members } : members;
  }

  function encodeMembers(value: Readonly<Record<string, unknown>>, depth: number): Json {
    if (depth >= depthMax) throw tooDeep(depthMax);
    if (Object.getOwnPropertySymbols(value).length > 0)
      throw new Refusal("it has a symbol as a key", "Use texts as keys");
    let copy: Record<string, Json> | undefined;
    for (const key of Object.keys(value)) {
      if (key === "__proto__") throw new Refusal('it has the key "__proto__"', "Use another key");
      const member = value[key];
      const encoded = encodeAt(member, depth + 1);
      if (encoded === member) continue;
      copy ??= { ...value } as Record<string, Json>;
      copy[key] = encoded;
    }
    return copy ?? (value as Json);
  }

  function encodeBuiltIn(value: object, depth: number): Json {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Date.prototype) return { $: "date", v: dateText(value as Date) };
    if (prototype === Set.prototype) {
      return { $: "set", v: encodeList([...(value as ReadonlySet<unknown>)], depth + 1) };
    }
    if (prototype === Map.prototype) {
      const entries = [...(value as ReadonlyMap<unknown, unknown>)];
      return { $: "map", v: entries.map((entry) => encodeList(entry, depth + 2)) };
    }
    throw unregistered(value);
  }

  function encodeRegistered(value: unknown, depth: number): Json {
    const type = registry.of(value);
    if (type !== undefined) return encodeType(type, value, depth);
    throw new Refusal(`it is a ${typeof value}`, "Store plain values only");
  }

  function encodeType(type: TypeRegistration, value: unknown, depth: number): Json {
    return leaf({ $: `${type.kind}:${type.name}`, v: encodeAt(formOf(type, value), depth + 1) }, depth);
  }

  return (value) => {
    try {
      return encodeAt(value, 0);
    } catch (error) {
      if (error instanceof Refusal) throw refused(error, value, encodeAt);
      throw error;
    }
  };
}

/** The error with its place, found by a second walk: the first one stays free of bookkeeping. */
function refused(
  refusal: Refusal,
  value: unknown,
  encodeAt: (value: unknown, depth: number) => Json,
): StoreError {
  const { place, cycle } = locate(value, encodeAt);
  const reason = cycle ? "it contains itself" : refusal.message;
  const fix = cycle ? "Refer to it by an id instead" : refusal.fix;
  const what = `The value${place === "" ? "" : ` at ${place.slice(0, placeCharsMax)}`} cannot be stored: ${reason}`;
  return new StoreError({ kind: "rejected", what, fix }, refusal.cause ?? refusal);
}

function locate(
  root: unknown,
  encodeAt: (value: unknown, depth: number) => Json,
): { place: string; cycle: boolean } {
  const above = new Set<unknown>();
  let place = "";
  let value = root;
  for (let depth = 0; ; depth++) {
    if (above.has(value)) return { place, cycle: true };
    above.add(value);
    const culprit = childrenOf(value).find(([, child]) => fails(() => encodeAt(child, depth + 1)));
    if (culprit === undefined) return { place, cycle: false };
    place += place === "" ? culprit[0] : `.${culprit[0]}`;
    value = culprit[1];
  }
}

function childrenOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (value instanceof Map) {
    return [...value].flatMap(([key, item], i) => [[`keys.${i}`, key] as const, [String(i), item] as const]);
  }
  if (value instanceof Set) return [...value].map((item, i) => [String(i), item] as const);
  return Array.isArray(value) || isPlain(value) ? Object.entries(value) : [];
}

function fails(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

function formOf(type: TypeRegistration, value: unknown): unknown {
  try {
    return type.toJson(value);
  } catch (error) {
    throw new Refusal(`toJson of ${type.kind}:${type.name} threw`, "Correct the type's registration", error);
  }
}

function numberName(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function dateText(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function tooDeep(depthMax: number): Refusal {
  return new Refusal(
    `it is nested more than ${depthMax} levels deep`,
    "Store flatter values that refer by id",
  );
}

function unregistered(value: object): Refusal {
  const name = typeof value.constructor === "function" ? value.constructor.name : "";
  const what = `it is an instance of ${name === "" ? "a class" : `the class ${name}`} that is not registered`;
  return new Refusal(what, "Add a classType for it to the model's types, or store a plain object");
}
