/** Values of a JSON Schema as far as the OpenAPI document uses it; what it does not know it refuses, so that nothing is left out unseen. */
import fc from "fast-check";
import type { Json, JsonObject } from "../../shared/json.ts";
import { isJsonObject } from "../../shared/json.ts";

/** `document` is where `$ref`s lead. */
export function valuesOf(schema: JsonObject, document: JsonObject): fc.Arbitrary<Json> {
  if (typeof schema.$ref === "string") return valuesOf(referenced(schema.$ref, document), document);
  if (schema.const !== undefined) return fc.constant(schema.const as Json);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as readonly Json[]));
  if (Array.isArray(schema.oneOf))
    return fc.oneof(...schema.oneOf.map((one) => valuesOf(one as JsonObject, document)));
  switch (schema.type) {
    case "object":
      return objectsOf(schema, document);
    case "array":
      return listsOf(schema, document);
    case "string":
      return typeof schema.pattern === "string" ? fc.stringMatching(new RegExp(schema.pattern)) : fc.string();
    case "integer":
      return fc
        .oneof(fc.nat({ max: 20 }), fc.maxSafeNat())
        .map((value) => value + Number(schema.minimum ?? 0));
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case undefined:
      return fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
    default:
      throw new Error(`test/fuzz does not know the schema type ${JSON.stringify(schema.type)}`);
  }
}

function objectsOf(schema: JsonObject, document: JsonObject): fc.Arbitrary<Json> {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonObject>>;
  const members = Object.entries(properties).map(([name, one]) => [name, valuesOf(one, document)] as const);
  const requiredKeys = (schema.required ?? []) as readonly string[];
  if (isJsonObject(schema.additionalProperties) && members.length === 0)
    return fc.dictionary(fc.string(), valuesOf(schema.additionalProperties, document), { maxKeys: 4 });
  return fc.record(Object.fromEntries(members), {
    requiredKeys: [...requiredKeys] as never[],
  }) as fc.Arbitrary<Json>;
}

function listsOf({ items, minItems, maxItems }: JsonObject, document: JsonObject): fc.Arbitrary<Json> {
  const each = isJsonObject(items) ? valuesOf(items, document) : (fc.jsonValue() as fc.Arbitrary<Json>);
  return fc.array(each, { minLength: Number(minItems ?? 0), maxLength: Number(maxItems ?? 3) });
}

function referenced(ref: string, document: JsonObject): JsonObject {
  const { schemas } = document.components as { readonly schemas: JsonObject };
  const schema = schemas[ref.replace("#/components/schemas/", "")];
  if (!isJsonObject(schema)) throw new Error(`the document has no ${ref}`);
  return schema;
}
