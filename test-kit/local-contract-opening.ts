/** Part of the local contract. Opening and closing: one at a time, and nothing after the end. */
import { expect, it } from "vitest";
import type { Local } from "../client/local/local.ts";
import { loaded, puts, reopened, storeId, withRows } from "./local-contract-parts.ts";

export function describeOpening(local: () => Local, again: () => Promise<Local>): void {
  it("keeps rows over closing and opening, also when another process opens them", async () => {
    await withRows(local(), "open-keeps", (rows) => rows.commit(puts({ a: "1" })));
    expect(await reopened(await again(), "open-keeps")).toEqual([["a", "1"]]);
    await withRows(await again(), "open-keeps", (rows) => rows.commit(puts({ b: "2" })));
    expect(await reopened(local(), "open-keeps")).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });

  it("refuses a store that is open, with an error that names it, and leaves its rows to who has them", async () => {
    await withRows(local(), "open-twice", async (rows) => {
      await rows.commit(puts({ a: "1" }));
      for (const other of [local(), await again()])
        await expect(other.open(storeId("open-twice"))).rejects.toMatchObject({
          name: "StoreError",
          kind: "conflict",
          store: "open-twice",
        });
      await rows.commit(puts({ b: "2" }));
      expect(await loaded(rows)).toEqual([
        ["a", "1"],
        ["b", "2"],
      ]);
    });
    expect(await reopened(await again(), "open-twice")).toHaveLength(2);
  });

  it("lets exactly one of several that open a store at once have it", async () => {
    const openings = await Promise.allSettled(
      Array.from({ length: 5 }, () => local().open(storeId("open-race"))),
    );
    const opened = openings.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(opened).toHaveLength(1);
    for (const rows of opened) await rows.close();
    expect(await reopened(local(), "open-race")).toEqual([]);
  });

  it("opens several stores at once and writes them side by side", async () => {
    const names = ["open-a", "open-b", "open-c"];
    const all = await Promise.all(names.map((name) => local().open(storeId(name))));
    const writing = all.flatMap((rows, i) =>
      Array.from({ length: 10 }, (_, n) => rows.commit(puts({ [`row ${n}`]: `${i}` }))),
    );
    await Promise.all(writing);
    for (const [i, rows] of all.entries())
      expect(await loaded(rows)).toEqual(Array.from({ length: 10 }, (_, n) => [`row ${n}`, `${i}`]));
    for (const rows of all) await rows.close();
  });

  it("refuses what is asked after closing, and closing twice takes nothing from who opened it since", async () => {
    const rows = await local().open(storeId("open-closed"));
    await rows.commit(puts({ a: "1" }));
    await rows.close();
    for (const late of [() => rows.commit(puts({ a: "2" })), () => rows.load(), () => rows.clear()])
      await expect(late()).rejects.toMatchObject({ name: "StoreError", kind: "closed" });
    await withRows(local(), "open-closed", async (next) => {
      await rows.close();
      await expect(local().open(storeId("open-closed"))).rejects.toMatchObject({ kind: "conflict" });
      expect(await loaded(next)).toEqual([["a", "1"]]);
    });
  });
}
