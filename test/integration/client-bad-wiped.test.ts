/** A store that is wiped and made anew under its clients: what they still hold goes into the new one, and they say what happened. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createStore } from "../../shared/drive/store.ts";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";

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

describe("A store that is wiped and made anew", () => {
  async function wipe(): Promise<void> {
    const { host } = world.api;
    for (const { key } of (await host.bucket.list("")).objects) await host.bucket.delete([key]);
    await host.platform.wait(5);
  }
  /** What a client put there meanwhile would be taken for a store that has lost its head. */
  async function makeAnew(): Promise<void> {
    await wipe();
    await createStore(world.api.host, world.api.store);
    await world.api.host.platform.wait(5);
  }

  it("takes what was made before and after it, and its clients say what happened, also over a restart", async () => {
    const client = world.client({ folder: "mine" });
    client.do.put(put("gone"));
    await world.settle(client);
    await wipe();
    client.do.put(put("kept"));
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    expect(client.sync.status).toMatchObject(
      troubled("offline", 1, /Store "main" has no head/, /icecore init/),
    );
    await client.close();
    const again = world.client({ folder: "mine" });
    await expect(again.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    expect(again.state.pairs.has("kept")).toBe(true);
    await makeAnew();
    again.do.put(put("new"));
    await again.sync.now();
    expect(again.sync.status).toMatchObject({ phase: "idle", pending: 2, epochs: 1, error: null });
    await world.settle(again);
    expect(again.sync.status).toMatchObject({ ...atRest, epochs: 1, cloned: false });
    const other = world.client();
    await world.settle(other, again);
    for (const one of [again, other]) expect([...one.confirmedState.pairs.keys()]).toEqual(["kept", "new"]);
    expect(await world.logged()).toEqual(["kept", "new"]);
    await expectNothingDoubled();
  });

  // Needs client/engine.ts to send again, in a new epoch, what the old one has acknowledged and never published.
  it("is sent what the old one had acknowledged and not published", async () => {
    const client = world.client({ folder: "mine" });
    await client.sync.now();
    const handle = client.do.put(put("acknowledged"));
    await client.sync.now();
    await handle.stored;
    await wipe();
    await makeAnew();
    await world.settle(client);
    await world.settle(client);
    expect(client.sync.status).toMatchObject({ ...atRest, epochs: 1 });
    expect(await world.logged()).toEqual(["acknowledged"]);
  });

  it("loses nothing that waits where the old one had acknowledged something and was wiped before it was published", async () => {
    const client = world.client({ folder: "mine" });
    await client.sync.now();
    client.do.put(put("acknowledged"));
    await client.sync.now();
    await wipe();
    await makeAnew();
    client.do.put(put("waiting"));
    await world.settle(client);
    await world.settle(client);
    const { pending, dead, epochs, phase } = client.sync.status;
    expect({ pending, phase, epochs }).toEqual({ pending: 0, phase: "idle", epochs: 1 });
    // What the new log does not hold is at hand still: to be sent again by whoever wants that.
    const logged = await world.logged();
    expect(logged).toContain("waiting");
    expect(dead).toBe(2 - logged.length);
    for (const { action, at } of client.outbox.list()) {
      expect(at).toBe("dead");
      client.outbox.retry(action.id);
    }
    await world.settle(client);
    expect(client.sync.status).toMatchObject({ ...atRest, epochs: 1 });
    expect([...(await world.logged())].sort()).toEqual(["acknowledged", "waiting"]);
    await expectNothingDoubled();
  });

  // Needs client/settle.ts to reckon the chain of own ids anew in a new epoch.
  it.each([0, 1])(
    "settles what was folded away in the new one, after %i updates that it saw there, and doubles nothing",
    async (seen) => {
      await world.close();
      world = await createBadWorld({
        settings: {
          snapshotBytesMin: 1,
          snapshotAgeMs: 1,
          segmentsListedAim: 2,
          segmentsSinceSnapshotMax: 2,
        },
      });
      const first = world.client({ folder: "mine" });
      first.do.put(put("gone"));
      await world.settle(first);
      await wipe();
      await makeAnew();
      const keys = Array.from({ length: seen + 1 }, (_, i) => `k${i}`);
      for (const key of keys.slice(0, seen)) {
        first.do.put(put(key));
        await world.settle(first);
      }
      first.do.put(put(keys[seen] ?? ""));
      await first.sync.now();
      await first.close();
      const other = world.client();
      for (let i = 0; i < 8; i++) {
        other.do.put(put("theirs", `${i} ${"x".repeat(3_000)}`));
        await world.settle(other);
      }
      const again = world.client({ folder: "mine" });
      await world.settle(again);
      await world.settle(again);
      expect(again.sync.status).toMatchObject({ ...atRest, cloned: false });
      expect((await world.logged()).filter((key) => key !== "theirs")).toEqual(keys);
      await expectNothingDoubled();
    },
  );

  // Needs client/engine.ts to bring the pending work back into the shown state where everything else was dropped.
  it("shows what waits even where the new store cannot be read to its end yet", async () => {
    const client = world.client();
    client.do.put(put("gone"));
    await world.settle(client);
    await wipe();
    await makeAnew();
    const other = world.client();
    other.do.put(put("theirs", "x".repeat(40_000)));
    await world.settle(other);
    client.do.put(put("waiting"));
    world.front.decide(({ path }) => (path.includes("/segments/") ? { status: 500 } : "pass"));
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    expect(client.sync.status).toMatchObject({ ...troubled("offline", 1, /answered 500/), epochs: 1 });
    expect([...client.state.pairs.keys()]).toEqual(["waiting"]);
    world.front.decide(() => "pass");
    await world.settle(client);
    expect(await world.logged()).toEqual(["theirs", "waiting"]);
  });
});
