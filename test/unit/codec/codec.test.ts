import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCodec } from "../../../shared/codec/codec.ts";
import { classType, enumType } from "../../../shared/codec/types.ts";
import { StoreError } from "../../../shared/errors.ts";
import type { Json } from "../../../shared/json.ts";

class Money {
  readonly cents: bigint;
  readonly since: Date;
  constructor(cents: bigint, since: Date) {
    this.cents = cents;
    this.since = since;
  }
  toString(): string {
    return `${this.cents} cents`;
  }
}
class Plain {}
const Priority = { low: Object.freeze({ rank: 1 }), high: Object.freeze({ rank: 2 }) };
const Colour = { red: Symbol("red"), blue: Symbol("blue") };

const codec = createCodec({
  types: [
    classType("Money", Money, {
      toJson: ({ cents, since }) => [cents, since],
      fromJson: ([cents, since]: [bigint, Date]) => new Money(cents, since),
    }),
    enumType("Priority", Priority),
    enumType("Colour", Colour),
  ],
});

const key = fc
  .oneof(fc.constantFrom("$", "v", "constructor", "a"), fc.string())
  .filter((k) => k !== "__proto__");
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined)),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.constantFrom<unknown>(Priority.low, Priority.high, Colour.red, Colour.blue, -0),
    fc.tuple(fc.bigInt(), fc.date({ noInvalidDate: true })).map(([cents, since]) => new Money(cents, since)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((rows) => new Map(rows)),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value;

function kindOf(run: () => unknown): { kind: string; text: string } | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return { kind: error.kind, text: error.message };
    throw error;
  }
}

describe("the codec's round trip", () => {
  it("restores any value exactly from JSON text, by both decoders", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const text = JSON.stringify(codec.encode(value));
        expect(isDeepStrictEqual(codec.decode(JSON.parse(text)), value)).toBe(true);
        expect(isDeepStrictEqual(codec.decodeOwned(JSON.parse(text)), value)).toBe(true);
        expect(JSON.stringify(codec.encode(codec.decode(JSON.parse(text))))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it("leaves the input of encode and decode as it was", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const encoded = codec.encode(value);
        const text = JSON.stringify(encoded);
        codec.decode(encoded);
        expect(JSON.stringify(encoded)).toBe(text);
        expect(JSON.stringify(codec.encode(value))).toBe(text);
      }),
    );
  });

  it("returns the same reference where nothing needs a tag", () => {
    const plain = { a: [1, { b: "x" }], c: null };
    const mixed = { plain, at: new Date(0) };
    expect(codec.encode(plain)).toBe(plain);
    expect(codec.decode(plain)).toBe(plain);
    expect((codec.encode(mixed) as { plain: unknown }).plain).toBe(plain);
  });

  it("restores an enum to the instance itself and a class to an instance", () => {
    expect(codec.decode(codec.encode(Priority.high))).toBe(Priority.high);
    expect(codec.decode(codec.encode(Colour.red))).toBe(Colour.red);
    expect(codec.decode(codec.encode(new Money(5n, new Date(0))))).toBeInstanceOf(Money);
  });

  it("restores a date that is no date", () => {
    expect((codec.decode(codec.encode(new Date(Number.NaN))) as Date).getTime()).toBeNaN();
  });

  it("writes the documented tags", () => {
    const map = new Map<unknown, unknown>([["a", 1n]]);
    expect(codec.encode([undefined, Number.NaN, -0, 12n, new Date(0), new Date(Number.NaN)])).toEqual([
      { $: "undefined" },
      { $: "number", v: "NaN" },
      { $: "number", v: "-0" },
      { $: "bigint", v: "12" },
      { $: "date", v: "1970-01-01T00:00:00.000Z" },
      { $: "date", v: null },
    ]);
    expect(codec.encode(map)).toEqual({ $: "map", v: [["a", { $: "bigint", v: "1" }]] });
    expect(codec.encode(new Set(["x"]))).toEqual({ $: "set", v: ["x"] });
    expect(codec.encode(Priority.low)).toEqual({ $: "enum:Priority", v: "low" });
    expect(codec.encode({ $: "date", v: 1 })).toEqual({ $: "object", v: { $: "date", v: 1 } });
  });
});

describe("what the codec refuses to encode", () => {
  const cycle: Record<string, unknown> = { a: {} };
  cycle.a = { back: [cycle] };
  const proto = JSON.parse('{"x":{"__proto__":{"isAdmin":true}}}');
  const cases: [string, unknown, RegExp][] = [
    ["a function", { a: { run: () => 1 } }, /at a\.run .* it is a function/],
    ["a symbol", [Symbol("s")], /it is a symbol/],
    [
      "an unregistered class, with its name and place",
      { list: [1, new Plain()] },
      /at list\.1 .*class Plain .*classType/,
    ],
    ["a cycle", cycle, /contains itself/],
    ["a sparse list", { list: new Array(2) }, /at list .*sparse/],
    ["a symbol as a key", { [Symbol("k")]: 1 }, /symbol as a key/],
    ["the key __proto__", proto, /at x .*__proto__/],
    ["a value inside a Map", new Map([["k", () => 1]]), /function/],
  ];
  it.each(cases)("names %s", (_name, value, text) => {
    const trouble = kindOf(() => codec.encode(value));
    expect(trouble?.kind).toBe("rejected");
    expect(trouble?.text).toMatch(text);
  });

  it("allows 100 levels and not 101, as decode does", () => {
    const nest = (levels: number): unknown => (levels === 0 ? 1 : { in: nest(levels - 1) });
    const listed = (levels: number): Json => (levels === 0 ? 1 : [listed(levels - 1)]);
    expect(codec.decode(codec.encode(nest(100)))).toEqual(nest(100));
    expect(kindOf(() => codec.encode(nest(101)))?.text).toMatch(/more than 100 levels/);
    expect(kindOf(() => codec.decode(listed(101)))?.kind).toBe("corrupt");
  });

  it("never encodes what its decoder finds too deep", () => {
    const shallow = createCodec({ depthMax: 6 });
    fc.assert(
      fc.property(fc.array(fc.constantFrom("list", "map", "set", "$", "date"), { maxLength: 8 }), (wraps) => {
        const value = wraps.reduce<unknown>((inner, wrap) => {
          if (wrap === "map") return new Map([[inner, inner]]);
          if (wrap === "set") return new Set([inner]);
          if (wrap === "$") return { $: inner };
          return wrap === "date" ? [new Date(0), inner] : [inner];
        }, undefined);
        let encoded: Json;
        try {
          encoded = shallow.encode(value);
        } catch {
          return;
        }
        expect(shallow.decode(encoded)).toStrictEqual(value);
      }),
    );
  });
});

describe("what the codec refuses to decode", () => {
  const corrupt: [string, string][] = [
    ["a key __proto__", '{"a":{"__proto__":{"isAdmin":true}}}'],
    ["a key __proto__ in an escaped object", '{"$":"object","v":{"$":1,"__proto__":2}}'],
    ["a date that is none", '{"$":"date","v":"yesterday"}'],
    ["a date in another spelling", '{"$":"date","v":"1970-01-01"}'],
    ["a bigint that is none", '{"$":"bigint","v":"1e3"}'],
    ["a number tag for a plain number", '{"$":"number","v":"1"}'],
    ["a map of triples", '{"$":"map","v":[[1,2,3]]}'],
    ["a map with a key twice", '{"$":"map","v":[[1,2],[1,3]]}'],
    ["a set with an item twice", '{"$":"set","v":[1,1]}'],
    ["a tag with more members", '{"$":"bigint","v":"1","w":2}'],
    ["a tag that is no text", '{"$":{"a":1}}'],
    ["a tag without a form", '{"$":"date"}'],
    ["a class form that fromJson refuses", '{"$":"class:Money","v":7}'],
  ];
  it.each(corrupt)("%s is corrupt", (_name, text) => {
    expect(kindOf(() => codec.decode(JSON.parse(text)))?.kind).toBe("corrupt");
    expect(kindOf(() => codec.decodeOwned(JSON.parse(text)))?.kind).toBe("corrupt");
  });

  it("an unknown type or enum instance is incompatible, by name", () => {
    const unknownType = kindOf(() => codec.decode({ $: "class:Gone", v: 1 }));
    expect(unknownType).toMatchObject({ kind: "incompatible", text: expect.stringContaining("class:Gone") });
    const unknownName = kindOf(() => codec.decode({ $: "enum:Priority", v: "toString" }));
    expect(unknownName).toMatchObject({ kind: "incompatible", text: expect.stringContaining("toString") });
  });

  it("no input changes a prototype", () => {
    const attack = '{"__proto__":{"bad":1},"constructor":{"prototype":{"bad":1}}}';
    kindOf(() => codec.decode(JSON.parse(attack)));
    codec.decode(JSON.parse('{"constructor":{"prototype":{"bad":1}}}'));
    expect(({} as { bad?: number }).bad).toBeUndefined();
  });
});

describe("type registrations", () => {
  it("tell a name or class that is registered twice", () => {
    const money = classType("Money", Money, { toJson: () => 1, fromJson: () => new Money(1n, new Date(0)) });
    expect(() => createCodec({ types: [money, money] })).toThrow(/Two types are named "class:Money"/);
    expect(() => createCodec({ types: [money, { ...money, name: "Cash" }] })).toThrow(/registered twice/);
    expect(() => enumType("Bad", { a: "text" as unknown as object })).toThrow(
      /plain text, number or boolean/,
    );
    expect(() => enumType("Bad", { a: Priority.low, b: Priority.low })).toThrow(/two names/);
  });
});

describe("info", () => {
  it("prints an enum as its name, an instance as its label, and the rest readably", () => {
    const value = {
      due: new Date(0),
      price: new Money(7n, new Date(0)),
      level: Priority.high,
      tags: new Set(["a"]),
      sizes: new Map<unknown, unknown>([[Priority.low, 10n]]),
      odd: [Number.NaN, undefined, new Plain(), () => 1],
    };
    expect(codec.info(value)).toEqual({
      due: "1970-01-01T00:00:00.000Z",
      price: "7 cents",
      level: "high",
      tags: ["a"],
      sizes: { low: "10" },
      odd: ["NaN", null, "Plain", "function "],
    });
  });

  it("never throws, not even on a cycle", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(JSON.stringify(codec.info(cycle))).toContain("…");
    fc.assert(fc.property(fc.anything(), (value) => void JSON.stringify(codec.info(value))));
  });
});
