/**
 * The reduced form for people: logs, the inspector, tests. Short and readable, not exact; it never throws.
 */
import type { Json } from "../json.ts";
import { isPlain, type Registry, type TypeRegistration } from "./types.ts";

export function createInfo(registry: Registry, depthMax: number): (value: unknown) => Json {
  function infoAt(value: unknown, depth: number): Json {
    const type = registry.of(value);
    if (type !== undefined) return labelOf(type, value);
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "undefined":
        return null;
      case "object":
        return value === null ? null : depth >= depthMax ? "…" : infoObject(value, depth + 1);
      case "function":
        return `function ${value.name}`;
      default:
        return String(value);
    }
  }

  function infoObject(value: object, depth: number): Json {
    if (Array.isArray(value)) return value.map((item) => infoAt(item, depth));
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof Set) return [...value].map((item) => infoAt(item, depth));
    if (value instanceof Map) {
      return Object.fromEntries(
        [...value].map(([key, item]) => [keyText(infoAt(key, depth)), infoAt(item, depth)]),
      );
    }
    if (!isPlain(value)) return instanceText(value);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, infoAt(item, depth)]));
  }

  return (value) => infoAt(value, 0);
}

function labelOf(type: TypeRegistration, value: unknown): string {
  try {
    return String(type.info(value));
  } catch {
    return type.name;
  }
}

function keyText(key: Json): string {
  return typeof key === "object" && key !== null ? JSON.stringify(key) : String(key);
}

function instanceText(value: object): string {
  try {
    const name = typeof value.constructor === "function" ? value.constructor.name : "object";
    return value.toString === Object.prototype.toString ? name : String(value);
  } catch {
    return "object";
  }
}
