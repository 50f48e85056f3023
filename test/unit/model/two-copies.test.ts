/** A project may load icecore twice: a model file through require, the command line through import. */
import { expect, it, vi } from "vitest";
import { z } from "zod";
import * as here from "../../../shared/index.ts";
import { at, update } from "../fold/sample.ts";

async function otherCopy(): Promise<typeof here> {
  vi.resetModules();
  const other = await import("../../../shared/index.ts");
  expect(other.table).not.toBe(here.table);
  return other;
}

it("A diff knows the tables, sets and lists of another copy's model.", async () => {
  const { counter, defineModel, orderedList, set, table } = await otherCopy();
  const model = defineModel({
    name: "twice",
    version: 1,
    state: { rows: table<unknown>(), tags: set(), steps: orderedList<unknown>(), likes: counter() },
    actions: (action) => ({
      add: action(z.object({ id: z.string() }), (state, { id }) => {
        state.rows.addIfAbsent(id, { id });
        state.tags.add(id);
        state.steps.add(id, "a1", id);
        state.likes.add(1);
      }),
    }),
  });
  const fold = here.createFold(model as unknown as here.Model);
  fold.apply([update(1, [["add", { id: "a" }]])], at(1));
  const before = fold.state();
  fold.apply([update(2, [["add", { id: "b" }]])], at(2));
  const { stateCodec } = model;
  const rows = here.diffStates(before, fold.state(), stateCodec);
  expect(rows.map(({ path, kind }) => [path.join("."), kind])).toEqual([
    ["likes", "changed"],
    ["rows.b", "added"],
    ["steps.b", "added"],
    ["tags.b", "added"],
  ]);
  const tables = [before, fold.state()].map((state) => (state as { rows: here.Table<unknown> }).rows);
  const [old, present] = tables as [here.Table<unknown>, here.Table<unknown>];
  expect([...(here.changedKeys(old, present) ?? [])]).toEqual(["b"]);
  expect(here.changedKeys(old, here.createFold(here.rawModel).state().apps)).toBeUndefined();
});

it("A StoreError of another copy is one here, and nothing else is.", async () => {
  const { StoreError } = await otherCopy();
  const trouble = { kind: "rejected", what: "x", fix: "y" } as const;
  const [theirs, ours] = [new StoreError(trouble), new here.StoreError(trouble)];
  expect(theirs instanceof here.StoreError).toBe(true);
  expect(ours instanceof StoreError).toBe(true);
  expect(ours instanceof here.StoreError).toBe(true);
  for (const other of [new Error("x"), { ...trouble, name: "StoreError" }, null, undefined, "x", {}])
    expect(other instanceof here.StoreError).toBe(false);
  expect(here.validateAction(brokenWith(theirs), "any", {}).ok).toBe(false);
});

function brokenWith(error: Error): here.Model {
  const model = here.reducerModel({ name: "r", version: 1, initialState: 0, reducer: (n) => n });
  const encode = (): never => {
    throw error;
  };
  return { ...model, codec: { ...model.codec, encode } } as unknown as here.Model;
}
