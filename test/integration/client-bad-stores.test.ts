/** Some stores of many, opened and closed at will by one client: one that fails, whatever the way, disturbs no other. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  atRest,
  type BadWorld,
  createBadWorld,
  type PairsStore,
  put,
  troubled,
} from "../fixtures/bad-world.ts";

let world: BadWorld;
beforeEach(async () => {
  world = await createBadWorld({
    authenticate: () => ({ sub: "ann" }),
    authorize: ({ storeId }) => storeId !== "secret",
  });
  for (const storeId of ["work", "family", "secret"]) await world.create(storeId);
});
afterEach(() => world.close());

const open = (storeId: string, timeoutMs?: number) =>
  world.client({ folder: "all", storeId, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
const pathOf = (storeId: string) => new RegExp(`/v1/stores/${storeId}/`);

async function settle(...stores: readonly (readonly [string, PairsStore])[]): Promise<void> {
  for (const [, store] of stores) await store.sync.now();
  for (const [storeId] of stores) await world.rollup(undefined, storeId);
  for (const [, store] of stores) await store.sync.now();
}

async function expectWell(store: PairsStore, storeId: string, keys: readonly string[]): Promise<void> {
  expect(store.sync.status).toMatchObject(atRest);
  expect([...store.confirmedState.pairs.keys()]).toEqual(keys);
  expect(await world.logged(storeId)).toEqual(keys);
}

describe("Several stores in one client", () => {
  const failures: readonly (readonly [string, string, () => void, ReturnType<typeof troubled>])[] = [
    [
      "may not be read",
      "secret",
      () => {},
      troubled("unauthorized", 1, /You may not read store "secret"/, /Ask who runs/),
    ],
    [
      "is not there",
      "nowhere",
      () => {},
      troubled("offline", 1, /Store "nowhere" has no head/, /icecore init/),
    ],
    [
      "meets a web page",
      "work",
      () =>
        world.front.decide(({ path }) =>
          pathOf("work").test(path) ? { status: 502, body: "<html>" } : "pass",
        ),
      troubled("offline", 1, /answered 502/),
    ],
    [
      "gets no answer",
      "work",
      () => world.front.decide(({ path }) => (pathOf("work").test(path) ? "silent" : "pass")),
      troubled("offline", 1, /did not answer/),
    ],
  ];

  it.each(failures)(
    "go on, and say nothing of it, where another one %s",
    async (_, failing, begin, status) => {
      begin();
      // One of them gets no answer at all, for so long.
      const [bad, family, main] = [open(failing, 3_000), open("family"), open("main")];
      bad.do.put(put("kept"));
      family.do.put(put("f"));
      main.do.put(put("m"));
      const [failed] = await Promise.allSettled([bad.sync.now(), settle(["family", family], ["main", main])]);
      expect(failed.status).toBe("rejected");
      expect(bad.sync.status).toMatchObject(status);
      expect(bad.state.pairs.get("kept")).toEqual({ value: "kept" });
      await expectWell(family, "family", ["f"]);
      await expectWell(main, "main", ["m"]);
      await bad.close();
      family.do.put(put("g"));
      await settle(["family", family]);
      await expectWell(family, "family", ["f", "g"]);
      const again = open(failing);
      await again.loaded;
      expect([...again.state.pairs.keys()]).toEqual(["kept"]);
    },
  );

  it("go on where the folder of one is damaged, and that one alone says so", async () => {
    const first = open("work");
    first.do.put(put("w"));
    await settle(["work", first]);
    await first.close();
    const journal = join(world.root, "all", "work", "journal");
    const good = readFileSync(journal);
    writeFileSync(journal, good.toString().replace("format", "farmat"));
    const [bad, family] = [open("work"), open("family")];
    await expect(bad.loaded).rejects.toMatchObject({
      kind: "corrupt",
      what: expect.stringMatching(/work.journal is damaged/),
    });
    family.do.put(put("f"));
    await settle(["family", family]);
    await expectWell(family, "family", ["f"]);
    await bad.close();
    writeFileSync(journal, good);
    const healed = open("work");
    await settle(["work", healed]);
    await expectWell(healed, "work", ["w"]);
  });

  it("are opened, closed and opened again in any order while others work, and each has its own work alone", async () => {
    const ids = ["main", "work", "family"];
    const made: Record<string, string[]> = { main: [], work: [], family: [] };
    for (let round = 0; round < 4; round++) {
      const stores = ids.map((storeId) => [storeId, open(storeId)] as const);
      const [skipped] = stores[round % 3] ?? [];
      for (const [storeId, store] of stores) {
        const key = `${storeId}${round}`;
        made[storeId]?.push(key);
        await store.do.put(put(key)).savedLocally;
        // Closed with its work unsent, in the middle of the others'.
        if (storeId === skipped) await store.close();
      }
      await settle(...stores.filter(([storeId]) => storeId !== skipped));
      await Promise.all(stores.map(([, store]) => store.close()));
    }
    for (const storeId of ids) {
      const store = open(storeId);
      await settle([storeId, store]);
      await expectWell(store, storeId, made[storeId] ?? []);
    }
  });

  it("stay where one of them is forgotten, which refuses while its work is unsent", async () => {
    const [work, family] = [open("work"), open("family")];
    family.do.put(put("f"));
    work.do.put(put("unsent"));
    await Promise.all([work.loaded, family.loaded]);
    await expect(work.forget()).rejects.toMatchObject({
      kind: "conflict",
      what: expect.stringMatching(/1 actions of store "work"/),
    });
    await settle(["work", work]);
    await work.forget();
    const again = open("work");
    await again.loaded;
    expect([...again.state.pairs.keys()]).toEqual([]);
    await settle(["family", family]);
    await expectWell(family, "family", ["f"]);
    await again.sync.now();
    await expectWell(again, "work", ["unsent"]);
    expect(existsSync(join(world.root, "all", "family", "journal"))).toBe(true);
  });
});
