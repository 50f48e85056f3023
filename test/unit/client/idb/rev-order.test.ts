import { describe, expect, it } from "vitest";
import { createRevOrder } from "../../../../client/idb/rev-order.ts";
import type { RowChanges } from "../../../../client/local/local.ts";

const changesOf = (key: string): RowChanges => ({ put: new Map([[key, "1"]]), delete: [] });

function setUp() {
  const passed: string[] = [];
  const later: (() => void)[] = [];
  let gaps = 0;
  const order = createRevOrder({
    pass: ({ put }) => void passed.push(...put.keys()),
    onGap: () => {
      gaps += 1;
    },
    later: (work) => void later.push(work),
  });
  const heard = (rev: number) => order.heard(rev, changesOf(`of ${rev}`));
  const runLater = (): void => {
    for (const work of later.splice(0)) work();
  };
  const load = (rev: number | null): void => {
    order.loading();
    order.loaded(rev);
    runLater();
  };
  return { order, passed, heard, load, runLater, gaps: () => gaps };
}

describe("The order of the tabs' commits", () => {
  it("is that of their revs, however the notes come, each passed on once", () => {
    const { order, passed, heard, load } = setUp();
    load(4);
    for (const rev of [6, 5, 5, 3, 8, 6]) heard(rev);
    expect([passed, order.hasGap]).toEqual([["of 5", "of 6"], true]);
    heard(7);
    expect([passed, order.hasGap]).toEqual([["of 5", "of 6", "of 7", "of 8"], false]);
  });

  it("counts this tab's own commits and does not pass them on", () => {
    const { order, passed, heard, load } = setUp();
    load(0);
    heard(2);
    order.own(1);
    order.own(3);
    expect([passed, order.hasGap]).toEqual([["of 2"], false]);
  });

  it("has a gap where a commit is known of and its note never came, until everything is read again", () => {
    const { order, passed, heard, load, gaps } = setUp();
    load(1);
    order.look(2);
    heard(3);
    expect([order.hasGap, gaps() > 0, passed]).toEqual([true, true, []]);
    load(3);
    expect([order.hasGap, passed]).toEqual([false, []]);
    heard(4);
    expect(passed).toEqual(["of 4"]);
  });

  it("passes nothing on before the first load, nor between the beginning of one and the turn after its end", () => {
    const { order, passed, heard, runLater } = setUp();
    heard(1);
    order.loading();
    heard(2);
    order.loaded(1);
    expect(passed).toEqual([]);
    runLater();
    expect(passed).toEqual(["of 2"]);
  });

  it("goes on where a load failed, with the gap that it had", () => {
    const { order, passed, heard, load } = setUp();
    load(1);
    heard(3);
    load(null);
    expect([order.hasGap, passed]).toEqual([true, []]);
    heard(2);
    expect(passed).toEqual(["of 2", "of 3"]);
  });
});
