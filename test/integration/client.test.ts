/** A client's life: with and without a network, with a storage that comes back, and with a log that went on meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recoverStore } from "../../shared/drive/recover.ts";
import { createStore } from "../../shared/drive/store.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { createRandom } from "../../test-kit/random.ts";
import { type ClientWorld, createClientWorld } from "../fixtures/client-world.ts";

let world: ClientWorld;
beforeEach(async () => {
  world = await createClientWorld();
});
afterEach(() => world.close());

const put = (key: string, value: unknown = key) => ({ key, value });

describe("A client", () => {
  it("shows an action at once, and carries it to another client through the tail and the log", async () => {
    const [a, b] = [world.client(), world.client()];
    const handle = a.do.put(put("k", 1));
    expect(a.state.pairs.get("k")).toEqual({ value: 1 });
    await handle.savedLocally;
    await a.sync.now();
    await handle.stored;
    await b.sync.now();
    expect(b.state.pairs.get("k")).toEqual({ value: 1 });
    expect(b.confirmedState.pairs.get("k")).toBeUndefined();
    expect(a.sync.status.pending).toBe(1);
    await world.rollup();
    await a.sync.now();
    await handle.published;
    await b.sync.now();
    expect(b.confirmedState.pairs.get("k")).toEqual({ value: 1 });
    expect(a.sync.status).toMatchObject({ phase: "idle", pending: 0, dead: 0, error: null });
  });

  it("works without a network, keeps everything over a restart, and sends it as one update when the network is back", async () => {
    world.network.down = true;
    const local = world.local();
    const first = world.client({ local });
    for (let i = 0; i < 50; i++) first.do.put(put(`k${i}`));
    await expect(first.sync.now()).rejects.toThrow(/no network/);
    expect(first.sync.status).toMatchObject({ phase: "offline", pending: 50 });
    await first.close();
    const second = world.client({ local });
    await second.loaded;
    expect(second.state.pairs.size).toBe(50);
    expect(second.sync.status.pending).toBe(50);
    world.network.down = false;
    await second.sync.now();
    await world.rollup();
    await second.sync.now();
    expect(second.sync.status.pending).toBe(0);
    const log = await world.log();
    expect(log.map(({ actions }) => actions.length)).toEqual([50]);
  });

  it("sends ten thousand actions of a month offline as a handful of updates", async () => {
    world.network.down = true;
    const client = world.client();
    for (let i = 0; i < 10_000; i++) client.do.put(put(`k${i % 100}`, i));
    world.network.down = false;
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    expect(client.sync.status.pending).toBe(0);
    expect((await world.log()).length).toBeLessThanOrEqual(10);
    expect(client.state.pairs.get("k99")).toEqual({ value: 9_999 });
  });

  it("finds what it sent in a snapshot that it was folded into while it was away, and sends nothing twice", async () => {
    const local = world.local();
    const first = world.client({ local });
    first.do.put(put("mine"));
    await first.sync.now();
    await first.close();
    const other = world.client();
    for (let i = 0; i < 30; i++) {
      other.do.put(put(`other${i}`, "x".repeat(4_000)));
      await other.sync.now();
      await world.rollup();
    }
    const again = world.client({ local });
    await again.loaded;
    expect(again.sync.status.pending).toBe(1);
    await again.sync.now();
    expect(again.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
    expect(again.confirmedState.pairs.size).toBe(31);
    const mine = (await world.log()).filter(({ actions }) => JSON.stringify(actions).includes("mine"));
    expect(mine).toHaveLength(1);
  });

  it("takes what a snapshot holds as published when the same poll brings later updates of its own in a segment", async () => {
    const local = world.local();
    const network = { down: false, deaf: false };
    const first = world.client({ local, remote: world.remote(network), settings: { pollDelayMs: 60_000 } });
    first.do.put(put("folded"));
    await first.sync.now();
    const other = world.client();
    for (let i = 0; i < 30; i++) {
      other.do.put(put(`other${i}`, "x".repeat(4_000)));
      await other.sync.now();
      await world.rollup();
    }
    network.deaf = true;
    await first.do.put(put("after")).stored;
    await first.close();
    await world.rollup();
    const again = world.client({ local });
    await again.loaded;
    expect(again.sync.status.pending).toBe(2);
    await again.sync.now();
    expect(again.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
    again.do.put(put("last"));
    await again.sync.now();
    await world.rollup();
    await again.sync.now();
    expect(again.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
    const mine = (await world.log()).filter(({ actions }) =>
      /folded|after|last/.test(JSON.stringify(actions)),
    );
    expect(mine.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("lets both copies of a cloned storage go on, one under a new app id, and loses nothing", async () => {
    const local = world.local();
    const original = world.client({ local });
    original.do.put(put("before"));
    await original.sync.now();
    await world.rollup();
    await original.sync.now();
    const copy = world.client({ local: copyOf(await rowsOf(local)) });
    await original.close();
    const first = world.client({ local });
    await first.loaded;
    first.do.put(put("first"));
    await first.sync.now();
    await world.rollup();
    await first.sync.now();
    await copy.loaded;
    const handle = copy.do.put(put("second"));
    await copy.sync.now();
    expect(copy.sync.status.cloned).toBe(true);
    await copy.sync.now();
    await world.rollup();
    await copy.sync.now();
    await handle.published;
    await first.sync.now();
    expect([...first.confirmedState.pairs.keys()]).toEqual(["before", "first", "second"]);
    expect([...copy.confirmedState.pairs.keys()]).toEqual(["before", "first", "second"]);

    async function rowsOf(of: typeof local) {
      await original.close();
      const rows = await of.open(world.store);
      const all = await rows.load();
      await rows.close();
      return all;
    }
    function copyOf(all: ReadonlyMap<string, string>) {
      const other = world.local();
      return {
        name: "a copy",
        async open(store: typeof world.store) {
          const rows = await other.open(store);
          if ((await rows.load()).size === 0) await rows.commit({ put: all, delete: [] });
          return rows;
        },
      };
    }
  });

  it("says that the store has a new life after a recovery, keeps what is unsent, and loses nothing", async () => {
    const client = world.client();
    client.do.put(put("one"));
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    await world.host.bucket.delete([headKey(world.store)]);
    client.do.put(put("two"));
    await expect(client.sync.now()).rejects.toThrow(/no head/);
    expect(client.sync.status).toMatchObject({ phase: "offline", pending: 1 });
    await recoverStore(world.host, { store: world.store });
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    expect(client.sync.status).toMatchObject({ phase: "idle", pending: 0, epochs: 1, cloned: false });
    expect([...client.confirmedState.pairs.keys()]).toEqual(["one", "two"]);
  });

  it("goes on in a store that was wiped and made anew, says so, and sends what is unsent", async () => {
    const client = world.client();
    client.do.put(put("gone"));
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    for (const { key } of (await world.host.bucket.list("")).objects) await world.host.bucket.delete([key]);
    await createStore(world.host, world.store);
    client.do.put(put("new"));
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    expect(client.sync.status).toMatchObject({ phase: "idle", pending: 0, epochs: 1, dead: 0 });
    expect([...client.confirmedState.pairs.keys()]).toEqual(["new"]);
    client.do.put(put("more"));
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    expect([...client.confirmedState.pairs.keys()]).toEqual(["more", "new"]);
    expect(client.sync.status).toMatchObject({ pending: 0, cloned: false });
  });

  it("holds an action back, lets it go, drops one, and lists where each is", async () => {
    world.network.down = true;
    const client = world.client();
    await client.loaded;
    const [held, sent, dropped] = ["a", "b", "c"].map((key) => client.do.put(put(key)));
    if (!held || !sent || !dropped) throw new Error("no handles");
    client.outbox.hold(held.id);
    client.outbox.drop(dropped.id);
    expect(client.state.pairs.has("c")).toBe(false);
    expect(client.outbox.list().map(({ at }) => at)).toEqual(["held", "waiting"]);
    world.network.down = false;
    await client.sync.now();
    expect(client.outbox.list().map(({ at }) => at)).toEqual(["stored", "held"]);
    client.outbox.release(held.id);
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    expect([...client.confirmedState.pairs.keys()]).toEqual(["a", "b"]);
  });

  it("tells of each action once, where it came from, and never of what came inside a snapshot", async () => {
    const [a, b] = [world.client(), world.client()];
    const told: string[] = [];
    a.on("put", ({ data, origin }) => told.push(`a ${origin} ${data.key}`));
    b.on("put", ({ data, origin }) => told.push(`b ${origin} ${data.key}`));
    a.do.put(put("x"));
    await a.sync.now();
    await b.sync.now();
    await world.rollup();
    await a.sync.now();
    await b.sync.now();
    expect(told).toEqual(["a local x", "b remote x"]);
  });

  it("gives the state at an earlier time, from the remote's history", async () => {
    const client = world.client();
    const first = client.do.put(put("k", 1));
    await client.sync.now();
    await world.rollup();
    await world.host.platform.wait(5);
    client.do.put(put("k", 2));
    await client.sync.now();
    await world.rollup();
    await client.sync.now();
    expect((await client.at(await first.stored)).pairs.get("k")).toEqual({ value: 1 });
    expect(client.state.pairs.get("k")).toEqual({ value: 2 });
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "loses and doubles nothing while writes are lost, late and doubled on the way, with seed %i",
    async (seed) => {
      await world.close();
      world = await createClientWorld({}, createRandom(seed).fraction);
      world.host.bucket.setChances({
        answerLost: 0.15,
        writeLost: 0.1,
        writeLate: 0.1,
        writeTwice: 0.05,
        callFails: 0.05,
      });
      const clients = [world.client(), world.client(), world.client()];
      for (let i = 0; i < 40; i++) {
        for (const [n, client] of clients.entries()) client.do.put(put(`c${n}-${i}`));
        await Promise.allSettled(clients.map((client) => client.sync.now()));
        if (i % 5 === 0) await world.rollup().catch(() => undefined);
      }
      world.host.bucket.setChances({
        answerLost: 0,
        writeLost: 0,
        writeLate: 0,
        writeTwice: 0,
        callFails: 0,
      });
      await world.host.bucket.landHeld();
      for (let i = 0; i < 3; i++) {
        await Promise.all(clients.map((client) => client.sync.now()));
        await world.rollup();
      }
      await Promise.all(clients.map((client) => client.sync.now()));
      for (const client of clients) {
        expect(client.sync.status).toMatchObject({ pending: 0, dead: 0 });
        expect(client.confirmedState.pairs.size).toBe(120);
      }
      const ids = (await world.log()).flatMap(({ actions }) => actions.map(({ id }) => id));
      expect(ids.length).toBe(120);
      expect(new Set(ids).size).toBe(120);
    },
  );
});
