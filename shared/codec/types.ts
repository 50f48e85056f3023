/**
 * Registered types: classes and enum-like values that the codec can store by name.
 */
import { StoreError } from "../errors.ts";

export interface ClassForm<T> {
  /** Anything the codec can encode; registered types and dates may be inside. */
  readonly toJson: (instance: T) => unknown;
  /** From the decoded form of what `toJson` returned. */
  readonly fromJson: (form: never) => T;
  /** Label for people. @default the instance's own toString(), or the registered name */
  readonly info?: (instance: T) => string;
}

export interface TypeRegistration {
  readonly kind: "class" | "enum";
  readonly name: string;
  /** Prototype of a class; undefined for an enum. */
  readonly prototype: object | undefined;
  readonly toJson: (value: unknown) => unknown;
  readonly fromJson: (form: unknown) => unknown;
  readonly info: (value: unknown) => string;
  /** Members of an enum by name; undefined for a class. */
  readonly instances: ReadonlyMap<string, unknown> | undefined;
}

/**
 * A class whose instances are stored as what `toJson` returns and made again by `fromJson`.
 *
 * @example
 * classType("Money", Money, { toJson: (m) => [m.cents, m.unit], fromJson: ([c, u]: [number, string]) => new Money(c, u) })
 */
export function classType<T extends object>(
  name: string,
  Class: abstract new (...args: never) => T,
  form: ClassForm<T>,
): TypeRegistration {
  checkName("class", name);
  const label = form.info ?? ((instance: T) => defaultLabel(name, instance));
  return {
    kind: "class",
    name,
    prototype: Class.prototype as object,
    toJson: form.toJson as (value: unknown) => unknown,
    fromJson: form.fromJson as (form: unknown) => unknown,
    info: label as (value: unknown) => string,
    instances: undefined,
  };
}

/**
 * An enum-like set of instances, stored by name and restored to *the* instance.
 *
 * @example
 * const Priority = { low: Object.freeze({ rank: 1 }), high: Object.freeze({ rank: 2 }) };
 * enumType("Priority", Priority)
 */
export function enumType(
  name: string,
  instances: Readonly<Record<string, object | symbol>>,
): TypeRegistration {
  checkName("enum", name);
  const byName = new Map<string, unknown>(Object.entries(instances));
  const names = new Map<unknown, string>([...byName].map(([key, instance]) => [instance, key]));
  if (byName.size === 0)
    throw wrong(`The enum "${name}" has no instances`, "Give it a record of name to instance");
  if (names.size < byName.size)
    throw wrong(`The enum "${name}" has one instance under two names`, "Keep one name");
  for (const [key, instance] of byName) if (!canBeEnum(instance)) throw primitive(name, key);
  return {
    kind: "enum",
    name,
    prototype: undefined,
    toJson: (value) => names.get(value),
    fromJson: (form) => (typeof form === "string" ? byName.get(form) : undefined),
    info: (value) => names.get(value) ?? name,
    instances: byName,
  };
}

export interface Registry {
  /** The tag's registration, by `class:Money` or `enum:Priority`. */
  find(tag: string): TypeRegistration | undefined;
  /** The registration of an instance, by identity for enums and by exact prototype for classes. */
  of(value: unknown): TypeRegistration | undefined;
  /** True when some enum's instances are plain objects, so that plain objects must be looked up too. */
  readonly hasPlainInstances: boolean;
}

export function createRegistry(types: readonly TypeRegistration[]): Registry {
  const byTag = new Map<string, TypeRegistration>();
  const byPrototype = new Map<object | null, TypeRegistration>();
  const byInstance = new Map<unknown, TypeRegistration>();
  let hasPlainInstances = false;
  for (const type of types) {
    const tag = `${type.kind}:${type.name}`;
    if (byTag.has(tag)) throw wrong(`Two types are named "${tag}"`, "Give each type its own name");
    byTag.set(tag, type);
    if (type.prototype !== undefined) {
      if (byPrototype.has(type.prototype))
        throw wrong(`"${tag}" is a class that is registered twice`, "Register it once");
      byPrototype.set(type.prototype, type);
    }
    for (const instance of type.instances?.values() ?? []) {
      if (byInstance.has(instance))
        throw wrong(`"${tag}" shares an instance with another enum`, "Register it once");
      byInstance.set(instance, type);
      hasPlainInstances ||= isPlain(instance) || Array.isArray(instance);
    }
  }
  return {
    find: (tag) => byTag.get(tag),
    of: (value) =>
      byInstance.get(value) ??
      (typeof value === "object" && value !== null
        ? byPrototype.get(Object.getPrototypeOf(value))
        : undefined),
    hasPlainInstances,
  };
}

/** An object literal or a parsed JSON object: its prototype is Object's, or none. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || isForeign(prototype as object);
}

/** Object.prototype of another realm (a frame, a test runner's sandbox): it has no prototype itself. */
function isForeign(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty");
}

function defaultLabel(name: string, instance: object): string {
  return instance.toString === Object.prototype.toString ? name : String(instance);
}

function canBeEnum(instance: unknown): boolean {
  return (
    (typeof instance === "object" && instance !== null) ||
    typeof instance === "symbol" ||
    typeof instance === "function"
  );
}

function checkName(kind: string, name: string): void {
  if (name === "" || typeof name !== "string")
    throw wrong(`A ${kind} type has no name`, "Give it a name that never changes");
}

function primitive(name: string, key: string): StoreError {
  const what = `"${key}" of the enum "${name}" is a plain text, number or boolean`;
  return wrong(what, "Such values are stored as they are; leave the enum out of the types");
}

function wrong(what: string, fix: string): StoreError {
  return new StoreError({ kind: "rejected", what, fix });
}
