/**
 * An unchanged Redux Toolkit reducer under the enhancer: one test per line of the lists that the project began with ("synchronizing on
 * startup", "synchronizing with updates", "persisting local updates"). `npm run test:redux`.
 */
import { configureStore, createSlice, type PayloadAction } from "@reduxjs/toolkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCountingBucket } from "../../bucket/counting.ts";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import type { Local } from "../../client/local/local.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { type IcecoreExtension, icecoreEnhancer } from "../../client/redux/index.ts";
import { bucketRemote } from "../../client/remote/bucket.ts";
import type { Remote } from "../../client/remote/remote.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { createStore, scanLog } from "../../shared/drive/store.ts";
import { reducerModel } from "../../shared/model/reducer.ts";
import { newSettings } from "../../shared/settings.ts";
import { parseUpdateKey, updatesPrefix } from "../../shared/wire/keys.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { testStoreId } from "../fixtures/store-host.ts";

interface Todo {
  readonly id: string;
  readonly text: string;
  readonly done: boolean;
}

/** As in any Redux Toolkit application; it knows nothing of icecore. */
const todos = createSlice({
  name: "todos",
  initialState: [] as Todo[],
  reducers: {
    added(state, { payload }: PayloadAction<{ id: string; text: string }>) {
      if (!state.some(({ id }) => id === payload.id)) state.push({ ...payload, done: false });
    },
    completed(state, { payload }: PayloadAction<string>) {
      const todo = state.find(({ id }) => id === payload);
      if (todo) todo.done = true;
    },
  },
});
const { added, completed } = todos.actions;

const platform = createNodePlatform();
const settings = newSettings({ graceMs: 0, backOffMinMs: 1, backOffMaxMs: 5, snapshotBytesMin: 1 });
const storeId = testStoreId("redux");

let memory: ReturnType<typeof createMemoryBucket>;
let remote: Remote;
let counting: ReturnType<typeof createCountingBucket>;
let network: { down: boolean };
let gets: string[];
const open: { icecore: { close(): Promise<void> } }[] = [];

beforeEach(async () => {
  memory = createMemoryBucket();
  await createStore({ bucket: memory, platform, settings }, storeId);
  counting = createCountingBucket(memory);
  network = { down: false };
  gets = [];
  const watched: typeof counting = {
    ...counting,
    get(key, options) {
      if (network.down) return Promise.reject(new Error("no network"));
      gets.push(key);
      return counting.get(key, options);
    },
    async putIfAbsent(key, content) {
      if (network.down) throw new Error("no network");
      return counting.putIfAbsent(key, content);
    },
  };
  remote = bucketRemote(watched, platform, settings);
});
afterEach(async () => {
  for (const { icecore } of open.splice(0)) await icecore.close();
});

function app(local: Local = memoryLocal()) {
  const store = configureStore({
    reducer: todos.reducer,
    enhancers: (defaults) =>
      defaults().concat(
        icecoreEnhancer<Todo[]>({ name: "todos", storeId, remote, local, platform, settings }),
      ),
  });
  const typed = store as typeof store & IcecoreExtension<Todo[]>;
  open.push(typed);
  return typed;
}

const model = reducerModel<Todo[]>({
  name: "todos",
  version: 1,
  initialState: [],
  reducer: (state, { type, payload }) => todos.reducer(state, { ...(payload as object), type }) as Todo[],
});

async function rollup(): Promise<void> {
  await platform.wait(5);
  await createRollup({ bucket: memory, platform, settings }, { store: storeId, model: model as never }).round(
    { hint: true },
  );
}

async function log(): Promise<readonly StampedUpdate[]> {
  const updates: StampedUpdate[] = [];
  await scanLog(
    { bucket: memory, platform, settings },
    { store: storeId, onRange: (range) => void updates.push(...range.updates) },
  );
  return updates;
}

async function raw(): Promise<readonly string[]> {
  return (await memory.list(updatesPrefix(storeId))).objects.map(({ key }) => key);
}

const textsOf = (store: ReturnType<typeof app>) => store.getState().map(({ text }) => text);
const todo = (id: string) => ({ id, text: `todo ${id}` });

/** Another instance of the app, somewhere else. */
async function elsewhere(...ids: readonly string[]): Promise<ReturnType<typeof app>> {
  const other = app();
  for (const id of ids) other.dispatch(added(todo(id)));
  await other.icecore.sync.now();
  return other;
}

describe("Synchronizing on startup", () => {
  it("On startup, need to load snapshot", async () => {
    await elsewhere("a", "b");
    await rollup();
    const store = app();
    await store.icecore.sync.now();
    expect(textsOf(store)).toEqual(["todo a", "todo b"]);
    expect(gets.some((key) => key.includes("-m1-"))).toBe(true);
  });

  it("Could also load new snapshot at any time, so need to handle that", async () => {
    const local = memoryLocal();
    const first = app(local);
    await first.icecore.sync.now();
    await first.icecore.close();
    const other = await elsewhere("a");
    for (let i = 0; i < 14; i++) {
      other.dispatch(added({ id: `x${i}`, text: "x".repeat(5_000) }));
      await other.icecore.sync.now();
      await rollup();
    }
    const second = app(local);
    second.dispatch(added(todo("mine")));
    await second.icecore.sync.now();
    expect(second.getState()).toHaveLength(16);
  });

  it("On startup, create redux store and start app straight away - don't wait for snapshot to load", () => {
    const store = app();
    expect(store.getState()).toEqual([]);
    store.dispatch(added(todo("a")));
    expect(textsOf(store)).toEqual(["todo a"]);
  });

  it("Load_snapshot action returns new state like other actions, but it is a completely new state from the snapshot", async () => {
    await elsewhere("a");
    await rollup();
    const store = app();
    const states: unknown[] = [];
    store.subscribe(() => states.push(store.getState()));
    await store.icecore.sync.now();
    expect(states.at(-1)).toEqual([{ ...todo("a"), done: false }]);
  });

  it("A findLatestSnapshot function returns a promise, used to dispatch load_snapshot to the redux store", async () => {
    await elsewhere("a");
    await rollup();
    const store = app();
    await expect(store.icecore.sync.now()).resolves.toBeUndefined();
    expect(textsOf(store)).toEqual(["todo a"]);
  });

  it("Store time of latest snapshot loaded into store, clear remote updates applied", async () => {
    await elsewhere("a");
    await rollup();
    const store = app();
    await store.icecore.sync.now();
    expect(store.icecore.sync.status.position).toBe((await log()).at(-1)?.timestamp);
  });

  it("Fetch remote updates, each of which may contain multiple actions", async () => {
    await elsewhere("a", "b", "c");
    expect(await raw()).toHaveLength(1);
    const store = app();
    await store.icecore.sync.now();
    expect(textsOf(store)).toEqual(["todo a", "todo b", "todo c"]);
  });

  it("Find actions after snapshot time AND not already applied, and dispatch to store", async () => {
    const other = await elsewhere("a");
    await rollup();
    other.dispatch(added(todo("b")));
    await other.icecore.sync.now();
    const store = app();
    await store.icecore.sync.now();
    await store.icecore.sync.now();
    expect(textsOf(store)).toEqual(["todo a", "todo b"]);
  });

  it("Store ids of update actions applied to store", async () => {
    const other = await elsewhere("a");
    const store = app();
    await store.icecore.sync.now();
    const told: string[] = [];
    store.icecore.on("todos/added" as never, ({ id }: { id: string }) => told.push(id));
    other.dispatch(added(todo("b")));
    await other.icecore.sync.now();
    await store.icecore.sync.now();
    await rollup();
    await store.icecore.sync.now();
    expect(told).toHaveLength(1);
  });

  it("If remote store unavailable, load snapshot and updates from local store", async () => {
    await elsewhere("a");
    await rollup();
    const local = memoryLocal();
    const first = app(local);
    await first.icecore.sync.now();
    await first.icecore.close();
    network.down = true;
    const second = app(local);
    await second.icecore.loaded;
    expect(textsOf(second)).toEqual(["todo a"]);
  });

  it("Also load actions from local store not stored in updates yet", async () => {
    network.down = true;
    const local = memoryLocal();
    const first = app(local);
    first.dispatch(added(todo("a")));
    await first.icecore.close();
    const second = app(local);
    await second.icecore.loaded;
    expect(textsOf(second)).toEqual(["todo a"]);
  });

  it("Store snapshot and updates in local store", async () => {
    await elsewhere("a");
    await rollup();
    const local = memoryLocal();
    const store = app(local);
    await store.icecore.sync.now();
    await store.icecore.close();
    const rows = await (await local.open(storeId)).load();
    expect([...rows.keys()]).toEqual(expect.arrayContaining(["app", "base", "place"]));
  });

  it("Find local updates not already applied, and dispatch to store and store ids", async () => {
    const local = memoryLocal();
    const first = app(local);
    first.dispatch(added(todo("a")));
    await first.icecore.sync.now();
    await first.icecore.close();
    network.down = true;
    const second = app(local);
    await second.icecore.loaded;
    expect(textsOf(second)).toEqual(["todo a"]);
    expect(second.icecore.outbox.list().map(({ at }) => at)).toEqual(["stored"]);
  });
});

describe("Synchronizing with updates", () => {
  it("Repeat above procedure at regular intervals", async () => {
    const store = app();
    await store.icecore.sync.now();
    await elsewhere("a");
    await expect.poll(() => textsOf(store), { timeout: 10_000 }).toEqual(["todo a"]);
  });

  it("Only load snapshots later than one loaded at startup", async () => {
    await elsewhere("a");
    await rollup();
    const store = app();
    await store.icecore.sync.now();
    const snapshots = () => gets.filter((key) => key.startsWith("snapshots/")).length;
    const before = snapshots();
    await store.icecore.sync.now();
    await store.icecore.sync.now();
    expect(snapshots()).toBe(before);
  });

  it("Only load updates not already applied", async () => {
    await elsewhere("a");
    gets.length = 0;
    const store = app();
    await store.icecore.sync.now();
    await store.icecore.sync.now();
    await store.icecore.sync.now();
    expect(gets.filter((key) => parseUpdateKey(key))).toHaveLength(1);
  });

  it("Remote store should be given ids of updates needed so it doesn't download ones already stored locally", async () => {
    const other = await elsewhere("a");
    const local = memoryLocal();
    const first = app(local);
    await first.icecore.sync.now();
    await rollup();
    await first.icecore.sync.now();
    await first.icecore.close();
    gets.length = 0;
    const second = app(local);
    await second.icecore.sync.now();
    expect(gets.filter((key) => !key.startsWith("heads/"))).toEqual([]);
    other.dispatch(completed("a"));
    await other.icecore.sync.now();
    await rollup();
    await second.icecore.sync.now();
    expect(second.getState()[0]?.done).toBe(true);
  });

  it("Remote store should be able to get ids of updates available so old ones stored locally can be removed", async () => {
    const local = memoryLocal();
    const store = app(local);
    await store.icecore.sync.now();
    const other = await elsewhere("a");
    for (let i = 0; i < 14; i++) {
      other.dispatch(added({ id: `x${i}`, text: "x".repeat(40_000) }));
      await other.icecore.sync.now();
      await rollup();
      await store.icecore.sync.now();
    }
    await store.icecore.close();
    const rows = await (await local.open(storeId)).load();
    expect([...rows.keys()].filter((key) => key.startsWith("range/")).length).toBeLessThan(14);
    expect(rows.has("base")).toBe(true);
  });

  it("Remote store should return updates requested in time order", async () => {
    const other = await elsewhere("a");
    other.dispatch(completed("a"));
    await other.icecore.sync.now();
    await rollup();
    const stamps = (await log()).map(({ timestamp }) => timestamp);
    expect(stamps).toEqual([...stamps].sort((a, b) => a - b));
    const store = app();
    await store.icecore.sync.now();
    expect(store.getState()).toEqual([{ ...todo("a"), done: true }]);
  });

  it("Don't remove old updates until all new ones downloaded, or may be missing data if go offline", async () => {
    const local = memoryLocal();
    const first = app(local);
    first.dispatch(added(todo("a")));
    await first.icecore.sync.now();
    await rollup();
    await first.icecore.sync.now();
    const other = await elsewhere("b");
    await rollup();
    await other.icecore.sync.now();
    network.down = true;
    await first.icecore.sync.now().catch(() => undefined);
    await first.icecore.close();
    const second = app(local);
    await second.icecore.loaded;
    expect(textsOf(second)).toEqual(["todo a"]);
  });

  it("Don't need to load local updates or actions as should already be applied", async () => {
    const store = app();
    store.dispatch(added(todo("a")));
    const seen = store.getState();
    await store.icecore.sync.now();
    expect(textsOf(store)).toEqual(["todo a"]);
    expect(store.getState()).toEqual(seen);
    expect(gets.filter((key) => parseUpdateKey(key)).length).toBeLessThanOrEqual(1);
  });
});

describe("Persisting local updates", () => {
  it("See consistency rules above", async () => {
    const [one, two] = [app(), app()];
    one.dispatch(added(todo("a")));
    two.dispatch(added(todo("a")));
    for (const store of [one, two, one]) await store.icecore.sync.now();
    expect(textsOf(one)).toEqual(["todo a"]);
  });

  it("All local actions need to be stored locally when they are applied to the store", async () => {
    const local = memoryLocal();
    network.down = true;
    const store = app(local);
    await store.icecore.loaded;
    store.dispatch(added(todo("a")));
    await store.icecore.close();
    const rows = await (await local.open(storeId)).load();
    expect([...rows.keys()].filter((key) => key.startsWith("action/"))).toHaveLength(1);
  });

  it("Local actions need to be given an id immediately", () => {
    network.down = true;
    const store = app();
    store.dispatch(added(todo("a")));
    expect(store.icecore.outbox.list()[0]?.action.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it("Store local action ids so not re-applied when come through as remote updates", async () => {
    const store = app();
    store.dispatch({ type: "todos/added", payload: todo("a") });
    await store.icecore.sync.now();
    await rollup();
    await store.icecore.sync.now();
    expect(textsOf(store)).toEqual(["todo a"]);
    expect(store.icecore.confirmedState).toEqual(store.getState());
  });

  it("At intervals, look for local updates and send to remote store", async () => {
    const store = app();
    await store.icecore.sync.now();
    store.dispatch(added(todo("a")));
    await expect.poll(raw, { timeout: 10_000 }).toHaveLength(1);
  });

  it("Don't delete immediately, because if went offline and refreshed at that point, would not see local updates", async () => {
    const local = memoryLocal();
    const first = app(local);
    first.dispatch(added(todo("a")));
    await first.icecore.sync.now();
    network.down = true;
    await first.icecore.close();
    const second = app(local);
    await second.icecore.loaded;
    expect(textsOf(second)).toEqual(["todo a"]);
  });

  it("Delete local updates when see the ids come back in a remote update", async () => {
    const store = app();
    store.dispatch(added(todo("a")));
    await store.icecore.sync.now();
    expect(store.icecore.sync.status.pending).toBe(1);
    await rollup();
    await store.icecore.sync.now();
    expect(store.icecore.sync.status.pending).toBe(0);
  });

  it("What if: went offline after sending local updates, didn't come back on until after remote updates folded in to a snapshot?", async () => {
    const local = memoryLocal();
    const first = app(local);
    first.dispatch(added(todo("mine")));
    await first.icecore.sync.now();
    await first.icecore.close();
    const other = await elsewhere("a");
    for (let i = 0; i < 30; i++) {
      other.dispatch(added({ id: `x${i}`, text: "x".repeat(5_000) }));
      await other.icecore.sync.now();
      await rollup();
    }
    const second = app(local);
    await second.icecore.sync.now();
    expect(second.icecore.sync.status).toMatchObject({ pending: 0, dead: 0 });
    expect(textsOf(second).filter((text) => text === "todo mine")).toHaveLength(1);
  });

  it("Give local updates a timestamp when confirmed received by server", async () => {
    const store = app();
    store.dispatch(added(todo("a")));
    await store.icecore.sync.now();
    expect(store.icecore.outbox.list().map(({ at }) => at)).toEqual(["stored"]);
  });

  it("If get a snapshot later than that time, delete them", async () => {
    const local = memoryLocal();
    const first = app(local);
    first.dispatch(added(todo("mine")));
    await first.icecore.sync.now();
    await first.icecore.close();
    await rollup();
    const second = app(local);
    await second.icecore.sync.now();
    expect(second.icecore.outbox.list()).toEqual([]);
  });

  it("Ok if send same update twice, as would just overwrite the first one - so long as updates are immutable everywhere", async () => {
    const store = app();
    store.dispatch(added(todo("a")));
    await store.icecore.sync.now();
    const [key = ""] = await raw();
    const found = parseUpdateKey(key);
    const body = await memory.get(key);
    if (!found || body.is !== "found") throw new Error("nothing was stored");
    const later = key.replace(
      /\d{3}Z/,
      (ms) => `${String((Number(ms.slice(0, 3)) + 1) % 1_000).padStart(3, "0")}Z`,
    );
    await memory.putIfAbsent(later, { body: body.body, contentType: "application/json", cacheControl: "" });
    await platform.wait(1_100);
    await rollup();
    await store.icecore.sync.now();
    expect((await log()).flatMap(({ actions }) => actions)).toHaveLength(1);
    expect(textsOf(store)).toEqual(["todo a"]);
  });

  it("Do not create updates over and over for the same actions", async () => {
    const store = app();
    store.dispatch(added(todo("a")));
    for (let i = 0; i < 4; i++) await store.icecore.sync.now();
    expect(await raw()).toHaveLength(1);
  });

  it("Once actions stored locally in an update, remove them from actions store", async () => {
    const local = memoryLocal();
    const store = app(local);
    store.dispatch(added(todo("a")));
    await store.icecore.sync.now();
    await store.icecore.close();
    const rows = [...(await (await local.open(storeId)).load()).keys()];
    expect(rows.filter((key) => key.startsWith("action/"))).toEqual([]);
    expect(rows.filter((key) => key.startsWith("update/"))).toHaveLength(1);
  });

  it("Need to know when local updates sent to stop sending again BUT need to retry if come on line again - maybe mark update as new, sent or received", async () => {
    const store = app();
    await store.icecore.sync.now();
    network.down = true;
    store.dispatch(added(todo("a")));
    await store.icecore.sync.now().catch(() => undefined);
    expect(store.icecore.outbox.list().map(({ at }) => at)).toEqual(["sent"]);
    network.down = false;
    await store.icecore.sync.now();
    expect(store.icecore.outbox.list().map(({ at }) => at)).toEqual(["stored"]);
    expect(await raw()).toHaveLength(1);
  });

  it("AND the update timestamp needs to be set when stored", async () => {
    const store = app();
    const before = Date.now();
    store.dispatch(added(todo("a")));
    await store.icecore.sync.now();
    const timestamp = parseUpdateKey((await raw())[0] ?? "")?.timestamp ?? 0;
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(Date.now() + 5_000);
  });
});
