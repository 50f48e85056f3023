import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalText, isJsonObject, type Json, utf8Length } from "../../shared/json.ts";

const jsons = fc.jsonValue() as fc.Arbitrary<Json>;
/** Any code units, lone surrogates included. */
const texts = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7fe, max: 0xe001 })))
  .map((units) => String.fromCharCode(...units));

/** The same value with the members of each object in another order. */
function turned(value: Json): Json {
  if (Array.isArray(value)) return value.map((member) => turned(member as Json));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, turned(member)]),
  );
}

test("Canonical text is JSON of the same value.", () => {
  fc.assert(
    fc.property(jsons, (value) => {
      expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("Equal values have equal canonical text, whatever the order of their members.", () => {
  fc.assert(fc.property(jsons, (value) => canonicalText(turned(value)) === canonicalText(value)));
});

test("Members stand in code-unit order, without white space, and undefined ones are left out.", () => {
  const value = {
    b: [1, { d: null, c: "x y" }],
    a: true,
    "10": 1,
    "9": 2,
    é: 3,
    undef: undefined,
  } as unknown as Json;
  expect(canonicalText(value)).toBe('{"10":1,"9":2,"a":true,"b":[1,{"c":"x y","d":null}],"é":3}');
});

test("A member named __proto__ is text like any other.", () => {
  const text = '{"__proto__":{"x":1},"a":2}';
  expect(canonicalText(JSON.parse(text) as Json)).toBe(text);
});

test("A text's length in UTF-8 is what an encoder makes of it, lone surrogates included.", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(texts, (text) => utf8Length(text) === encoder.encode(text).length),
    { numRuns: 1_000 },
  );
  expect(utf8Length("aé€🥛\ud800x\udc00\ud83e")).toBe(1 + 2 + 3 + 4 + 3 + 1 + 3 + 3);
});

test("Only objects that are neither null nor lists are JSON objects.", () => {
  expect([{}, [], null, "x", 1, undefined].map(isJsonObject)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
