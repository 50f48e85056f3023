import { expect, test } from "vitest";
import { z } from "zod";
import { createFold, defineModel, rawModel, reducerModel, value } from "../../../shared/index.ts";

const asked: string[] = [];
const model = defineModel({
  name: "m",
  version: 1,
  state: { n: value(0) },
  actions: (action) => ({ add: action(z.object({}), () => undefined) }),
  invariants: {
    one: () => {
      asked.push("one");
      return ["one is wrong"];
    },
    two: () => {
      asked.push("two");
      throw new Error("two threw");
    },
  },
});

test("A model names its invariants; one without any names none.", () => {
  expect(model.invariantNames).toEqual(["one", "two"]);
  const counting = reducerModel({ name: "r", version: 1, initialState: 0, reducer: (n: number) => n });
  expect([rawModel.invariantNames, counting.invariantNames]).toEqual([[], []]);
});

test("All invariants are run, or the one that is asked for and no other.", () => {
  const fold = createFold(model);
  const two = { invariant: "two", problem: expect.stringContaining("two threw") };
  expect(fold.problems()).toEqual([{ invariant: "one", problem: "one is wrong" }, two]);
  asked.length = 0;
  expect([fold.problems("two"), asked]).toEqual([[two], ["two"]]);
  expect(fold.problems("constructor")).toEqual([]);
});
