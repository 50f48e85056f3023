/** What a client owes to docs/protocol.md, line by line, where no other file asks for it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { bucketRemote } from "../../client/remote/bucket.ts";
import type { Remote } from "../../client/remote/remote.ts";
import type { RejectedAction } from "../../client/store.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { createStore } from "../../shared/drive/store.ts";
import { type ActionMeta, defineModel, table } from "../../shared/index.ts";
import type { Model } from "../../shared/model/model.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { type ClientWorld, createClientWorld } from "../fixtures/client-world.ts";
import { tabsLocal } from "../fixtures/tabs-local.ts";

let world: ClientWorld;
beforeEach(async () => {
  world = await createClientWorld();
});
afterEach(() => world.close());

const put = (key: string, value: unknown = key) => ({ key, value });
const large = "y".repeat(30_000);

/** Notes the segments that one client reads. */
function watched() {
  const segments: string[] = [];
  const { bucket, platform, settings } = world.host;
  const get: typeof bucket.get = (key, options) => {
    if (key.startsWith("segments/")) segments.push(key);
    return bucket.get(key, options);
  };
  return { segments, remote: bucketRemote({ ...bucket, get }, platform, settings) };
}

interface Pair {
  readonly value: unknown;
}

/** Pairs whose values are unique; one that is "bad" is refused. `metas` holds what the function was told, by key. */
function strictPairs(metas: Record<string, ActionMeta> = {}) {
  return defineModel({
    name: "pairs",
    version: 1,
    state: { pairs: table<Pair>() },
    actions: (action) => ({
      put: action(z.object({ key: z.string(), value: z.unknown() }), (state, { key, value }, meta) => {
        metas[key] = meta;
        if (value === "bad") throw new Error("too bad");
        state.pairs.set(key, { value });
      }),
    }),
    invariants: {
      unique: ({ pairs }) => {
        const values = [...pairs.values()].map(({ value }) => value);
        return values.length === new Set(values).size ? [] : ["twice"];
      },
    },
  });
}

const pause = () => world.host.platform.wait(5);

const seats = defineModel({
  name: "seats",
  version: 1,
  state: { taken: table<{ readonly by: string }>() },
  actions: (action) => ({
    take: action(z.object({ seat: z.string(), by: z.string() }), (state, { seat, by }) => {
      if (state.taken.has(seat)) throw new Error(`seat ${seat} is taken`);
      state.taken.set(seat, { by });
    }),
  }),
});

/** Notes what one client asks for. */
function counted() {
  const calls: string[] = [];
  const { bucket, platform, settings } = world.host;
  const inner = bucketRemote(bucket, platform, settings);
  const remote: Remote = {
    name: inner.name,
    open(store) {
      const to = inner.open(store);
      const noting = <Args extends readonly unknown[], T>(name: string, call: (...args: Args) => T) => {
        return (...args: Args): T => {
          calls.push(name === "get" ? `get ${String(args[0]).split("/")[0]}` : name);
          return call(...args);
        };
      };
      return {
        ...to,
        get: noting("get", to.get),
        tail: noting("tail", to.tail),
        send: noting("send", to.send),
      };
    },
  };
  return { calls, remote };
}

describe("What an update says that its author had seen", () => {
  it("holds what came with segments, where nobody reads the tail", async () => {
    const [a, b] = [world.client(), world.client({ settings: { tail: "hint" } })];
    await b.sync.now();
    a.do.put(put("x"));
    await a.sync.now();
    await world.rollup();
    b.sync.wake("timer");
    await b.sync.now();
    b.do.put(put("y"));
    await b.sync.now();
    await world.rollup();
    const [first, second] = await world.log();
    expect(second?.after).toBeGreaterThanOrEqual(first?.timestamp ?? Number.POSITIVE_INFINITY);
    expect(second?.after).toBeLessThan(second?.timestamp ?? 0);
  });

  it("holds what was acknowledged to it, before anything is read", async () => {
    const a = world.client({ settings: { tail: "hint" } });
    await a.loaded;
    const stored = a.do.put(put("x")).stored;
    a.sync.wake("timer");
    const timestamp = await stored;
    await a.sync.now();
    a.do.put(put("y"));
    await a.sync.now();
    await world.rollup();
    expect((await world.log()).map(({ after }) => after >= timestamp)).toEqual([false, true]);
  });

  it("is told to the model's functions, the same everywhere once it is stored, a forecast before", async () => {
    const [mine, theirs]: Record<string, ActionMeta>[] = [{}, {}];
    const a = world.open({ model: strictPairs(mine) });
    const b = world.open({ model: strictPairs(theirs) });
    a.do.put(put("x"));
    await a.sync.now();
    await b.sync.now();
    const x = b.state.pairs.has("x") && theirs?.x?.timestamp;
    b.do.put(put("y"));
    expect(b.state.pairs.has("y") && theirs?.y?.after).toBe(x);
    await b.sync.now();
    await world.rollup(strictPairs() as unknown as Model);
    await a.sync.now();
    await b.sync.now();
    const [, second] = await world.log();
    expect([a.state.pairs.has("y"), mine?.y?.after]).toEqual([true, second?.after]);
    expect(mine?.y?.after).toBeGreaterThanOrEqual(Number(x));
    expect(mine?.x?.after).toBe(0);
  });
});

describe("A segment whose updates are all in hand", () => {
  it("is not read: they were in the tail", async () => {
    const a = world.client();
    const { segments, remote } = watched();
    const b = world.client({ remote });
    await b.sync.now();
    a.do.put(put("x", large));
    await a.sync.now();
    await b.sync.now();
    expect(b.state.pairs.has("x")).toBe(true);
    await world.rollup();
    await b.sync.now();
    expect([b.confirmedState.pairs.has("x"), segments]).toEqual([true, []]);
  });

  it("is not read: they were sent from here", async () => {
    const { segments, remote } = watched();
    const b = world.client({ remote, settings: { tail: "hint" } });
    await b.sync.now();
    b.do.put(put("x", large));
    await b.sync.now();
    await world.rollup();
    await b.sync.now();
    expect([b.confirmedState.pairs.has("x"), segments, b.sync.status.pending]).toEqual([true, [], 0]);
  });

  it("is read when something of it was never seen", async () => {
    const a = world.client();
    const { segments, remote } = watched();
    const b = world.client({ remote });
    await b.sync.now();
    b.do.put(put("x", large));
    await b.sync.now();
    a.do.put(put("y", large));
    await a.sync.now();
    await world.rollup();
    await b.sync.now();
    expect([...b.confirmedState.pairs.keys(), segments.length]).toEqual(["x", "y", 1]);
  });
});

describe("Push only while valid", () => {
  it("gets what others have stored first, published or not, and holds back what it makes invalid", async () => {
    for (const published of [true, false]) {
      const model = strictPairs();
      const [a, b] = [world.open({ model }), world.open({ model, pushOnlyWhileValid: true })];
      await b.sync.now();
      a.do.put(put(`theirs ${published}`, `same ${published}`));
      await a.sync.now();
      if (published) await world.rollup(model as unknown as Model);
      b.do.put(put(`mine ${published}`, `same ${published}`));
      expect(b.problems).toEqual([]);
      await b.sync.now();
      expect(b.problems).toEqual([{ invariant: "unique", problem: "twice" }]);
      expect(b.outbox.list().map(({ at }) => at)).toEqual(["waiting"]);
      expect(b.sync.status.waiting).toContain("problems");
      b.do.put(put(`mine ${published}`, `another ${published}`));
      await b.sync.now();
      expect(b.outbox.list().map(({ at }) => at)).toEqual(["stored", "stored"]);
    }
  });
});

describe("An older head that somebody put back", () => {
  it("is told as damage, and nothing goes back", async () => {
    const a = world.client();
    const read = () => world.host.bucket.get(headKey(world.store));
    const publish = async (key: string) => {
      a.do.put(put(key));
      await a.sync.now();
      await world.rollup();
      await a.sync.now();
      return read();
    };
    const [old, now] = [await publish("one"), await publish("two")];
    if (old.is !== "found" || now.is !== "found") throw new Error("there is no head");
    const { body } = old;
    const kind = { contentType: "application/json", cacheControl: "" };
    await world.host.bucket.putIfMatch(headKey(world.store), { body, ...kind }, now.etag);
    await expect(a.sync.now()).rejects.toThrow(/has an older head than before/);
    expect([a.sync.status.phase, [...a.state.pairs.keys()]]).toEqual(["corrupt", ["one", "two"]]);
  });
});

describe("A store that was recovered", () => {
  it("takes nothing from a client's storage before all that replaces it has arrived", async () => {
    const { bucket, platform, settings } = world.host;
    const local = world.local();
    const a = world.client({ local });
    a.do.put(put("x", large));
    await a.sync.now();
    await world.rollup();
    await a.sync.now();
    await a.close();
    await bucket.delete([headKey(world.store)]);
    await recoverStore(world.host, { store: world.store });
    const get: typeof bucket.get = async (key, options) => {
      if (!key.startsWith("heads/")) throw Object.assign(new Error("cut"), { code: "ENETDOWN" });
      return bucket.get(key, options);
    };
    const cut = world.client({ local, remote: bucketRemote({ ...bucket, get }, platform, settings) });
    await expect(cut.sync.now()).rejects.toThrow("cut");
    cut.do.put(put("y"));
    await cut.close();
    world.network.down = true;
    const offline = world.client({ local });
    await offline.loaded;
    expect([...offline.state.pairs.keys()]).toEqual(["x", "y"]);
    await offline.close();
    world.network.down = false;
    const again = world.client({ local });
    await again.sync.now();
    await world.rollup();
    await again.sync.now();
    expect([...again.confirmedState.pairs.keys()]).toEqual(["x", "y"]);
    expect(again.sync.status).toMatchObject({ pending: 0, dead: 0, cloned: false });
  });
});

describe("An action that is edited", () => {
  it("is done again with other data in one commit, unsent or dead; what was sent, and what is none, stays", async () => {
    world.network.down = true;
    const local = world.local();
    const a = world.client({ local });
    await a.loaded;
    const { id } = a.do.put(put("x", "first"));
    expect(() => a.outbox.edit(id, { key: 7 })).toThrow(/put/);
    expect(a.state.pairs.get("x")).toEqual({ value: "first" });
    const edited = a.outbox.edit(id, put("y", "second"));
    expect([...a.state.pairs]).toEqual([["y", { value: "second" }]]);
    expect(() => a.outbox.edit(id, put("z"))).toThrow(/cannot be edited/);
    await edited.savedLocally;
    await a.close();
    world.network.down = false;
    const again = world.client({ local });
    await again.sync.now();
    expect(() => again.outbox.edit(edited.id, put("z"))).toThrow(/cannot be edited/);
    await world.rollup();
    await again.sync.now();
    expect([...again.confirmedState.pairs]).toEqual([["y", { value: "second" }]]);
    expect(again.outbox.list()).toEqual([]);
  });
});

describe("A store of one user alone", () => {
  it("is fetched at the start and sent to after each change, and asked nothing else", async () => {
    const a = world.client();
    a.do.put(put("x"));
    await a.sync.now();
    await world.rollup();
    let gets = 0;
    const { bucket, platform, settings } = world.host;
    const get: typeof bucket.get = (key, options) => {
      gets += 1;
      return bucket.get(key, options);
    };
    const b = world.client({
      remote: bucketRemote({ ...bucket, get }, platform, settings),
      settings: { polls: false, pollDelayMs: 5, pollDelayMsMax: 5, sendDelayMs: 1 },
    });
    while (!b.confirmedState.pairs.has("x")) await platform.wait(5);
    while (b.sync.status.phase !== "idle") await platform.wait(5);
    const before = gets;
    await platform.wait(60);
    expect(gets).toBe(before);
    await b.do.put(put("y")).stored;
    await world.rollup();
    while (b.sync.status.pending > 0) await platform.wait(5);
    while (b.sync.status.phase !== "idle") await platform.wait(5);
    const after = gets;
    await platform.wait(60);
    expect(gets).toBe(after);
  });
});

describe("An action that the model refuses", () => {
  it("is told to its author at once and once, and to no listener anywhere", async () => {
    const told: RejectedAction[] = [];
    const heard: string[] = [];
    const a = world.open({ model: strictPairs(), onRejected: (one) => void told.push(one) });
    const b = world.open({ model: strictPairs(), onRejected: (one) => void told.push(one) });
    for (const store of [a, b]) store.on("put", ({ data }) => void heard.push(data.key));
    const { id } = a.do.put(put("x", "bad"));
    a.do.put(put("y"));
    await Promise.resolve();
    expect(told).toEqual([{ id, name: "put", reason: "too bad" }]);
    await a.sync.now();
    await b.sync.now();
    await world.rollup(strictPairs() as unknown as Model);
    await a.sync.now();
    await b.sync.now();
    expect([told.length, heard]).toEqual([1, ["y", "y"]]);
  });

  it("is told when others' work came before it", async () => {
    const told: string[] = [];
    const a = world.open({ model: seats });
    const b = world.open({ model: seats, onRejected: ({ reason }) => void told.push(reason) });
    await a.sync.now();
    await b.sync.now();
    a.do.take({ seat: "1", by: "anna" });
    await a.sync.now();
    // Of two in one millisecond the lower app id would come first.
    await pause();
    b.do.take({ seat: "1", by: "ben" });
    await Promise.resolve();
    expect([told, b.state.taken.get("1")?.by]).toEqual([[], "ben"]);
    await b.sync.now();
    expect([told, b.state.taken.get("1")?.by]).toEqual([["seat 1 is taken"], "anna"]);
  });

  it("costs no rows where who is told of it throws", async () => {
    const local = world.local();
    const errors: string[] = [];
    const a = world.open({ model: seats });
    const b = world.open({
      model: seats,
      local,
      settings: { tail: "hint", polls: false, sendDelayMs: 5 },
      onRejected: ({ reason }) => {
        throw new Error(`told of: ${reason}`);
      },
      onListenerError: (error) => void errors.push(String(error)),
    });
    await a.sync.now();
    await b.sync.now();
    for (const seat of ["1", "2"]) a.do.take({ seat, by: "anna" });
    await a.sync.now();
    await pause();
    for (const seat of ["1", "3"]) b.do.take({ seat, by: "ben" });
    while (b.outbox.list().some(({ at }) => at !== "stored")) await pause();
    await world.rollup(seats as unknown as Model);
    await b.sync.now();
    expect(errors).toEqual(["Error: told of: seat 1 is taken"]);
    await b.close();
    const again = world.open({ model: seats, local });
    await again.loaded;
    expect([...again.confirmedState.taken.keys()]).toEqual(["1", "2", "3"]);
    expect([again.outbox.list(), again.sync.status.cloned]).toEqual([[], false]);
  });

  it("is told to the tab that made it and to no listener, where another tab leads", async () => {
    const local = tabsLocal();
    const settings = { tail: "hint", polls: false, sendDelayMs: 1 } as const;
    const other = world.open({ model: seats });
    const told: string[] = [];
    const heard: string[] = [];
    const tabs = ["leader", "follower"].map((name) => {
      const onRejected = ({ reason }: RejectedAction) => void told.push(`${name}: ${reason}`);
      const store = world.open({ model: seats, local, settings, onRejected });
      store.on("take", ({ data }) => void heard.push(`${name}: ${data.by}`));
      return store;
    });
    const [leader, follower] = tabs as [(typeof tabs)[0], (typeof tabs)[0]];
    await leader.sync.now();
    await follower.sync.now();
    other.do.take({ seat: "1", by: "anna" });
    await other.sync.now();
    await pause();
    other.do.take({ seat: "1", by: "anna again" });
    await other.sync.now();
    await pause();
    follower.do.take({ seat: "1", by: "ben" });
    await follower.sync.now();
    await world.rollup(seats as unknown as Model);
    await follower.sync.now();
    while (follower.confirmedState.taken.size === 0) await pause();
    expect(told.sort()).toEqual(["follower: seat 1 is taken", "leader: seat 1 is taken"]);
    // Ben's showed before Anna's came.
    expect(heard.sort()).toEqual(["follower: anna", "follower: ben", "leader: anna", "leader: ben"]);
  });
});

describe("What is held back", () => {
  it("asks for nothing where nobody polls, and is edited as it is", async () => {
    const { calls, remote } = counted();
    const settings = { polls: false, pollDelayMs: 5, pollDelayMsMax: 5, sendDelayMs: 1 };
    const a = world.client({ remote, settings });
    await a.sync.now();
    const { id } = a.do.put(put("x"));
    a.outbox.hold(id);
    a.outbox.edit(id, put("y"));
    expect(a.outbox.list().map(({ at, action }) => [at, action.data])).toEqual([["held", put("y")]]);
    while (a.sync.status.phase !== "idle") await pause();
    await world.host.platform.wait(30);
    calls.length = 0;
    await world.host.platform.wait(60);
    expect([calls, a.sync.status.pending]).toEqual([[], 1]);
  });
});

describe("A quiet round that would push only what is valid", () => {
  it("reads the tail once, and first only where something is to be sent", async () => {
    const { calls, remote } = counted();
    const settings = { pollDelayMs: 1e6, pollDelayMsMax: 1e6, sendDelayMs: 1e6, sendDelayMsMax: 1e6 };
    const a = world.client({ remote, settings, pushOnlyWhileValid: true });
    await a.sync.now();
    calls.length = 0;
    await a.sync.now();
    expect(calls).toEqual(["get heads", "tail"]);
    calls.length = 0;
    a.do.put(put("x"));
    await a.sync.now();
    expect(calls.slice(0, 3)).toEqual(["get heads", "tail", "send"]);
  });
});

describe("Own work of a store's former life", () => {
  it("shows from the tail of the new one, to its author as to everybody", async () => {
    const { bucket } = world.host;
    const a = world.client();
    a.do.put(put("mine"));
    await a.sync.now();
    const raw = (await bucket.list("updates/")).objects.map(({ key }) => key);
    const bodies = await Promise.all(raw.map((key) => bucket.get(key)));
    await world.rollup();
    await a.sync.now();
    await bucket.delete((await bucket.list("")).objects.map(({ key }) => key));
    await pause();
    await createStore(world.host, world.store);
    for (const [i, body] of bodies.entries())
      if (body.is === "found")
        await bucket.putIfAbsent(raw[i] ?? "", {
          body: body.body,
          contentType: "application/json",
          cacheControl: "",
        });
    await a.sync.now();
    const b = world.client();
    await b.sync.now();
    expect([[...a.state.pairs.keys()], [...b.state.pairs.keys()]]).toEqual([["mine"], ["mine"]]);
  });
});
