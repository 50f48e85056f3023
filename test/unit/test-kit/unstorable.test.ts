/** What the test kit says of a model that puts into its state what no snapshot can hold. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineModel, table } from "../../../shared/index.ts";
import { checkConvergence, given } from "../../../test-kit/index.ts";

class Money {
  readonly cents = 5;
}
const id = z.object({ id: z.string() });
const model = defineModel({
  name: "unstorable",
  version: 1,
  state: { rows: table<{ readonly more: unknown }>() },
  actions: (action) => ({
    good: action(id, (state, data) => state.rows.addIfAbsent(data.id, { more: [] })),
    add: action(id, (state, data) => state.rows.addIfAbsent(data.id, { more: { run: () => 1 } })),
    patch: action(id, (state, data) => state.rows.patch(data.id, { more: [new Money()] })),
  }),
});

describe("What lies deep in the state and cannot be stored", () => {
  it("is told by given, when, then, with its place", () => {
    const put = given(model).when({ name: "add", data: { id: "a" } });
    expect(() => put.then(() => undefined)).toThrow(/at more\.run cannot be stored: it is a function/);
    put.rejects(/it is a function/);
    given(model, { name: "good", data: { id: "a" } })
      .when({ name: "patch", data: { id: "a" } })
      .rejects(/at more\.0 cannot be stored: .*class Money/);
  });

  it("is told by checkConvergence, as what it is", async () => {
    const data = fc.record({ id: fc.constant("a") });
    await expect(checkConvergence(model, { good: data, add: data, patch: data })).rejects.toThrow(
      /Action \d puts into the state what cannot be stored: The value at more\.(run|0) cannot be stored/,
    );
  });
});
