/**
 * The typed codec: values of JavaScript as exact JSON and back.
 *
 * Plain JSON stands for itself. What JSON cannot say is an object with the own key `$`: `{"$":"date","v":"…"}`. A plain
 * object that has a key `$` itself is wrapped as `{"$":"object","v":{…}}`, so no input can pretend to be another value.
 */
import type { Json } from "../json.ts";
import { defaultSettings } from "../settings.ts";
import { createDecoder } from "./decode.ts";
import { createEncoder } from "./encode.ts";
import { createInfo } from "./info.ts";
import { createRegistry, type TypeRegistration } from "./types.ts";

export interface Codec {
  /** Exact JSON; the same reference where nothing needs a tag. Throws StoreError rejected for what cannot be stored. */
  encode(value: unknown): Json;
  /** The value; its input is left as it is. Throws StoreError corrupt, or incompatible for an unknown tag. */
  decode(json: Json): unknown;
  /** As `decode`, but may restore values inside the JSON it is given: for JSON that was just parsed. */
  decodeOwned(json: Json): unknown;
  /** Reduced form for people: an enum as its name, an instance as its label. Not for storage; never throws. */
  info(value: unknown): Json;
}

export interface CodecOptions {
  readonly types?: readonly TypeRegistration[];
  /** Levels of JSON nesting, tags included. @default 100 */
  readonly depthMax?: number;
}

/**
 * A codec for plain JSON, Date, Map, Set, bigint, undefined, special numbers and the registered types.
 *
 * @example
 * const codec = createCodec({ types: [enumType("Priority", Priority)] });
 * codec.encode({ due: new Date(0), priority: Priority.high });
 * // { due: { $: "date", v: "1970-01-01T00:00:00.000Z" }, priority: { $: "enum:Priority", v: "high" } }
 */
export function createCodec(options: CodecOptions = {}): Codec {
  const depthMax = options.depthMax ?? defaultSettings.jsonDepthMax;
  const registry = createRegistry(options.types ?? []);
  const decoder = createDecoder(registry, depthMax);
  return {
    encode: createEncoder(registry, depthMax),
    decode: decoder.decode,
    decodeOwned: decoder.decodeOwned,
    info: createInfo(registry, depthMax),
  };
}
