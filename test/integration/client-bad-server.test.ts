/** A client over HTTP whose server is down, slow, busy, or not the server at all: nothing is lost or doubled, and its status says what is up. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { atRest, type BadWorld, createBadWorld, put, troubled } from "../fixtures/bad-world.ts";
import type { FrontAnswer, FrontFate } from "../fixtures/http-front.ts";

let world: BadWorld;
beforeEach(async () => {
  world = await createBadWorld();
});
afterEach(() => world.close());

const page = (status: number, headers: Record<string, string> = {}): FrontAnswer => ({
  status,
  headers: { "content-type": "text/html", ...headers },
  body: "<!doctype html><title>Somebody else</title>",
});

describe("A client whose server answers badly", () => {
  const cases: readonly (readonly [string, FrontFate, ReturnType<typeof troubled>])[] = [
    ["hangs up before its answer", "reset", troubled("offline", 2, /did not answer/, /tried again/)],
    ["does the work and hangs up", "answerLost", troubled("offline", 2, /did not answer/, /tried again/)],
    ["says nothing", "silent", troubled("offline", 2, /did not answer \(TooLate\)/, /tried again/)],
    [
      "answers 500 without a word",
      { status: 500 },
      troubled("offline", 2, /answered 500/, /tried again later/),
    ],
    ["answers 429", page(429), troubled("offline", 2, /answered 429/, /tried again/)],
    ["answers 413 through a proxy", page(413), troubled("offline", 2, /answered 413/, /raise its limit/)],
    ["answers 401", page(401), troubled("unauthorized", 2, /answered 401/, /Sign in again/)],
    ["answers 403", page(403), troubled("unauthorized", 2, /answered 403/, /Sign in again/)],
    [
      "is a web page",
      page(200),
      troubled("offline", 2, /answered 200 .*not icecore's/, /Sign in to the network/),
    ],
    ["is a web page of a proxy", page(502), troubled("offline", 2, /answered 502/, /tried again later/)],
  ];

  it.each(cases)(
    "keeps its place and its work where it %s, says so, and goes on afterwards",
    async (_, fate, status) => {
      // Silence is waited for; whatever else comes late on a busy machine is not silence.
      const options = { folder: "a", ...(fate === "silent" ? { timeoutMs: 1_000 } : {}) };
      const client = world.client(options);
      client.do.put(put("before"));
      await world.settle(client);
      world.front.decide(() => fate);
      client.do.put(put("one"));
      await expect(client.sync.now()).rejects.toMatchObject({ name: "StoreError" });
      client.do.put(put("two"));
      await expect(client.sync.now()).rejects.toMatchObject({ name: "StoreError" });
      expect(client.sync.status).toMatchObject(status);
      expect([...client.state.pairs.keys()]).toEqual(["before", "one", "two"]);
      expect([...client.confirmedState.pairs.keys()]).toEqual(["before"]);
      await client.close();
      const again = world.client(options);
      await again.loaded;
      expect([...again.state.pairs.keys()]).toEqual(["before", "one", "two"]);
      await again.sync.now().catch(() => undefined);
      expect(again.sync.status).toMatchObject(status);
      world.front.decide(() => "pass");
      await world.settle(again);
      expect(again.sync.status).toMatchObject(atRest);
      expect([...again.confirmedState.pairs.keys()]).toEqual(["before", "one", "two"]);
      expect(await world.logged()).toEqual(["before", "one", "two"]);
    },
  );

  it("keeps its work where only sending fails that way, and sees what others do meanwhile", async () => {
    const [client, other] = [world.client(), world.client()];
    await client.sync.now();
    for (const [i, fate] of (
      [{ status: 500 }, page(429), page(413), page(502), "answerLost"] as const
    ).entries()) {
      world.front.decide(({ method }) => (method === "POST" ? fate : "pass"));
      client.do.put(put(`mine-${i}`));
      await expect(client.sync.now()).rejects.toMatchObject({ name: "StoreError" });
      expect(client.sync.status).toMatchObject({ phase: "offline", dead: 0 });
      world.front.decide(() => "pass");
      other.do.put(put(`other-${i}`));
      await world.settle(other, client, other);
    }
    expect(client.sync.status).toMatchObject(atRest);
    const keys = (await world.logged()) as string[];
    expect([...keys].sort()).toEqual([0, 1, 2, 3, 4].flatMap((i) => [`mine-${i}`, `other-${i}`]).sort());
    expect(keys.filter((key) => key.startsWith("mine"))).toEqual([0, 1, 2, 3, 4].map((i) => `mine-${i}`));
    expect([...client.confirmedState.pairs.keys()]).toEqual([...other.confirmedState.pairs.keys()]);
  });

  it("waits for a slow one, and doubles nothing where it was given up too early", async () => {
    const client = world.client({ timeoutMs: 1_000 });
    await client.sync.now();
    world.front.decide(() => 200);
    client.do.put(put("slow"));
    await client.sync.now();
    expect(client.sync.status).toMatchObject({ phase: "idle", pending: 1, error: null });
    // The server does it, long after nobody waits any more.
    world.front.decide(({ method }) => (method === "POST" ? 1_300 : "pass"));
    client.do.put(put("too slow"));
    await expect(client.sync.now()).rejects.toThrow(/did not answer \(TooLate\)/);
    expect(client.sync.status).toMatchObject(troubled("offline", 2, /TooLate/));
    world.front.decide(() => "pass");
    await client.sync.now();
    await world.api.host.platform.wait(500);
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["slow", "too slow"]);
  });

  it("comes back by itself once the server is up again, without being asked to", async () => {
    const settings = { sendDelayMs: 5, retryDelayMs: 20, retryDelayMsMax: 50 };
    const client = world.client({ settings });
    await client.sync.now();
    await world.front.end();
    const handle = client.do.put(put("down"));
    await until(() => client.sync.status.phase === "offline");
    expect(client.sync.status).toMatchObject(troubled("offline", 1, /did not answer \(ECONN/, /network/));
    await world.front.begin();
    await handle.stored;
    await until(() => client.sync.status.phase === "idle");
    expect(client.sync.status).toMatchObject({ pending: 1, error: null });
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    expect(await world.logged()).toEqual(["down"]);
  });
});

describe("A busy server", () => {
  const settings = {
    sendDelayMs: 5,
    pollDelayMs: 20,
    pollDelayMsMax: 40,
    retryDelayMs: 10,
    retryDelayMsMax: 20,
  };
  const longAgo = new Date(0).toUTCString();
  const later = (retryAfterMs: number): FrontAnswer => ({
    status: 429,
    headers: { "content-type": "application/json", "retry-after": String(retryAfterMs / 1_000) },
    body: JSON.stringify({ is: "later", reason: "too many at once", retryAfterMs }),
  });

  it.each([
    ["its own word", later(1_000), /too many at once/],
    ["a gateway's Retry-After", page(429, { "retry-after": "1" }), /answered 429/],
    ["a gateway's Retry-After that says at once", page(429, { "retry-after": "0" }), /answered 429/],
    ["a gateway's Retry-After that is over", page(503, { "retry-after": longAgo }), /answered 503/],
    ["a gateway's Retry-After with 503", page(503, { "retry-after": "1" }), /answered 503/],
  ] as const)(
    "is not sent to again before the time that it gave by %s, which status tells",
    async (_, busy, told) => {
      const client = world.client({ settings });
      await client.sync.now();
      let refusals = 0;
      world.front.decide(({ method }) => (method === "POST" && refusals++ < 1 ? busy : "pass"));
      const handle = client.do.put(put("patient"));
      await until(() => refusals > 0 && client.sync.status.waiting !== null);
      const { phase, pending, waiting } = client.sync.status;
      expect({ phase, pending }).toEqual({ phase: expect.stringMatching(/idle|syncing/), pending: 1 });
      expect(waiting).toMatch(told);
      await handle.stored;
      const [first, second] = world.front.seen.filter(({ method }) => method === "POST");
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
      await world.settle(client);
      expect(client.sync.status).toMatchObject(atRest);
      expect(await world.logged()).toEqual(["patient"]);
    },
  );
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await world.api.host.platform.wait(5);
}
