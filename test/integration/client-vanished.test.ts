/** The rows of a client are thrown away while it is open: what it still holds is written anew, as it was, and never over somebody else's. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withCipher } from "../../client/local/cipher.ts";
import type { Local } from "../../client/local/local.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { createAesGcm } from "../fixtures/aes-gcm.ts";
import { atRest, type BadWorld, createBadWorld, put } from "../fixtures/bad-world.ts";
import { vanishingLocal } from "../fixtures/vanishing-local.ts";

let world: BadWorld;
beforeEach(async () => {
  world = await createBadWorld();
});
afterEach(() => world.close());

const isDown = () => world.front.decide(() => ({ status: 500 }));
const isUp = () => world.front.decide(() => "pass");

/** A client with something in the log, an update that was sent and not answered, and actions that wait. */
async function busy(local: Local) {
  const client = world.client({ local });
  client.do.put(put("sent"));
  await world.settle(client);
  client.do.put(put("unanswered"));
  world.front.decide(({ method }) => (method === "POST" ? { status: 500 } : "pass"));
  await client.sync.now().catch(() => undefined);
  isDown();
  await client.do.put(put("waiting")).savedLocally;
  return client;
}

const placesOf = (client: Awaited<ReturnType<typeof busy>>) => client.outbox.list().map(({ at }) => at);
const keysOf = (client: Awaited<ReturnType<typeof busy>>) => [...client.state.pairs.keys()];

describe("A client whose rows are thrown away while it is open", () => {
  it("writes them anew as soon as it is told: state, place, and the outbox with its ids and seqs", async () => {
    const local = vanishingLocal();
    const client = await busy(local);
    const before = await local.kept();
    const rows = [...before].filter(([key]) => /^(app|update|action|place|head)/.test(key));
    await local.vanish();
    await expect.poll(() => local.renewed.length).toBe(1);
    const kept = await local.kept();
    expect([...kept].filter(([key]) => !/^(base|range)/.test(key))).toEqual(rows);
    expect(client.sync.status).toMatchObject({ pending: 2, error: { kind: "unavailable" } });
    await client.close();

    const again = world.client({ local });
    await again.loaded;
    expect(keysOf(again)).toEqual(["sent", "unanswered", "waiting"]);
    expect([...again.confirmedState.pairs.keys()]).toEqual(["sent"]);
    expect(placesOf(again)).toEqual(["sent", "waiting"]);
    isUp();
    await world.settle(again);
    await world.settle(again);
    expect(again.sync.status).toMatchObject({ ...atRest, cloned: false });
    expect(await world.logged()).toEqual(["sent", "unanswered", "waiting"]);
    expect((await world.log()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it("finds it out with its next action where nobody tells it", async () => {
    const local = vanishingLocal(memoryLocal(), { tells: false });
    const client = await busy(local);
    await local.vanish();
    expect((await local.kept()).size).toBe(0);
    await client.do.put(put("next")).savedLocally;
    expect(local.renewed).toHaveLength(1);
    await client.do.put(put("more")).savedLocally;
    await client.close();
    const again = world.client({ local });
    await again.loaded;
    expect(keysOf(again).sort()).toEqual(["more", "next", "sent", "unanswered", "waiting"]);
  });

  it("says that nothing is saved where somebody else has begun there, leaves that alone, and keeps its work at hand", async () => {
    const local = vanishingLocal();
    const client = await busy(local);
    const theirs = new Map([["app", '{"theirs":1}']]);
    await local.replace(theirs);
    await expect.poll(() => client.sync.status.error?.kind).toBe("closed");
    await expect(client.do.put(put("next")).savedLocally).rejects.toMatchObject({ kind: "closed" });
    isUp();
    await expect(client.sync.now()).rejects.toMatchObject({ kind: "closed" });
    expect(client.sync.status).toMatchObject({ pending: 3, error: { kind: "closed" } });
    expect(placesOf(client)).toEqual(["sent", "waiting", "waiting"]);
    expect([await local.kept(), local.renewed]).toEqual([theirs, []]);
    expect(await world.logged()).toEqual(["sent"]);
  });

  it("tries again with all that is there by then where the new rows cannot be written yet", async () => {
    const local = vanishingLocal();
    let full = true;
    const small: Local = {
      ...local,
      async open(store) {
        const rows = await local.open(store);
        return {
          ...rows,
          renewal: rows.renewal && {
            ...rows.renewal,
            async renew(all) {
              if (full) throw new Error("full");
              await rows.renewal?.renew(all);
            },
          },
        } as typeof rows;
      },
    };
    const client = await busy(small);
    await local.vanish();
    await expect(client.do.put(put("next")).savedLocally).rejects.toMatchObject({ kind: "unavailable" });
    expect(client.sync.status.error?.message).toMatch(/could not be written: full/);
    full = false;
    await client.do.put(put("more")).savedLocally;
    expect(client.sync.status).toMatchObject({ pending: 4, error: null });
    await client.close();
    const again = world.client({ local });
    await again.loaded;
    expect(keysOf(again).sort()).toEqual(["more", "next", "sent", "unanswered", "waiting"]);
  });

  it("writes them as unreadable as they were", async () => {
    const inner = vanishingLocal();
    const local = withCipher(inner, await createAesGcm("secret"));
    const client = await busy(local);
    await inner.vanish();
    await expect.poll(() => inner.renewed.length).toBe(1);
    expect([...(await inner.kept()).values()].join()).not.toMatch(/waiting|unanswered/);
    await client.close();
    const again = world.client({ local });
    await again.loaded;
    expect(keysOf(again)).toEqual(["sent", "unanswered", "waiting"]);
  });
});
