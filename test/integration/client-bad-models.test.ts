/** Clients and servers of different model versions over HTTP: who is behind says so, keeps and sends its work, and misses nothing later. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineModel, table } from "../../shared/index.ts";
import type { Model } from "../../shared/model/model.ts";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";

/** Version 2 calls the value "text" in its actions and keeps who wrote it. */
const newModel = defineModel({
  name: "pairs",
  version: 2,
  state: { pairs: table<{ readonly value: unknown; readonly by?: string }>() },
  migrate: { 1: (state: unknown) => state as never },
  actions: (action) => ({
    put: action(
      z.object({ key: z.string(), value: z.unknown(), by: z.string().optional() }),
      (state, { key, value, by }) => {
        state.pairs.set(key, by === undefined ? { value } : { value, by });
      },
    ),
    remove: action(z.object({ key: z.string() }), (state, { key }) => {
      state.pairs.delete(key);
    }),
  }),
});

const asAny = (model: unknown) => model as Model<unknown>;
let served: Model<unknown> = asAny(pairsModel);
let world: BadWorld;
beforeEach(async () => {
  served = asAny(pairsModel);
  world = await createBadWorld({
    models: () => served,
    settings: { snapshotBytesMin: 1, snapshotAgeMs: 1, upgradeRetryMs: 1 },
  });
});
afterEach(() => world.close());

const signed = (key: string) => ({ key, value: key, by: "ann" });
const keysOf = (state: { readonly pairs: { keys(): Iterable<string> } }) => [...state.pairs.keys()];

describe("A client whose model is older than the store's", () => {
  it("shows what was before, sends what it makes, says that it must be upgraded, and has everything once it is", async () => {
    served = asAny(newModel);
    const old = world.client({ folder: "mine" });
    old.do.put(put("before"));
    await old.sync.now();
    await world.rollup();
    await old.sync.now();
    const newer = world.open(newModel);
    await world.rollup(served);
    newer.do.put(signed("new"));
    await newer.sync.now();
    await world.rollup(served);
    old.do.put(put("mine"));
    await expect(old.sync.now()).rejects.toMatchObject({ kind: "incompatible" });
    expect(old.sync.status).toMatchObject(
      troubled("upgrade", 1, /version 2 of model "pairs"; this app has version 1/, /Upgrade this app/),
    );
    expect(keysOf(old.state)).toEqual(["before", "mine"]);
    await old.close();

    // Over a restart, too; and what it makes still goes out.
    const again = world.client({ folder: "mine" });
    again.do.put(put("mine too"));
    await expect(again.sync.now()).rejects.toMatchObject({ kind: "incompatible" });
    expect(again.sync.status).toMatchObject(troubled("upgrade", 2, /version 2/));
    expect(keysOf(again.state)).toEqual(["before", "mine", "mine too"]);
    await again.close();
    await world.rollup(served);
    expect(await world.logged()).toEqual(["before", "new", "mine", "mine too"]);

    const upgraded = world.open(newModel, { folder: "mine" });
    await upgraded.loaded;
    expect(keysOf(upgraded.state)).toEqual(["before", "mine", "mine too"]);
    upgraded.do.remove({ key: "before" });
    for (const store of [upgraded, newer]) await store.sync.now();
    await world.rollup(served);
    for (const store of [upgraded, newer]) {
      await store.sync.now();
      expect(store.sync.status).toMatchObject({ ...atRest, cloned: false });
      expect(keysOf(store.confirmedState)).toEqual(["mine", "mine too", "new"]);
    }
    const ids = (await world.log()).flatMap(({ actions }) => actions.map(({ id }) => id));
    expect(new Set(ids).size).toBe(5);
    expect(ids).toHaveLength(5);
  });

  it("is told so where it is new to a store that no version of its own has ever read", async () => {
    served = asAny(newModel);
    const newer = world.open(newModel);
    newer.do.put(signed("new"));
    await newer.sync.now();
    await world.rollup(served);
    await newer.sync.now();
    const old = world.client();
    old.do.put(put("mine"));
    await expect(old.sync.now()).rejects.toMatchObject({ kind: "incompatible" });
    expect(old.sync.status).toMatchObject(troubled("upgrade", 1, /./, /./));
    expect(keysOf(old.state)).toEqual(["mine"]);
    await world.rollup(served);
    await newer.sync.now();
    expect(keysOf(newer.confirmedState)).toEqual(["mine", "new"]);
    expect(await world.logged()).toEqual(["new", "mine"]);
  });
});

describe("A client whose model is newer than the server's", () => {
  it("waits with what it made, says why, and sends it once the server has the model", async () => {
    const client = world.open(newModel, { folder: "mine" });
    client.do.put(signed("early"));
    await client.sync.now();
    expect(client.sync.status).toMatchObject({
      phase: "idle",
      pending: 1,
      dead: 0,
      error: null,
      waiting: expect.stringMatching(/version 2 of the model, this server has version 1/),
    });
    await client.close();
    const again = world.open(newModel, { folder: "mine" });
    again.do.put(signed("later"));
    await again.sync.now();
    expect(again.sync.status).toMatchObject({ pending: 2, waiting: expect.stringMatching(/version 2/) });
    expect(await world.log()).toEqual([]);
    served = asAny(newModel);
    await again.sync.now();
    await world.rollup(served);
    await again.sync.now();
    expect(again.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["early", "later"]);
  });
});

describe("A client whose model is another one", () => {
  it("says which model the store has, and its work is refused by the server and kept as dead letters", async () => {
    const client = world.client();
    client.do.put(put("theirs"));
    await world.settle(client);
    const chess = defineModel({
      name: "chess",
      version: 1,
      state: { moves: table<{ readonly to: string }>() },
      actions: (action) => ({
        move: action(z.object({ piece: z.string(), to: z.string() }), (state, { piece, to }) => {
          state.moves.set(piece, { to });
        }),
      }),
    });
    const other = world.open(chess);
    other.do.move({ piece: "king", to: "e2" });
    await expect(other.sync.now()).rejects.toMatchObject({ kind: "incompatible" });
    expect(other.sync.status).toMatchObject(
      troubled("upgrade", 1, /snapshots are of model "pairs", not "chess"/, /Give the model/),
    );
    expect([...other.state.moves.keys()]).toEqual(["king"]);
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).not.toContain("king");
    expect(other.outbox.list().map(({ at }) => at)).toEqual(["rejected"]);
  });
});
