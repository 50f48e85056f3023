/** Part of the local contract. Commits: whole, in order, durable when they resolve. */
import { expect, it } from "vitest";
import type { Local } from "../client/local/local.ts";
import { deletes, loaded, puts, reopened, withRows } from "./local-contract-parts.ts";

const burst = 60;

export function describeCommits(local: () => Local): void {
  it("puts, replaces and deletes rows in one commit, and leaves the others alone", async () => {
    await withRows(local(), "commit-mixed", async (rows) => {
      await rows.commit(puts({ a: "1", b: "1", c: "1" }));
      await rows.commit({
        put: new Map([
          ["b", "2"],
          ["d", "2"],
        ]),
        delete: ["a"],
      });
      expect(await loaded(rows)).toEqual([
        ["b", "2"],
        ["c", "1"],
        ["d", "2"],
      ]);
    });
    expect(await reopened(local(), "commit-mixed")).toEqual([
      ["b", "2"],
      ["c", "1"],
      ["d", "2"],
    ]);
  });

  it("takes a key that one commit both deletes and puts for put", async () => {
    await withRows(local(), "commit-both", async (rows) => {
      await rows.commit({ put: new Map([["new", "1"]]), delete: ["new"] });
      await rows.commit({ put: new Map([["new", "2"]]), delete: ["new", "never"] });
      expect(await loaded(rows)).toEqual([["new", "2"]]);
    });
    expect(await reopened(local(), "commit-both")).toEqual([["new", "2"]]);
  });

  it("takes a delete of what is not there, and a commit of nothing, as done", async () => {
    await withRows(local(), "commit-nothing", async (rows) => {
      await rows.commit(deletes("never", "__proto__"));
      await rows.commit(puts({}));
      await rows.commit(puts({ a: "1" }));
      await rows.commit(deletes("a", "a"));
      expect(await loaded(rows)).toEqual([]);
    });
  });

  it("takes commits that nobody waits for one after another, in the order of the calls", async () => {
    await withRows(local(), "commit-burst", async (rows) => {
      const commits = Array.from({ length: burst }, (_, i) =>
        rows.commit({
          put: new Map([
            ["last", String(i)],
            [`row ${i}`, "x"],
          ]),
          delete: [`row ${i - 1}`],
        }),
      );
      expect(await loaded(rows)).toEqual([
        ["last", String(burst - 1)],
        [`row ${burst - 1}`, "x"],
      ]);
      await Promise.all(commits);
    });
    expect(await reopened(local(), "commit-burst")).toHaveLength(2);
  });

  it("finishes commits that nobody waits for before it closes", async () => {
    await withRows(local(), "commit-closing", async (rows) => {
      for (let i = 0; i < burst; i++) void rows.commit(puts({ [`row ${i}`]: "x" }));
    });
    expect(await reopened(local(), "commit-closing")).toHaveLength(burst);
  });

  it("shows all of a commit or nothing of it to a load that runs beside it", async () => {
    await withRows(local(), "commit-whole", async (rows) => {
      await rows.commit(puts({ left: "0", right: "0" }));
      const seen = Array.from({ length: burst }, async (_, i) => {
        const commit = rows.commit(puts({ left: String(i), right: String(i) }));
        const found = await rows.load();
        expect(found.get("left")).toBe(found.get("right"));
        await commit;
      });
      await Promise.all(seen);
    });
  });

  it("gives a map of its own with each load: later commits do not change it", async () => {
    await withRows(local(), "commit-own", async (rows) => {
      await rows.commit(puts({ a: "1" }));
      const before = await rows.load();
      await rows.commit(puts({ a: "2", b: "2" }));
      expect([...before]).toEqual([["a", "1"]]);
    });
  });

  it("removes everything with clear, for good, and goes on after it", async () => {
    await withRows(local(), "commit-clear", async (rows) => {
      await rows.commit(puts({ a: "1", b: "1" }));
      await rows.clear();
      expect(await loaded(rows)).toEqual([]);
      await rows.commit(puts({ c: "2" }));
      expect(await loaded(rows)).toEqual([["c", "2"]]);
    });
    expect(await reopened(local(), "commit-clear")).toEqual([["c", "2"]]);
    await withRows(local(), "commit-clear", (rows) => rows.clear());
    expect(await reopened(local(), "commit-clear")).toEqual([]);
  });
}
