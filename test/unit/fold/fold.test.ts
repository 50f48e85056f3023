import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  classType,
  createFold,
  defineModel,
  enumType,
  type Fold,
  type FoldUpdate,
  type Json,
  rawModel,
  reducerModel,
  replayTo,
  type StoreError,
  table,
  value,
} from "../../../shared/index.ts";
import { canonicalText } from "../../../shared/json.ts";
import { createdAt } from "../../../shared/wire/ids.ts";
import { calls } from "./arbitrary.ts";
import { apps, at, type Call, hashOf, sample, update } from "./sample.ts";

function foldOf(updates: readonly FoldUpdate[]): Fold {
  const fold = createFold(sample);
  fold.apply(updates, at(1_000_000));
  return fold as Fold;
}

describe("apply", () => {
  it("runs the actions of each field kind", () => {
    const fold = createFold(sample);
    const report = fold.apply(
      [
        update(10, [
          ["addTodo", { id: "b", title: "Bread" }],
          ["addTodo", { id: "a", title: "Milk" }],
          ["completeTodo", { id: "a" }],
          ["retitle", { title: "Groceries" }],
          ["setTheme", { theme: "dark" }],
          ["tag", { tag: "x", on: true }],
          ["like", { n: 2 }],
          ["like", { n: 3 }],
        ]),
        update(20, [
          ["addStep", { id: "s1", position: "a1", text: "one" }],
          ["addStep", { id: "s0", position: "a0", text: "zero" }],
          ["moveStep", { id: "s0", position: "a2" }],
          ["editStep", { id: "s0", text: "last" }],
        ]),
      ],
      at(25),
    );
    expect(report).toEqual({ applied: 12, rejected: [] });
    expect(fold.position).toBe(25);
    const state = fold.state();
    expect([...state.todos.keys()]).toEqual(["a", "b"]);
    expect(state.todos.get("a")).toEqual({ title: "Milk", done: true });
    expect([state.title, state.likes, [...state.tags]]).toEqual(["Groceries", 5, ["x"]]);
    expect(state.theme.value).toBe("dark");
    expect(state.theme.stamp.timestamp).toBe(10);
    expect([...state.steps].map(({ id, value }) => [id, value.text])).toEqual([
      ["s1", "one"],
      ["s0", "last"],
    ]);
  });

  it("gives the meta of each action, with the creation time of its id", () => {
    const fold = createFold(sample);
    const one = update(10, [["noteMeta", {}]]);
    fold.apply([one], at(10));
    const { id } = one.actions[0] as FoldUpdate["actions"][number];
    expect(fold.state().metas).toEqual([
      { id, app: apps[0], timestamp: 10, after: 0, createdAt: createdAt(id) },
    ]);
  });

  it("keeps the older stamp out of a last-write-wins field", () => {
    const fold = createFold(sample);
    const late = update(10, [["setTheme", { theme: "late" }]]);
    const early = update(10, [["setTheme", { theme: "early" }]]);
    const [a, b] = [late.actions[0], early.actions[0]] as [
      FoldUpdate["actions"][number],
      FoldUpdate["actions"][number],
    ];
    fold.apply([{ ...late, actions: [b, a] }], at(10));
    expect(fold.state().theme).toEqual({ value: "early", stamp: { timestamp: 10, action: b.id } });
  });

  it("stops before an update of a newer model version, and before others of its timestamp", () => {
    const fold = createFold(sample);
    const likes = (ms: number, modelVersion: number): FoldUpdate =>
      update(ms, [["like", { n: 1 }]], { modelVersion });
    const report = fold.apply([likes(10, 1), likes(20, 1), likes(20, 2), likes(30, 1)], at(40));
    expect(report).toEqual({ applied: 1, rejected: [], stoppedAt: { timestamp: 20, modelVersion: 2 } });
    expect(fold.position).toBe(19);
    expect(fold.state().likes).toBe(1);
  });

  it("refuses updates at or below its position as a bug of the caller", () => {
    const fold = createFold(sample);
    fold.apply([], at(10));
    expect(() => fold.apply([update(10, [])], at(20))).toThrow(/broke its own rule/);
    expect(() => fold.apply([], at(9))).toThrow(/broke its own rule/);
  });
});

describe("an action that cannot be applied", () => {
  const bad: readonly Call[] = [
    ["explode", { id: "a" }],
    ["addTodo", { id: "a", title: 7 }],
    ["unheardOf", {}],
    ["like", { n: 0.5 }],
    ["addTodo", { $: "class:Gone", v: 1 }],
    ["addTodo", { id: "__proto__", title: "x" }],
    ["moveStep", { id: "a", position: "" }],
  ];

  it("is set aside alone, with its reason, the same each time", () => {
    const updates = [
      update(10, [
        ["addTodo", { id: "a", title: "Milk" }],
        ["like", { n: 1 }],
      ]),
      update(20, bad),
      update(30, [["like", { n: 1 }]]),
    ];
    const report = createFold(sample).apply(updates, at(40));
    expect(report.applied).toBe(3);
    expect(report.rejected.map(({ name, reason }) => [name, reason])).toMatchInlineSnapshot(`
      [
        [
          "explode",
          "boom a",
        ],
        [
          "addTodo",
          "its data is not valid: title: Invalid input: expected string, received number",
        ],
        [
          "unheardOf",
          "the model has no action "unheardOf"",
        ],
        [
          "like",
          "A counter cannot count 0.5. Add whole numbers, e.g. cents instead of euros",
        ],
        [
          "addTodo",
          "A stored value has the type "class:Gone", which this model does not register. Add the type to the model's types, or upgrade the app",
        ],
        [
          "addTodo",
          ""__proto__" cannot be a key. Use a text other than "__proto__"",
        ],
        [
          "moveStep",
          "A list position is not a text. Compute it with positionBetween and put it in the action's data",
        ],
      ]
    `);
    expect(createFold(sample).apply(updates, at(40))).toEqual(report);
    expect(report.rejected[0]).toMatchObject({
      timestamp: 20,
      app: apps[0],
      seq: 20,
      actionId: updates[1]?.actions[0]?.id,
    });
  });

  it("leaves no trace, in a fold that changes in place and in one that publishes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(calls, { maxLength: 5 }), { maxLength: 6 }),
        fc.boolean(),
        (groups, publishes) => {
          const updates = groups.map((group, i) => update(10 + i, group));
          const withBad = updates.map((each) => {
            const extra = update(each.timestamp, bad).actions;
            return { ...each, actions: each.actions.flatMap((action) => [...extra, action]).concat(extra) };
          });
          const [good, mixed] = [createFold(sample), createFold(sample)];
          for (const each of updates) good.apply([each], each.timestamp);
          for (const each of withBad) {
            if (publishes) mixed.state();
            mixed.apply([each], each.timestamp);
          }
          expect(hashOf(mixed)).toBe(hashOf(good));
        },
      ),
    );
  });
});

describe("the state", () => {
  it("is the same object while nothing changes, and unchanged fields keep their identity", () => {
    const fold = createFold(sample);
    fold.apply(
      [
        update(10, [
          ["tag", { tag: "x", on: true }],
          ["addStep", { id: "s", position: "a1", text: "" }],
        ]),
      ],
      at(10),
    );
    const before = fold.state();
    fold.apply(
      [
        update(20, [
          ["explode", { id: "a" }],
          ["tag", { tag: "x", on: true }],
        ]),
      ],
      at(20),
    );
    expect(fold.state()).toBe(before);
    fold.apply([update(30, [["addTodo", { id: "a", title: "" }]])], at(30));
    const after = fold.state();
    expect(after).not.toBe(before);
    expect([after.tags, after.steps, after.theme]).toEqual([before.tags, before.steps, before.theme]);
    expect(after.tags).toBe(before.tags);
    expect(after.steps).toBe(before.steps);
    expect(after.todos).not.toBe(before.todos);
  });

  it("stays readable and can be gone back to, forth and on from, after any history", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(calls, { maxLength: 4 }), fc.nat(), fc.boolean())), (steps) => {
        const fold = createFold(sample);
        const kept: { state: ReturnType<typeof fold.state>; text: string }[] = [];
        let ms = 0;
        for (const [group, pick, isRewind] of steps) {
          const target = kept[pick % Math.max(kept.length, 1)];
          if (isRewind && target !== undefined) {
            fold.rewind(target.state, at(ms));
            expect(canonicalText(fold.encode())).toBe(target.text);
          }
          ms += 1;
          fold.apply([update(ms, group)], at(ms));
          kept.push({ state: fold.state(), text: canonicalText(fold.encode()) });
        }
        for (const { state, text } of kept) {
          fold.rewind(state, at(ms));
          expect(canonicalText(fold.encode())).toBe(text);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("encodes the same bytes whatever the order of insertion and the way back and forth", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 12 }), fc.nat(), (ids, seed) => {
        const named = ids.filter((id) => id !== "__proto__");
        const shuffled = [...named].sort((a, b) => ((a.length * 7 + seed) % 5) - ((b.length * 3 + seed) % 7));
        const [one, two] = [createFold(sample), createFold(sample)];
        const start = two.state();
        one.apply(
          [
            update(
              10,
              named.map((id) => ["addTodo", { id, title: id }] as const),
            ),
          ],
          at(10),
        );
        two.apply(
          [
            update(
              10,
              shuffled.map((id) => ["addTodo", { id, title: "?" }] as const),
            ),
          ],
          at(10),
        );
        two.state();
        two.rewind(start, at(0));
        two.apply(
          [
            update(
              10,
              shuffled.map((id) => ["addTodo", { id, title: id }] as const),
            ),
          ],
          at(10),
        );
        expect(JSON.stringify(two.encode())).toBe(JSON.stringify(one.encode()));
      }),
    );
  });
});

describe("encode and load", () => {
  it("give back an equal fold that goes on alike", () => {
    fc.assert(
      fc.property(fc.array(calls, { maxLength: 12 }), fc.array(calls, { maxLength: 6 }), (first, second) => {
        const whole = foldOf([update(10, first)]);
        const loaded = createFold(sample);
        loaded.load(JSON.parse(JSON.stringify(whole.encode())), 1, whole.position);
        expect(hashOf(loaded)).toBe(hashOf(whole));
        const next = [update(2_000_000, second)];
        whole.apply(next, at(2_000_000));
        loaded.apply(next, at(2_000_000));
        expect(hashOf(loaded)).toBe(hashOf(whole));
        expect(loaded.position).toBe(2_000_000);
      }),
    );
  });

  const Size = { small: Object.freeze({ cm: 1 }) };
  class Money {
    readonly cents: number;
    constructor(cents: number) {
      this.cents = cents;
    }
  }
  const typed = defineModel({
    name: "typed",
    version: 1,
    state: { rows: table<unknown>(), last: value<unknown>(undefined) },
    types: [
      enumType("Size", Size),
      classType("Money", Money, {
        toJson: ({ cents }) => cents,
        fromJson: (cents: number) => new Money(cents),
      }),
    ],
    actions: (action) => ({
      put: action(z.object({ id: z.string(), row: z.unknown() }), (state, { id, row }) => {
        state.rows.set(id, row);
        state.last = row;
      }),
    }),
  });

  it("restore typed values in state, and print them for people", () => {
    const row = { size: Size.small, price: new Money(5), at: new Date(0) };
    const fold = createFold(typed);
    const data = typed.codec.encode({ id: "$", row });
    fold.apply([update(10, [["put", data]])], at(10));
    const loaded = createFold(typed);
    loaded.load(JSON.parse(JSON.stringify(fold.encode())), 1, at(10));
    const back = loaded.state().rows.get("$") as typeof row;
    expect(back).toEqual(row);
    expect(back.size).toBe(Size.small);
    expect(back.price).toBeInstanceOf(Money);
    expect(loaded.info()).toEqual({
      last: { size: "small", price: "Money", at: "1970-01-01T00:00:00.000Z" },
      rows: { $: { size: "small", price: "Money", at: "1970-01-01T00:00:00.000Z" } },
    });
  });

  it.each<[string, Json, number, string]>([
    ["of a newer version", {}, 2, "incompatible"],
    ["that is no object", [], 1, "corrupt"],
    ["without a field", {}, 1, "corrupt"],
    ["with a tag that nobody knows", { $: "class:Gone", v: 1 }, 1, "incompatible"],
    ["with a malformed field", { ...(foldOf([]).encode() as object), likes: "many" } as Json, 1, "corrupt"],
    ["with a field too many", { ...(foldOf([]).encode() as object), more: 1 } as Json, 1, "corrupt"],
  ])("refuse a state %s and leave the fold as it was", (_name, stored, version, kind) => {
    const fold = foldOf([update(10, [["like", { n: 3 }]])]);
    const before = hashOf(fold);
    let caught: unknown;
    try {
      fold.load(stored, version, at(5));
    } catch (error) {
      caught = error;
    }
    expect((caught as StoreError).kind).toBe(kind);
    expect(hashOf(fold)).toBe(before);
    expect(fold.position).toBe(1_000_000);
  });

  it("does not change what encode returned when the fold goes on", () => {
    const fold = foldOf([update(10, [["addTodo", { id: "a", title: "Milk" }]])]);
    const encoded = fold.encode();
    const text = JSON.stringify(encoded);
    fold.apply([update(1_000_001, [["completeTodo", { id: "a" }]])], at(1_000_001));
    expect(JSON.stringify(encoded)).toBe(text);
  });
});

describe("older model versions", () => {
  const v3 = defineModel({
    name: "grown",
    version: 3,
    state: { names: table<{ readonly first: string; readonly last: string }>() },
    actions: (action) => ({
      add: action(
        z.object({ id: z.string(), first: z.string(), last: z.string() }),
        (state, { id, first, last }) => state.names.addIfAbsent(id, { first, last }),
      ),
    }),
    upcasters: {
      add: {
        1: ({ key, ...rest }) => ({ id: key, ...rest }),
        2: ({ name, ...rest }) => {
          if (typeof name !== "string") throw new Error("no name to split");
          const [first, last] = name.split(" ");
          return { ...rest, first, last };
        },
      },
    },
    migrate: {
      1: (old: { readonly people: Record<string, string> }) => ({ names: old.people }),
      2: (old) => ({
        names: Object.fromEntries(
          Object.entries(old.names as Record<string, string>).map(([id, name]) => {
            const [first, last] = name.split(" ");
            return [id, { first, last }];
          }),
        ),
      }),
    },
  });

  it("of action data are upcast step by step, and an upcaster that throws sets only its action aside", () => {
    const fold = createFold(v3);
    const report = fold.apply(
      [
        update(10, [["add", { key: "a", name: "Ada Lovelace" }]], { modelVersion: 1 }),
        update(
          20,
          [
            ["add", { id: "b" }],
            ["add", { id: "c", name: "Grace Hopper" }],
          ],
          { modelVersion: 2 },
        ),
        update(30, [["add", { id: "d", first: "Alan", last: "Turing" }]], { modelVersion: 3 }),
      ],
      at(30),
    );
    expect([...fold.state().names.keys()]).toEqual(["a", "c", "d"]);
    expect(fold.state().names.get("a")).toEqual({ first: "Ada", last: "Lovelace" });
    expect(report.rejected).toMatchObject([{ reason: "no name to split" }]);
  });

  it("of a state are migrated step by step", () => {
    const fold = createFold(v3);
    fold.load({ people: { a: "Ada Lovelace" } }, 1, at(10));
    expect(fold.state().names.get("a")).toEqual({ first: "Ada", last: "Lovelace" });
    fold.load({ names: { b: "Grace Hopper" } }, 2, at(20));
    expect(fold.state().names.get("b")).toEqual({ first: "Grace", last: "Hopper" });
  });

  it("of a state that a migrate step cannot read are corrupt", () => {
    expect(() => createFold(v3).load({ names: { a: 1 } }, 2, at(10))).toThrow(/cannot be loaded: .*split/);
  });
});

describe("strict mode", () => {
  const impure = defineModel({
    name: "impure",
    version: 1,
    state: { rows: table<{ n: number; list: number[] }>(), value: value<{ n: number }>({ n: 0 }) },
    actions: (action) => ({
      put: action(z.object({ n: z.number() }), (state, { n }) => state.rows.set("a", { n, list: [] })),
      changeRow: action(z.object({}), (state) => {
        (state.rows.get("a") as { n: number }).n += 1;
      }),
      changeNested: action(z.object({}), (state) => state.rows.get("a")?.list.push(1)),
      changeInUpdate: action(z.object({}), (state) =>
        state.rows.update("a", (row) => {
          (row as { n: number }).n = 9;
          return row as { n: number; list: number[] };
        }),
      ),
      changeValue: action(z.object({}), (state) => {
        state.value.n = 5;
      }),
      changeInput: action(z.object({ list: z.array(z.number()) }), (_state, data) => data.list.push(1)),
      storeFunction: action(z.object({}), (state) => {
        state.rows.set("f", { n: 1, list: [], run: () => 1 } as { n: number; list: number[] });
      }),
    }),
  });
  const all = ["changeRow", "changeNested", "changeInUpdate", "changeValue", "changeInput", "storeFunction"];

  it("sets aside every action that changes what it was given, or stores what cannot be stored", () => {
    const fold = createFold(impure, { strict: true });
    const updates = [update(10, [["put", { n: 1 }], ...all.map((name): Call => [name, { list: [1] }])])];
    const report = fold.apply(updates, at(10));
    expect(report.rejected.map(({ name }) => name)).toEqual(all);
    expect(fold.state().rows.get("a")).toEqual({ n: 1, list: [] });
    expect(updates[0]?.actions[1]?.data).toEqual({ list: [1] });
  });

  it("gives the same state as the usual mode for a pure model", () => {
    fc.assert(
      fc.property(fc.array(calls), (group) => {
        const [strict, usual] = [createFold(sample, { strict: true }), createFold(sample)];
        const updates = [update(10, group)];
        expect(strict.apply(updates, at(10))).toEqual(usual.apply(updates, at(10)));
        expect(hashOf(strict)).toBe(hashOf(usual));
      }),
    );
  });
});

describe("a model function that is async", () => {
  it("is set aside with a clear reason, as is an async schema", () => {
    const model = defineModel({
      name: "async",
      version: 1,
      state: { n: value(0) },
      actions: (action) => ({
        wait: action(z.object({}), async (state) => {
          state.n = 1;
        }),
        check: action(
          z.object({}).refine(async () => true),
          (state) => {
            state.n = 2;
          },
        ),
      }),
    });
    const fold = createFold(model);
    const { rejected } = fold.apply(
      [
        update(10, [
          ["wait", {}],
          ["check", {}],
        ]),
      ],
      at(10),
    );
    expect(rejected.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/model function of "wait" is async/),
      expect.stringMatching(/schema answers later/),
    ]);
    expect(fold.state().n).toBe(0);
  });
});

describe("problems", () => {
  it("are what the invariants find, as rows", () => {
    const fold = foldOf([
      update(10, [
        ["addTodo", { id: "a", title: "Milk" }],
        ["addTodo", { id: "b", title: "Milk" }],
      ]),
    ]);
    expect(fold.problems()).toEqual([{ invariant: "titlesAreUnique", problem: "Milk" }]);
  });

  it("include an invariant that throws", () => {
    const model = defineModel({
      name: "broken",
      version: 1,
      state: {},
      actions: (action) => ({ none: action(z.object({}), () => 1) }),
      invariants: {
        broken: () => {
          throw new Error("oh no");
        },
      },
    });
    expect(createFold(model).problems()).toEqual([
      { invariant: "broken", problem: "the invariant threw: oh no" },
    ]);
  });
});

describe("other models", () => {
  it("a reducer is folded like fields are, with its throws undone", () => {
    const model = reducerModel<{ n: number }>({
      name: "sum",
      version: 1,
      initialState: { n: 0 },
      reducer: (state, { type, payload }) => {
        if (type === "fail") throw new Error("no");
        if (type === "forget") return undefined as unknown as { n: number };
        return type === "add" ? { n: state.n + (payload as number) } : state;
      },
    });
    const fold = createFold(model);
    const { rejected } = fold.apply(
      [
        update(10, [
          ["add", 1],
          ["fail", 1],
          ["forget", 1],
          ["other", 1],
          ["add", 2],
        ]),
      ],
      at(10),
    );
    expect(rejected.map(({ name }) => name)).toEqual(["fail", "forget"]);
    const state = fold.state();
    expect(state).toEqual({ n: 3 });
    expect(fold.encode()).toEqual({ n: 3 });
    fold.apply([update(20, [["add", 1]])], at(20));
    fold.rewind(state, at(10));
    expect(fold.state()).toBe(state);
  });

  it("the raw view counts any action of any model version", () => {
    const fold = createFold(rawModel);
    const strange = update(
      20,
      [
        ["$odd", { $: "class:Gone" }],
        ["__proto__", null],
        ["like", 1],
      ],
      {
        modelVersion: 9,
        app: apps[1] as FoldUpdate["app"],
      },
    );
    const report = fold.apply([update(10, [["like", 1]]), strange, update(30, [])], at(30));
    expect(report).toEqual({ applied: 4, rejected: [] });
    expect(fold.info()).toEqual({
      updates: 3,
      actions: 4,
      apps: {
        [apps[0] as string]: { updates: 2, actions: 1, last: 30 },
        [apps[1] as string]: { updates: 1, actions: 3, last: 20 },
      },
      names: { $odd: { count: 1 }, '"__proto__"': { count: 1 }, like: { count: 2 } },
    });
  });
});

describe("replayTo", () => {
  it("cuts inside a range and skips what the fold holds", () => {
    const like = (ms: number): FoldUpdate => update(ms, [["like", { n: 1 }]]);
    const ranges = [
      { updates: [like(10), like(20)], through: at(25) },
      { updates: [like(20), like(30), like(40)], through: at(45) },
      { updates: [like(50)], through: at(60) },
    ];
    const fold = createFold(sample);
    expect(replayTo(fold as Fold, ranges, at(30)).applied).toBe(3);
    expect([fold.position, fold.state().likes]).toEqual([30, 3]);
    expect(replayTo(fold as Fold, ranges, at(1_000)).applied).toBe(2);
    expect([fold.position, fold.state().likes]).toEqual([60, 5]);
  });
});
