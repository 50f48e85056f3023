import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  action,
  classType,
  counter,
  defineModel,
  type Fields,
  reducerModel,
  StoreError,
  set,
  table,
  validateAction,
  validateStored,
  value,
} from "../../../shared/index.ts";

class Money {
  readonly cents = 1;
}
const money = classType("Money", Money, { toJson: () => 1, fromJson: () => new Money() });
const none = z.object({});
const rest = { name: "m", version: 1, state: { n: value(0) }, actions: { act: action(none, () => 1) } };

describe("defineModel tells mistakes when the model is defined", () => {
  const cases: [string, () => unknown, RegExp][] = [
    ["a version that is no whole number", () => defineModel({ ...rest, version: 1.5 }), /version 1.5/],
    ["version 0", () => defineModel({ ...rest, version: 0 }), /version 0/],
    ["no name", () => defineModel({ ...rest, name: "" }), /no name/],
    [
      "an action name that starts with $",
      () => defineModel({ ...rest, actions: (action) => ({ $x: action(none, () => 1) }) }),
      /"\$x", a reserved name/,
    ],
    [
      "an action named snapshotLoaded",
      () => defineModel({ ...rest, actions: (action) => ({ snapshotLoaded: action(none, () => 1) }) }),
      /reserved name/,
    ],
    [
      "a field name that starts with $",
      () => defineModel({ ...rest, state: { $n: value(0) } }),
      /state field "\$n"/,
    ],
    [
      "a state member that is no field",
      () => defineModel({ ...rest, state: { n: 0 } as unknown as Fields }),
      /"n" of model "m" is no field/,
    ],
    ["a missing migrate step", () => defineModel({ ...rest, version: 2 }), /no migrate step 1/],
    [
      "a gap in the migrate steps",
      () => defineModel({ ...rest, version: 4, migrate: { 1: (old) => old, 3: (old) => old } }),
      /no migrate step 2/,
    ],
    [
      "a migrate step that starts from the present version",
      () => defineModel({ ...rest, migrate: { 1: (old) => old } }),
      /migrate step that starts elsewhere/,
    ],
    [
      "upcasters of an action that does not exist",
      () => defineModel({ ...rest, upcasters: { gone: { 1: (old: unknown) => old } } as object }),
      /upcasters for "gone"/,
    ],
    [
      "an upcaster from a later version",
      () =>
        defineModel({
          ...rest,
          actions: (action) => ({ a: action(none, () => 1) }),
          upcasters: { a: { 1: (old) => old } },
        }),
      /upcaster 1 of "a"/,
    ],
    [
      "a type that is given twice",
      () => defineModel({ ...rest, types: [money, money] }),
      /Two types are named/,
    ],
    [
      "a reducer's missing migrate step",
      () => reducerModel({ name: "r", version: 3, initialState: 0, reducer: (n) => n }),
      /step 2/,
    ],
  ];
  it.each(cases)("%s", (_name, define, text) => {
    expect(define).toThrow(text);
    expect(define).toThrow(StoreError);
  });

  it("but takes steps from the oldest supported version on", () => {
    expect(() =>
      defineModel({ ...rest, version: 4, migrate: { 2: (old) => old, 3: (old) => old } }),
    ).not.toThrow();
  });
});

describe("validateAction", () => {
  const model = defineModel({
    name: "orders",
    version: 2,
    state: { orders: table<unknown>(), tags: set(), count: counter() },
    actions: (action) => ({
      order: action(z.object({ lines: z.array(z.object({ n: z.int().default(1) })), at: z.date() }), () => 1),
      later: action(
        none.refine(async () => true),
        () => 1,
      ),
    }),
    upcasters: { order: { 1: (old) => ({ at: new Date(0), ...old }) } },
    migrate: { 1: (old) => old },
  });

  it("returns the stored form of what the caller gave", () => {
    expect(validateAction(model, "order", { lines: [{}], at: new Date(0) })).toEqual({
      ok: true,
      data: { lines: [{}], at: { $: "date", v: "1970-01-01T00:00:00.000Z" } },
    });
  });

  it("lists problems with their paths", () => {
    const outcome = validateAction(model, "order", { lines: [{ n: 1 }, { n: "two" }], at: 5 });
    expect(outcome).toMatchObject({ ok: false, problems: [{ path: ["lines", 1, "n"] }, { path: ["at"] }] });
  });

  it.each([
    ["a name that the model does not have", "unheardOf", {}, /no action "unheardOf"/],
    ["a reserved name", "$order", {}, /no action/],
    ["an async schema", "later", {}, /answers later/],
    ["what cannot be stored", "order", { lines: [], at: new Date(0), run: () => 1 }, /at run .*function/],
  ])("refuses %s", (_name, action, given, text) => {
    const outcome = validateAction(model, action, given);
    expect(outcome.ok).toBe(false);
    expect(outcome).toMatchObject({ problems: [{ path: [], problem: expect.stringMatching(text) }] });
  });

  it("takes stored data of an older model version up first", () => {
    expect(validateStored(model, "order", { lines: [] }, 1)).toEqual({ ok: true, data: { lines: [] } });
    expect(validateStored(model, "order", { lines: [] }, 2)).toMatchObject({
      ok: false,
      problems: [{ path: ["at"] }],
    });
    expect(validateStored(model, "order", { $: "class:Gone", v: 1 }, 2).ok).toBe(false);
  });
});
