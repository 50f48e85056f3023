/**
 * An unchanged Redux Toolkit reducer under the enhancer: one test per line of the lists that the project began with ("synchronizing on
 * startup", "synchronizing with updates", "persisting local updates"). `npm run test:redux`.
 */
import { configureStore, createSlice, type PayloadAction } from "@reduxjs/toolkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import type { Local } from "../../client/local/local.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { type IcecoreExtension, icecoreEnhancer } from "../../client/redux/index.ts";
import { bucketRemote } from "../../client/remote/bucket.ts";
import type { Remote } from "../../client/remote/remote.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { createStore, readStoreHead, scanLog } from "../../shared/drive/store.ts";
import { reducerModel } from "../../shared/model/reducer.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { newSettings } from "../../shared/settings.ts";
import { type BuiltKind, parseBuiltKey, parseUpdateKey, updatesPrefix } from "../../shared/wire/keys.ts";
import { formatTimestamp, type Timestamp } from "../../shared/wire/time.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { readJson } from "../fixtures/edit-objects.ts";
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
/** Snapshots are made often, and what a segment holds is in no head: what is read is seen as GETs. */
const settings = newSettings({
  graceMs: 0,
  backOffMinMs: 1,
  backOffMaxMs: 5,
  snapshotBytesMin: 1,
  inlineBytesMax: 1,
});
const storeId = testStoreId("redux");

/** A way to the bucket that can be cut, and what was read over it. */
interface Line {
  down: boolean;
  /** How many GETs of anything but the head still come through. */
  left: number;
  readonly gets: string[];
  readonly remote: Remote;
}

let memory: ReturnType<typeof createMemoryBucket>;
let network: Line;
let gets: string[];
/** Of everybody else. */
let elsewhereLine: Line;
const open: { icecore: { close(): Promise<void> } }[] = [];

beforeEach(async () => {
  memory = createMemoryBucket();
  await createStore({ bucket: memory, platform, settings }, storeId);
  network = createLine();
  gets = network.gets;
  elsewhereLine = createLine();
});

function createLine(): Line {
  const noNetwork = () => new Error("no network");
  const watched: Bucket = {
    ...memory,
    async get(key, options) {
      if (line.down) throw noNetwork();
      if (parseBuiltKey(key) && line.left-- <= 0) throw noNetwork();
      line.gets.push(key);
      return memory.get(key, options);
    },
    async putIfAbsent(key, content) {
      if (line.down) throw noNetwork();
      return memory.putIfAbsent(key, content);
    },
  };
  const remote = bucketRemote(watched, platform, settings);
  const line: Line = { down: false, left: Number.POSITIVE_INFINITY, gets: [], remote };
  return line;
}

afterEach(async () => {
  for (const { icecore } of open.splice(0)) await icecore.close();
});

function app(local: Local = memoryLocal(), { remote }: Line = network) {
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

/** A rollup without the model: what waits is published, in a segment, and no snapshot made. */
async function publish(): Promise<void> {
  await platform.wait(5);
  await createRollup({ bucket: memory, platform, settings }, { store: storeId }).round({ hint: true });
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

/** The keys of this kind that were read, in order. */
const read = (kind: BuiltKind) => gets.filter((key) => parseBuiltKey(key)?.kind === kind);
const throughOf = (key: string | undefined): number => parseBuiltKey(key ?? "")?.through ?? Number.NaN;

async function latestSnapshot(): Promise<string> {
  const { head } = await readStoreHead({ bucket: memory, platform, settings }, storeId);
  const { key } = head.snapshots[1] ?? {};
  if (key === undefined) throw new Error("there is no snapshot");
  return key;
}

/** What was read of the log lies after the snapshot: what the snapshot holds came out of it alone. */
function expectFromSnapshot(key: string): void {
  expect(read("snapshots").at(-1)).toBe(key);
  for (const segment of read("segments")) expect(throughOf(segment)).toBeGreaterThan(throughOf(key));
}

async function rowsOf(local: Local): Promise<ReadonlyMap<string, string>> {
  const rows = await local.open(storeId);
  const all = await rows.load();
  await rows.close();
  return all;
}

async function copyOf(local: Local): Promise<Local> {
  const copy = memoryLocal();
  const rows = await copy.open(storeId);
  await rows.commit({ put: await rowsOf(local), delete: [] });
  await rows.close();
  return copy;
}

/** Another instance of the app, somewhere else. */
async function elsewhere(...ids: readonly string[]): Promise<ReturnType<typeof app>> {
  const other = app(memoryLocal(), elsewhereLine);
  for (const id of ids) other.dispatch(added(todo(id)));
  await other.icecore.sync.now();
  return other;
}

/** Todos x0 … x13 in as many segments, and so much besides that a snapshot weighs less than they do. Gives the newest one's key. */
async function muchElsewhere(): Promise<string> {
  const other = await elsewhere();
  for (let i = 0; i < 14; i++) {
    other.dispatch(added(todo(`x${i}`)));
    other.dispatch(added({ id: "large", text: "x".repeat(5_000) }));
    await other.icecore.sync.now();
    await rollup();
  }
  return latestSnapshot();
}
const manyIds = [...Array.from({ length: 14 }, (_, i) => `x${i}`), "large"];
const idsOf = (store: ReturnType<typeof app>) => store.getState().map(({ id }) => id);

describe("Synchronizing on startup", () => {
  it("On startup, need to load snapshot", async () => {
    await elsewhere("a", "b");
    await rollup();
    const store = app();
    await store.icecore.sync.now();
    expect(textsOf(store)).toEqual(["todo a", "todo b"]);
    expect(read("snapshots")).toEqual([await latestSnapshot()]);
    expect(read("segments")).toEqual([]);
  });

  it("Could also load new snapshot at any time, so need to handle that", async () => {
    await elsewhere("a");
    await rollup();
    const store = app();
    await store.icecore.sync.now();
    const first = await latestSnapshot();
    network.down = true;
    store.dispatch(added(todo("mine")));
    const later = await muchElsewhere();
    network.down = false;
    await store.icecore.sync.now();
    expect(read("snapshots")).toEqual([first, later]);
    expect(idsOf(store).sort()).toEqual(["a", "mine", ...manyIds].sort());
    expect(store.icecore.outbox.list().map(({ at }) => at)).toEqual(["stored"]);
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
    await store.icecore.sync.now();
    network.down = true;
    const snapshot = await muchElsewhere();
    gets.length = 0;
    const states: (readonly Todo[])[] = [];
    store.subscribe(() => states.push(store.getState()));
    network.down = false;
    await store.icecore.sync.now();
    expectFromSnapshot(snapshot);
    const whole = await readJson({ bucket: memory, platform, settings }, snapshot);
    // From one todo to all that the snapshot holds, in one step.
    expect(states[0]).toEqual(whole.state);
    expect(whole.state).toHaveLength(states.at(-1)?.length ?? 0);
    expect(idsOf(store).sort()).toEqual(["a", ...manyIds].sort());
  });

  it("A findLatestSnapshot function returns a promise, used to dispatch load_snapshot to the redux store", async () => {
    await elsewhere("a");
    await rollup();
    const early = await latestSnapshot();
    const latest = await muchElsewhere();
    expect(throughOf(latest)).toBeGreaterThan(throughOf(early));
    const store = app();
    const found = store.icecore.sync.now();
    expect(store.getState()).toEqual([]);
    await expect(found).resolves.toBeUndefined();
    expect(read("snapshots")).toEqual([latest]);
    expectFromSnapshot(latest);
    expect(idsOf(store).sort()).toEqual(["a", ...manyIds].sort());
  });

  it("Store time of latest snapshot loaded into store, clear remote updates applied", async () => {
    const local = memoryLocal();
    const other = await elsewhere("a");
    await rollup();
    const first = app(local);
    await first.icecore.sync.now();
    network.down = true;
    other.dispatch(added(todo("b")));
    await other.icecore.sync.now();
    await publish();
    network.down = false;
    await first.icecore.sync.now();
    await first.icecore.close();
    const rangesOf = (rows: ReadonlyMap<string, string>) =>
      [...rows].filter(([key]) => key.startsWith("range/")).map(([, text]) => JSON.parse(text).through);
    expect(rangesOf(await rowsOf(local))).toHaveLength(1);

    const snapshot = await muchElsewhere();
    const time = formatTimestamp(throughOf(snapshot) as Timestamp);
    gets.length = 0;
    const second = app(local);
    await second.icecore.sync.now();
    expectFromSnapshot(snapshot);
    expect(second.icecore.sync.status.position).toBe((await log()).at(-1)?.timestamp);
    await second.icecore.close();
    const rows = await rowsOf(local);
    expect(JSON.parse(rows.get("base") ?? "{}").through).toBe(time);
    for (const through of rangesOf(rows)) expect(through > time).toBe(true);
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
    await expect.poll(() => textsOf(store)).toEqual(["todo a"]);
  });

  it("Only load snapshots later than one loaded at startup", async () => {
    await elsewhere("a");
    await rollup();
    const first = await latestSnapshot();
    const store = app();
    for (let i = 0; i < 3; i++) await store.icecore.sync.now();
    expect(read("snapshots")).toEqual([first]);
    network.down = true;
    const later = await muchElsewhere();
    network.down = false;
    for (let i = 0; i < 3; i++) await store.icecore.sync.now();
    expect(read("snapshots")).toEqual([first, later]);
    expect(throughOf(later)).toBeGreaterThan(throughOf(first));
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
    await rollup();
    const local = memoryLocal();
    const first = app(local);
    await first.icecore.sync.now();
    other.dispatch(added(todo("b")));
    await other.icecore.sync.now();
    await publish();
    await first.icecore.sync.now();
    await first.icecore.close();
    expect(textsOf(first)).toEqual(["todo a", "todo b"]);
    const objects = () => gets.filter((key) => !key.startsWith("heads/"));
    gets.length = 0;
    const second = app(local);
    await second.icecore.sync.now();
    expect(objects()).toEqual([]);

    network.down = true;
    other.dispatch(completed("a"));
    await other.icecore.sync.now();
    await publish();
    network.down = false;
    await second.icecore.sync.now();
    const { head } = await readStoreHead({ bucket: memory, platform, settings }, storeId);
    expect(objects()).toEqual([head.segments.at(-1)?.key]);
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
    first.dispatch(added(todo("mine")));
    await first.icecore.sync.now();
    const other = await elsewhere("a");
    await rollup();
    await first.icecore.sync.now();
    await first.icecore.close();
    const snapshot = await muchElsewhere();
    for (const id of ["y", "z"]) {
      other.dispatch(added(todo(id)));
      await other.icecore.sync.now();
      await publish();
    }

    // Cut before each of the downloads in turn, and off line after that: what was there is there.
    let whole = false;
    let left = 0;
    for (; !whole; left++) {
      const copy = await copyOf(local);
      Object.assign(network, { down: false, left });
      gets.length = 0;
      const online = app(copy);
      whole = await online.icecore.sync.now().then(
        () => true,
        () => false,
      );
      network.down = true;
      await online.icecore.close();
      const offline = app(copy);
      await offline.icecore.loaded;
      expect(idsOf(offline)).toEqual(expect.arrayContaining(["mine", "a"]));
      if (whole) expect(idsOf(offline).sort()).toEqual(["a", "mine", "y", "z", ...manyIds].sort());
    }
    expectFromSnapshot(snapshot);
    expect(read("segments").length).toBeGreaterThanOrEqual(2);
    expect(left).toBe(1 + gets.filter((key) => parseBuiltKey(key)).length);
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
    await expect.poll(raw).toHaveLength(1);
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
    const [mine = ""] = await raw();
    const sent = parseUpdateKey(mine);
    const snapshot = await muchElsewhere();
    expect(throughOf(snapshot)).toBeGreaterThan(sent?.timestamp ?? Number.NaN);
    gets.length = 0;
    const second = app(local);
    await second.icecore.loaded;
    expect(second.icecore.outbox.list().map(({ at }) => at)).toEqual(["stored"]);
    await second.icecore.sync.now();
    // No update was read that would show its id: the snapshot holds what it did, and the marks say so.
    expectFromSnapshot(snapshot);
    expect(read("marks")).toHaveLength(1);
    expect(second.icecore.sync.status).toMatchObject({ pending: 0, dead: 0 });
    expect(textsOf(second).filter((text) => text === "todo mine")).toHaveLength(1);
    expect((await log()).filter(({ app }) => app === sent?.app)).toHaveLength(1);
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
    const stored = parseUpdateKey((await raw())[0] ?? "")?.timestamp ?? Number.NaN;
    const updatesOf = (rows: ReadonlyMap<string, string>) =>
      [...rows.keys()].filter((key) => key.startsWith("update/"));
    expect(updatesOf(await rowsOf(local))).toHaveLength(1);
    await rollup();
    const snapshot = await latestSnapshot();
    expect(throughOf(snapshot)).toBeGreaterThanOrEqual(stored);
    gets.length = 0;
    const second = app(local);
    await second.icecore.sync.now();
    expect(read("snapshots")).toEqual([snapshot]);
    expect(read("segments")).toEqual([]);
    expect(second.icecore.outbox.list()).toEqual([]);
    expect(textsOf(second)).toEqual(["todo mine"]);
    await second.icecore.close();
    expect(updatesOf(await rowsOf(local))).toEqual([]);
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
