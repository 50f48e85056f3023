/** What an author may hand to defineModel and reducerModel by mistake: told at once, in words, and not at the first call. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  action,
  classType,
  counter,
  createFold,
  defineModel,
  lastWriteWins,
  orderedList,
  reducerModel,
  StoreError,
  set,
  table,
  value,
} from "../../../shared/index.ts";

const schema = z.object({ id: z.string() });
const apply = (): number => 1;
const define = (changes: object) => () =>
  defineModel({
    name: "m",
    version: 1,
    state: { n: value(0) },
    actions: { add: action(schema, apply) },
    ...changes,
  } as Parameters<typeof defineModel>[0]);
const actions = (add: unknown) => define({ actions: { add } });

class Money {
  readonly cents = 5;
}
const money = classType("Money", Money, { toJson: () => 5, fromJson: () => new Money() });

describe("defineModel tells at once", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["no actions", define({ actions: undefined }), /"m" has no actions/],
    ["an empty record of actions", define({ actions: {} }), /"m" has no actions/],
    ["a function that gives no actions", define({ actions: () => undefined }), /"m" has no actions/],
    [
      "a bare function as an action",
      actions(apply),
      /action "add" of model "m" has no function.*action\(schema/,
    ],
    ["null as an action", actions(null), /action "add" of model "m" has no function/],
    ["an action without a function", actions({ schema }), /action "add" of model "m" has no function/],
    [
      "a schema that is a plain object",
      actions({ schema: { id: "string" }, apply }),
      /"add".*no Standard Schema/,
    ],
    ["a schema that is missing", actions({ apply }), /schema of the action "add".*no Standard Schema/],
    [
      "schema and function the wrong way round",
      actions({ schema: apply, apply: schema }),
      /"add" of model "m" has no function/,
    ],
    ["no state", define({ state: undefined }), /"m" has no state/],
    ["an invariant that is no function", define({ invariants: { all: [] } }), /invariant "all" of model "m"/],
    [
      "an initial value that cannot be stored",
      define({ state: { at: value(() => 1) } }),
      /"at".*it is a function/,
    ],
    [
      "an initial instance of an unregistered class",
      define({ state: { price: lastWriteWins({ net: new Money() }) } }),
      /"price" of model "m" begins with .* at net .*class Money/,
    ],
    [
      "a counter that begins with a fraction",
      define({ state: { n: counter(0.5) } }),
      /"n".*cannot count 0.5/,
    ],
    [
      "a reducer that is none",
      () => reducerModel({ name: "r", version: 1, initialState: 0, reducer: undefined as never }),
      /"r" has no reducer/,
    ],
    [
      "a reducer's initial state that cannot be stored",
      () => reducerModel({ name: "r", version: 1, initialState: { run: apply }, reducer: (s) => s }),
      /initial state of model "r".* at run .*function/,
    ],
  ])("%s", (_name, run, text) => {
    expect(run).toThrow(text);
    expect(run).toThrow(StoreError);
  });
});

describe("defineModel takes", () => {
  it("a schema that is a function, as arktype's are", () => {
    const callable = Object.assign(() => 1, { "~standard": schema["~standard"] });
    expect(actions({ schema: callable, apply })).not.toThrow();
  });

  it("initial values of every kind, of registered types too, and leaves them as they are", () => {
    const price = { net: new Money(), at: new Date(0), of: new Map([["a", 1n]]) };
    const model = defineModel({
      name: "all",
      version: 1,
      types: [money],
      state: {
        price: value(price),
        theme: lastWriteWins(price),
        rows: table(),
        tags: set(),
        n: counter(3),
        steps: orderedList(),
      },
      actions: { add: action(schema, apply) },
    });
    expect(createFold(model).state().price).toBe(price);
    expect(Object.isFrozen(price)).toBe(false);
  });
});
