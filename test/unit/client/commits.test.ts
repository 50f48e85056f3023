import { describe, expect, it } from "vitest";
import { createCommits } from "../../../client/commits.ts";
import { ledElsewhere } from "../../../client/local/errors.ts";
import type { LocalRows, RowChanges } from "../../../client/local/local.ts";

const putting = (...keys: readonly string[]): RowChanges => ({
  put: new Map(keys.map((key) => [key, "1"])),
  delete: [],
});

/** Rows of one of several tabs, which leads as long as a test says so. */
function setUp() {
  const tab = { leads: true, committed: [] as string[][], added: [] as string[][] };
  const troubles: (string | null)[] = [];
  const refuse = async (): Promise<never> => {
    throw new Error("not asked here");
  };
  const rows: LocalRows = {
    load: refuse,
    clear: refuse,
    close: refuse,
    async commit({ put }) {
      if (!tab.leads) throw ledElsewhere();
      tab.committed.push([...put.keys()]);
    },
    shared: {
      follow: {},
      isLeader: () => tab.leads,
      isHeir: () => false,
      listen: () => undefined,
      tell: () => undefined,
      ask: refuse,
      async add(put) {
        tab.added.push([...put.keys()]);
      },
    },
  };
  const commits = createCommits(
    (trouble) => void troubles.push(trouble?.kind ?? null),
    () => new Map(),
  );
  commits.open(rows);
  return { commits, tab, troubles };
}

describe("Commits in one of several tabs", () => {
  it("add what was made here alone without the leader's right, and commit all else with it", async () => {
    const { commits, tab } = setUp();
    await commits.add(putting("action/1").put);
    await Promise.all([commits.add(putting("action/2").put), commits.commit(putting("app"))]);
    expect([tab.added, tab.committed]).toEqual([[["action/1"]], [["action/2", "app"]]]);
  });

  it("save what was made here when another tab took over meanwhile, and forget the leader's changes", async () => {
    const { commits, tab, troubles } = setUp();
    tab.leads = false;
    const [change, added] = [commits.commit(putting("app")), commits.add(putting("action/1").put)];
    await expect(change).rejects.toMatchObject({ kind: "conflict" });
    await added;
    expect([tab.added, tab.committed, troubles]).toEqual([[["action/1"]], [], []]);
    expect(commits.unsaved.size).toBe(0);
  });

  it("save an action that a change of the lost leader had taken into an update already", async () => {
    const { commits, tab } = setUp();
    tab.leads = false;
    const added = commits.add(putting("action/1").put);
    const grouped = commits.commit({ put: new Map([["update/1", "1"]]), delete: ["action/1"] });
    await expect(grouped).rejects.toMatchObject({ kind: "conflict" });
    await added;
    expect(tab.added).toEqual([["action/1"]]);
  });

  it("refuse changes while another tab leads, and take them when this one does again", async () => {
    const { commits, tab } = setUp();
    const waiting = commits.commit(putting("old"));
    commits.follow();
    await expect(waiting).rejects.toMatchObject({ kind: "conflict" });
    await expect(commits.commit(putting("app"))).rejects.toMatchObject({ kind: "conflict" });
    await commits.flush();
    commits.lead();
    await commits.commit(putting("app"));
    expect(tab.committed).toEqual([["app"]]);
  });
});
