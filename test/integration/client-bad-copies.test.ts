/** Local folders that were copied while they held work: both go on over HTTP, nothing is lost, and nothing is there twice. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { atRest, type BadWorld, createBadWorld, type PairsStore, put } from "../fixtures/bad-world.ts";

let world: BadWorld;
beforeEach(async () => {
  world = await createBadWorld();
});
afterEach(() => world.close());

async function actionIds(): Promise<readonly string[]> {
  return (await world.log()).flatMap(({ actions }) => actions.map(({ id }) => id));
}

async function expectNothingDoubled(): Promise<void> {
  const ids = await actionIds();
  expect(new Set(ids).size).toBe(ids.length);
}

describe("A local folder that was copied", () => {
  const copy = (from: string, to: string) =>
    cpSync(join(world.root, from), join(world.root, to), { recursive: true });

  /** Both work apart and together, until all is in the log. */
  async function bothWork(a: PairsStore, b: PairsStore): Promise<void> {
    for (let i = 0; i < 3; i++) {
      a.do.put(put(`a${i}`));
      b.do.put(put(`b${i}`));
      for (let rounds = 0; rounds < 3; rounds++) await world.settle(a, b);
    }
  }

  async function expectAllThere(
    stores: readonly PairsStore[],
    keys: readonly string[],
    clones = 1,
  ): Promise<void> {
    expect(stores.filter(({ sync }) => sync.status.cloned)).toHaveLength(clones);
    for (const { sync, confirmedState } of stores) {
      expect(sync.status).toMatchObject(atRest);
      expect([...confirmedState.pairs.keys()].sort()).toEqual([...keys].sort());
    }
    expect([...new Set(await world.logged())].sort()).toEqual([...keys].sort());
  }
  const bothKeys = ["a0", "a1", "a2", "b0", "b1", "b2"];

  it("lets both go on, one of them under a new name, with nothing lost or doubled", async () => {
    const before = world.client({ folder: "a" });
    before.do.put(put("before"));
    await world.settle(before);
    await before.close();
    copy("a", "b");
    const [a, b] = [world.client({ folder: "a" }), world.client({ folder: "b" })];
    await bothWork(a, b);
    await expectAllThere([a, b], ["before", ...bothKeys]);
    await expectNothingDoubled();
    expect((await world.logged()).length).toBe(7);
  });

  it("lets both go on where it held an update that was sent and never answered", async () => {
    const before = world.client({ folder: "a" });
    await before.sync.now();
    world.front.decide(({ method }) => (method === "POST" ? "answerLost" : "pass"));
    before.do.put(put("before"));
    await expect(before.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    await before.close();
    world.front.decide(() => "pass");
    copy("a", "b");
    const [a, b] = [world.client({ folder: "a" }), world.client({ folder: "b" })];
    await bothWork(a, b);
    await expectAllThere([a, b], ["before", ...bothKeys]);
    await expectNothingDoubled();
  });

  it("lets both go on where it held work that was never sent: it is there, and shows once", async () => {
    const before = world.client({ folder: "a" });
    await before.sync.now();
    world.front.decide(() => "reset");
    before.do.put(put("before"));
    await before.close();
    world.front.decide(() => "pass");
    copy("a", "b");
    const [a, b] = [world.client({ folder: "a" }), world.client({ folder: "b" })];
    await bothWork(a, b);
    await expectAllThere([a, b], ["before", ...bothKeys]);
  });

  // Needs client/settle.ts to see, where a clone is found, that a published update holds actions which also wait here.
  it("puts no action into the log twice where it held work that was never sent", async () => {
    const before = world.client({ folder: "a" });
    await before.sync.now();
    world.front.decide(() => "reset");
    before.do.put(put("before"));
    await before.close();
    world.front.decide(() => "pass");
    copy("a", "b");
    await bothWork(world.client({ folder: "a" }), world.client({ folder: "b" }));
    await expectNothingDoubled();
  });

  it("lets both go on where they work at the same time, so that each meets the other's updates under its own name", async () => {
    const before = world.client({ folder: "a" });
    before.do.put(put("before"));
    await world.settle(before);
    await before.close();
    copy("a", "b");
    const [a, b] = [world.client({ folder: "a" }), world.client({ folder: "b" })];
    await Promise.all([a.sync.now(), b.sync.now()]);
    // Nothing is published meanwhile, so that neither knows: the first of one and the second of the other come to stand in the log.
    for (const [client, key] of [
      [a, "a0"],
      [b, "b0"],
      [b, "b1"],
      [a, "a1"],
    ] as const) {
      client.do.put(put(key));
      await client.sync.now();
    }
    for (let rounds = 0; rounds < 4; rounds++) await world.settle(a, b);
    await expectAllThere([a, b], ["before", "a0", "a1", "b0", "b1"], 2);
    await expectNothingDoubled();
  });

  it("is opened beside the original, which still runs: each has a lock of its own", async () => {
    const a = world.client({ folder: "a" });
    a.do.put(put("before"));
    await world.settle(a);
    copy("a", "b");
    const b = world.client({ folder: "b" });
    await bothWork(a, b);
    await expectAllThere([a, b], ["before", ...bothKeys]);
    await expectNothingDoubled();
  });
});
