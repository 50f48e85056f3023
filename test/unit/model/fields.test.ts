import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createFold, defineModel, type Json, orderedList, positionBetween } from "../../../shared/index.ts";
import { createKeyIndex } from "../../../shared/model/key-index.ts";
import { createSeenKeys } from "../../../shared/model/seen-keys.ts";
import { at, update } from "../fold/sample.ts";

describe("positionBetween", () => {
  it("lies between its neighbours, however often it is asked", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (places) => {
        const positions: string[] = [];
        for (const place of places) {
          const i = place % (positions.length + 1);
          positions.splice(i, 0, positionBetween(positions[i - 1], positions[i]));
        }
        expect([...positions].sort()).toEqual(positions);
        expect(new Set(positions).size).toBe(positions.length);
      }),
    );
  });

  it("returns the position itself between two equal ones", () => {
    expect(positionBetween("a1", "a1")).toBe("a1");
  });
});

describe("an ordered list", () => {
  const model = defineModel({
    name: "list",
    version: 1,
    state: { list: orderedList<{ readonly n: number }>() },
    actions: (action) => ({
      put: action(
        z.object({ id: z.string(), position: z.string(), n: z.number() }),
        (state, { id, position, n }) => {
          if (!state.list.add(id, position, { n })) state.list.move(id, position);
        },
      ),
      drop: action(z.object({ id: z.string() }), (state, { id }) => state.list.delete(id)),
    }),
  });
  const change = fc.record({
    id: fc.constantFrom("a", "b", "c", "d"),
    position: fc.constantFrom("a0", "a1", "a2"),
    drop: fc.boolean(),
  });

  it("keeps (position, id) order and the identity of entries that did not change, from state to state", () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 3 })), (groups) => {
        const fold = createFold(model);
        let before = fold.state().list;
        groups.forEach((group, i) => {
          const calls = group.map(({ id, position, drop }) =>
            drop ? (["drop", { id }] as const) : (["put", { id, position, n: i } as Json] as const),
          );
          fold.apply([update(i + 1, calls)], at(i + 1));
          const list = fold.state().list;
          const order = list.items().map(({ id, position }) => `${position} ${id}`);
          expect(order).toEqual([...order].sort());
          expect(list.items().length).toBe(list.size);
          for (const item of list.items()) {
            expect(item).toEqual({
              id: item.id,
              position: list.positionOf(item.id),
              value: list.get(item.id),
            });
            const old = before.items().find(({ id }) => id === item.id);
            if (!group.some(({ id }) => id === item.id)) expect(item).toBe(old);
          }
          before = list;
        });
      }),
    );
  });
});

describe("a key index", () => {
  it("lists the keys of its Map in code-unit order after any changes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.boolean(), fc.boolean())), (changes) => {
        const live = new Map<string, number>();
        const index = createKeyIndex(live);
        for (const [key, isAdded, asks] of changes) {
          if (isAdded && !live.has(key)) {
            live.set(key, 1);
            index.added(key);
          } else if (!isAdded && live.delete(key)) index.deleted(key);
          if (asks) expect(index.keys()).toEqual([...live.keys()].sort());
        }
        expect(index.keys()).toEqual([...live.keys()].sort());
      }),
    );
  });
});

describe("seen keys", () => {
  it("never forget a key that was seen and not renewed, also beyond their limit", () => {
    const seen = createSeenKeys();
    for (let i = 0; i < 10_005; i++) seen.see(`k${i}`);
    expect([seen.has("k0"), seen.has("k10004"), seen.has("never")]).toEqual([true, true, true]);
    seen.renew("k0");
    expect(seen.has("k0")).toBe(false);
    seen.see("k0");
    expect(seen.has("k0")).toBe(true);
    seen.clear();
    expect(seen.has("k0")).toBe(false);
  });
});
