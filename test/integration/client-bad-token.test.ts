/** Tokens that end while updates are queued: asked for anew, and where that fails the work waits, in order, until somebody signs in again. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../shared/errors.ts";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";

const valid = new Set<string>();
let updates = 0;
/** After so many updates the token that sent them holds no longer. */
let endsAfter = Number.POSITIVE_INFINITY;
let world: BadWorld;

beforeEach(async () => {
  valid.clear();
  updates = 0;
  endsAfter = Number.POSITIVE_INFINITY;
  world = await createBadWorld({
    authenticate(request) {
      const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
      if (!valid.has(token))
        throw new StoreError({ kind: "unauthorized", what: "The token has ended", fix: "Sign in again." });
      if (request.method === "POST" && ++updates === endsAfter) valid.delete(token);
      return { sub: "ann" };
    },
    authorize: ({ claims }) => claims?.sub === "ann",
  });
});
afterEach(() => world.close());

const keys = Array.from({ length: 6 }, (_, i) => `k${i}`);
const failing: readonly (readonly [string, () => string | Promise<string>, RegExp])[] = [
  ["fails", () => Promise.reject(new Error("the session is over")), /token function failed/],
  ["gives the same old one", () => "old", /answered 401: The token has ended/],
  ["gives what is no token", () => "", /is no token/],
];
/** One action an update. */
const single = { updateActionsMax: 1 };

describe("A token that ends while updates are queued", () => {
  it("is asked for anew in the middle of the queue, and each update goes out once, in order", async () => {
    let count = 0;
    const asked: string[] = [];
    const token = () => {
      const current = `t${count}`;
      const next = valid.has(current) ? current : `t${++count}`;
      valid.add(next);
      asked.push(next);
      return next;
    };
    const client = world.client({ token, settings: single });
    await client.sync.now();
    for (const key of keys) client.do.put(put(key));
    endsAfter = 3;
    await client.sync.now();
    expect(client.sync.status).toMatchObject({ phase: "idle", error: null, pending: 6 });
    expect(new Set(asked)).toEqual(new Set(["t1", "t2"]));
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(keys);
    expect((await world.log()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each(failing)(
    "leaves the rest of the queue as it was where its function %s, also over a restart, until somebody signs in again",
    async (_, fail, told) => {
      let signedIn = true;
      const token = async (): Promise<string> => {
        if (!signedIn) return fail();
        valid.add("fresh");
        return "fresh";
      };
      const options = { token, settings: single, folder: "mine" };
      const client = world.client(options);
      await client.sync.now();
      for (const key of keys) client.do.put(put(key));
      endsAfter = 2;
      world.front.decide(() => {
        if (updates >= 2) signedIn = false;
        return "pass";
      });
      await expect(client.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
      expect(client.sync.status).toMatchObject(troubled("unauthorized", 6, told, /Sign in again/));
      client.do.put(put("later"));
      await client.close();

      const again = world.client(options);
      await expect(again.sync.now()).rejects.toMatchObject({ kind: "unauthorized" });
      expect(again.sync.status).toMatchObject(troubled("unauthorized", 7, told, /Sign in again/));
      expect([...again.state.pairs.keys()]).toEqual([...keys, "later"]);
      signedIn = true;
      world.front.decide(() => "pass");
      await again.sync.now();
      expect(again.sync.status).toMatchObject({ phase: "idle", error: null });
      await world.settle(again);
      expect(again.sync.status).toMatchObject(atRest);
      expect(await world.logged()).toEqual([...keys, "later"]);
      expect((await world.log()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    },
  );

  it("is back to idle by itself once signing in works again, without being asked to", async () => {
    let signedIn = true;
    const token = () => {
      if (!signedIn) throw new Error("no session");
      valid.add("fresh");
      return "fresh";
    };
    const client = world.client({
      token,
      settings: { sendDelayMs: 5, retryDelayMs: 20, retryDelayMsMax: 40 },
    });
    await client.sync.now();
    signedIn = false;
    const handle = client.do.put(put("kept"));
    const phase = () => client.sync.status.phase;
    while (phase() !== "unauthorized") await world.api.host.platform.wait(5);
    expect(client.sync.status).toMatchObject(
      troubled("unauthorized", 1, /token function failed/, /Sign in again/),
    );
    signedIn = true;
    await handle.stored;
    while (phase() !== "idle") await world.api.host.platform.wait(5);
    expect(client.sync.status).toMatchObject({ error: null, pending: 1 });
    await world.settle(client);
    expect(await world.logged()).toEqual(["kept"]);
  });
});
