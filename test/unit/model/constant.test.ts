/** A schema runs again wherever an action is replayed, so what it fills in must follow from the input alone. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineModel, type StandardSchema, table, validateAction } from "../../../shared/index.ts";

const id = z.string();
let now = 0;
let parses = 0;

/** A schema by hand: what it gives for an object, with what it is asked counted. */
function schema(change: (given: Record<string, unknown>) => unknown): StandardSchema<object, object> {
  const validate = (given: unknown): unknown => {
    parses += 1;
    return { value: change(given as Record<string, unknown>) };
  };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

class Unknown {
  readonly text = String(Math.random());
  toString(): string {
    return this.text;
  }
}

const newModel = () =>
  defineModel({
    name: "defaults",
    version: 1,
    state: { rows: table<unknown>() },
    actions: (action) => ({
      random: action(z.object({ id: z.string().default(() => crypto.randomUUID()) }), () => 1),
      nested: action(
        z.object({ lines: z.array(z.object({ id: id.default(() => `${Math.random()}`) })) }),
        () => 1,
      ),
      constant: action(
        z.object({ id: z.string().trim(), tags: z.array(z.string()).default([]), at: z.coerce.date() }),
        () => 1,
      ),
      clock: action(
        schema((given) => ({ at: now, ...given })),
        () => 1,
      ),
      plain: action(
        schema((given) => ({ ...given })),
        () => 1,
      ),
      same: action(
        schema((given) => given),
        () => 1,
      ),
      instance: action(
        schema(() => ({ it: new Unknown() })),
        () => 1,
      ),
      steady: action(
        schema(() => ({ it: new URL("https://a.example/x") })),
        () => 1,
      ),
    }),
  });

const notConstant = {
  ok: false,
  problems: [
    {
      path: [],
      problem: expect.stringMatching(/two results for the same data.*random.*Give the value at the call/),
    },
  ],
};

describe("A call is refused where its schema", () => {
  it("fills in something random, and taken where the caller gives it", () => {
    const model = newModel();
    expect(validateAction(model, "random", {})).toMatchObject(notConstant);
    expect(validateAction(model, "random", { id: "a" })).toEqual({ ok: true, data: { id: "a" } });
    expect(validateAction(model, "nested", { lines: [{ id: "a" }, {}] })).toMatchObject(notConstant);
    expect(validateAction(model, "instance", {})).toMatchObject(notConstant);
  });

  it("reads the clock: from the second call on, as a clock may stand still for a moment", () => {
    const model = newModel();
    now = 1;
    expect(validateAction(model, "clock", {}).ok).toBe(true);
    now = 2;
    expect(validateAction(model, "clock", {})).toMatchObject(notConstant);
    now = 3;
    expect(validateAction(model, "clock", {})).toMatchObject(notConstant);
    expect(validateAction(model, "clock", { at: 7 })).toEqual({ ok: true, data: { at: 7 } });
    expect(validateAction(newModel(), "clock", {}).ok).toBe(true);
  });
});

describe("A call is taken where its schema", () => {
  it("trims, coerces and fills in constants, and what is stored is still what the caller gave", () => {
    const model = newModel();
    for (let i = 0; i < 3; i++)
      expect(validateAction(model, "constant", { id: " a ", at: "2026-01-01" })).toEqual({
        ok: true,
        data: { id: " a ", at: "2026-01-01" },
      });
    expect(validateAction(model, "steady", {}).ok).toBe(true);
  });

  it("changes nothing: then it is asked once", () => {
    const model = newModel();
    for (const name of ["plain", "same"]) {
      parses = 0;
      expect(validateAction(model, name, { b: 1, a: [new Date(0)] }).ok).toBe(true);
      expect(parses).toBe(1);
    }
  });

  it("was given an object that its caller changes afterwards", () => {
    const model = newModel();
    now = 1;
    const given: Record<string, unknown> = { id: "a" };
    expect(validateAction(model, "clock", given).ok).toBe(true);
    given.id = "b";
    expect(validateAction(model, "clock", given).ok).toBe(true);
  });
});
