/** The request budgets of clients, exactly: what their remote asks of the bucket. The bucket's own rows stand in budgets.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryLocal } from "../../client/local/memory.ts";
import { httpRemote } from "../../client/remote/http.ts";
import { parseStoreId } from "../../shared/wire/ids.ts";
import { type ApiServer, startApi } from "../fixtures/api-server.ts";
import { createTimelineWorld, type TimelineWorld } from "../fixtures/timeline-world.ts";

const nothing = { get: 0, getUnchanged: 0, put: 0, swap: 0, list: 0 };

async function counted(world: TimelineWorld, work: () => Promise<unknown>) {
  world.bucket.reset();
  await work();
  const { get, getUnchanged, put, swap, list } = world.bucket.counts();
  return { get, getUnchanged, put, swap, list };
}

describe("the request budgets of a client", () => {
  let world: TimelineWorld;
  const still = { settings: { tail: "hint", pollDelayMs: 60_000 } } as const;
  beforeEach(async () => {
    world = await createTimelineWorld();
  });

  it("stores an update with 1 PUT and 1 GET, whose head is its next poll as well", async () => {
    const store = world.open(still);
    await world.clock.advance(1_000);
    world.put(store, "first");
    await world.clock.advance(1_000);
    const requests = await counted(world, async () => {
      world.put(store, "second");
      await world.clock.advance(1_000);
    });
    expect(requests).toEqual({ ...nothing, put: 1, get: 1 });
    expect(store.sync.status).toMatchObject({ pending: 2, phase: "idle" });
    await store.close();
  });

  it("polls when idle with 1 conditional GET and no LIST", async () => {
    const store = world.open(still);
    await world.clock.advance(1_000);
    expect(await counted(world, () => world.clock.advance(60_000))).toEqual({
      ...nothing,
      get: 1,
      getUnchanged: 1,
    });
    await store.close();
  });

  it("polls a small window with 1 GET of the head, and no LIST", async () => {
    const store = world.open(still);
    const other = world.open({ notes: false, local: memoryLocal(), ...still });
    await world.clock.advance(1_000);
    world.put(other, "news");
    await world.clock.advance(10_000);
    await other.close();
    await world.rollup();
    expect(await counted(world, () => world.clock.advance(60_000))).toEqual({ ...nothing, get: 1 });
    expect(store.confirmedState.pairs.size).toBe(1);
    await store.close();
  });

  it("reads the tail after a hint with 2 GETs of the head, 1 LIST and 1 GET per unseen update, its own not among them", async () => {
    const store = world.open(still);
    const other = world.open({ notes: false, local: memoryLocal(), ...still });
    await world.clock.advance(1_000);
    for (const key of ["a", "b"]) {
      world.put(other, key);
      await world.clock.advance(1_000);
    }
    await other.close();
    const requests = await counted(world, async () => {
      store.sync.wake("hint");
      await world.clock.advance(0);
    });
    expect(requests).toEqual({ ...nothing, get: 2 + 2, getUnchanged: 2, list: 1 });
    expect(store.state.pairs.size).toBe(2);
    await store.close();
  });

  it("reads the marks with 1 GET more where it begins from a snapshot and its outbox is not empty", async () => {
    const local = memoryLocal();
    const store = world.open({ local, ...still });
    const other = world.open({ notes: false, local: memoryLocal(), ...still });
    await world.clock.advance(1_000);
    world.put(store, "mine");
    await world.clock.advance(1_000);
    await store.close();
    for (let i = 0; i < 30; i++) {
      other.do.put({ key: `other${i}`, value: "x".repeat(4_000) });
      await world.clock.advance(6_000);
      await world.rollup();
    }
    await other.close();
    const again = world.open({ local, ...still });
    const requests = await counted(world, () => world.clock.advance(0));
    const { segments, snapshots } = await world.head();
    const through = snapshots[1]?.through ?? 0;
    expect(through).toBeGreaterThan(0);
    const [head, snapshot, marks, tail] = [1, 1, 1, 2];
    const after = segments.filter((segment) => segment.through > through).length;
    expect(after).toBeLessThanOrEqual(12);
    expect(requests.get - tail).toBeLessThanOrEqual(head + snapshot + marks + after);
    expect(requests).toMatchObject({ put: 0, swap: 0, list: 1 });
    expect(again.sync.status).toMatchObject({ pending: 0, dead: 0 });
    await again.close();
  });
});

describe("the tail through the server", () => {
  let api: ApiServer;
  beforeEach(async () => {
    api = await startApi();
  });
  afterEach(() => api.close());

  it("costs the bucket 1 LIST a second, however many clients ask", async () => {
    const store = parseStoreId("main");
    if (store === undefined) throw new Error("a store id");
    const remotes = Array.from({ length: 20 }, () => httpRemote(api.url).open(store));
    const [first] = remotes;
    const got = await first?.get("heads/main.json");
    expect(got?.is).toBe("found");
    const head = await api.call("/v1/stores/main/head");
    api.host.bucket.reset();
    const known = { head: head.body as never, etag: head.headers.etag ?? "" };
    await Promise.all(remotes.map((remote) => remote.tail({ known, marks: null, seen: {} })));
    expect(api.host.bucket.counts().list).toBe(1);
  });
});
