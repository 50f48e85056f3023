/** What a client made is shown from the call on and in this order, at every moment at which anybody looks. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openStore } from "../../../client/open-store.ts";
import type { ClientSettings } from "../../../client/settings.ts";
import type { Store } from "../../../client/store.ts";
import { createRollup } from "../../../shared/drive/rollup.ts";
import { defineModel, table } from "../../../shared/index.ts";
import type { Model } from "../../../shared/model/model.ts";
import { newSettings, type Settings } from "../../../shared/settings.ts";
import {
  entriesModel,
  entrySchema,
  type OwnEntriesOptions,
  playOwnEntries,
} from "../../fixtures/own-entries.ts";
import { testStoreId } from "../../fixtures/store-host.ts";
import { createTimelineWorld, type TimelineWorld } from "../../fixtures/timeline-world.ts";

const faults = {
  requestLost: 0.05,
  answerLost: 0.08,
  answerLate: 0.08,
  unavailable: 0.03,
  sentTwice: 0.05,
  sentLate: 0.03,
  later: 0.03,
};

describe("What a client made", () => {
  it.each([
    ["a bucket", { way: "bucket" }],
    ["a bucket, without snapshots", { way: "bucket", snapshots: false }],
    ["a server", { way: "http" }],
    ["a server, without snapshots", { way: "http", snapshots: false }],
  ] as const satisfies readonly (readonly [string, Omit<OwnEntriesOptions, "seed">])[])(
    "never vanishes for a moment and never shows again, over %s, in any schedule",
    async (_, options) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, calm) => {
          const report = await playOwnEntries({
            seed,
            forMs: 10_000,
            faults: calm ? {} : faults,
            ...options,
          });
          expect(report.flickers).toEqual([]);
          expect(report.looks).toBeGreaterThan(100);
          expect(report).toMatchObject({ pending: 0, dead: 0, logged: report.made });
        }),
        { numRuns: 3 },
      );
    },
  );
});

type Entries = Store<typeof entriesModel>;

function open(world: TimelineWorld, settings: Partial<ClientSettings> = {}, model = entriesModel): Entries {
  const { platform } = world.clock;
  const store = openStore({ model, storeId: "main", remote: world.remote, platform, settings });
  return store;
}

/** Each state of `entries` that a listener was told of and that differs from the one before. */
function watched(store: Entries): string[] {
  const shown: string[] = [];
  store.subscribe(() => {
    const now = [...store.state.entries].map(([key, { times }]) => `${key}${times}`).join();
    if (shown.at(-1) !== now) shown.push(now);
  });
  return shown;
}

function rollupOf(world: TimelineWorld, changes: Partial<Settings> = {}, canList = true) {
  const host = {
    bucket: canList ? world.bucket : { ...world.bucket, list: () => Promise.reject(new Error("power cut")) },
    platform: { ...world.clock.platform, now: world.serverNow },
    settings: newSettings(changes),
  };
  return createRollup(host, { store: testStoreId("main"), model: entriesModel as unknown as Model<unknown> });
}

/** A rollup that ends between its seal and its segment. Seals what is older than two seconds. */
async function seal(world: TimelineWorld): Promise<void> {
  await expect(rollupOf(world, {}, false).round({ hint: true })).rejects.toThrow("power cut");
}

describe("While a seal hides an earlier update from the tail", () => {
  it("an entry that a later update removed stays away", async () => {
    const world = await createTimelineWorld();
    const store = open(world);
    await world.clock.advance(1_000);
    const shown = watched(store);
    store.do.add({ key: "a" });
    await world.clock.advance(3_000);
    store.do.remove({ key: "a" });
    await world.clock.advance(1_500);
    await seal(world);
    await world.clock.advance(10_000);
    expect(shown).toEqual(["a0", ""]);
    expect(store.sync.status).toMatchObject({ pending: 2, phase: "idle" });
    await world.rollup();
    await world.clock.advance(60_000);
    expect([shown, store.sync.status.pending]).toEqual([["a0", ""], 0]);
    await store.close();
  });

  it("its entry is there when somebody is told of another app's", async () => {
    const world = await createTimelineWorld();
    const [store, other] = [open(world), open(world)];
    await world.clock.advance(1_000);
    store.do.add({ key: "mine" });
    await world.clock.advance(3_000);
    const seen: string[][] = [];
    store.on("add", ({ origin }) => {
      if (origin === "remote") seen.push([...store.state.entries.keys()]);
    });
    other.do.add({ key: "theirs" });
    await world.clock.advance(500);
    await seal(world);
    await world.clock.advance(5_000);
    expect(seen).toEqual([["mine", "theirs"]]);
    await Promise.all([store.close(), other.close()]);
  });
});

describe("An action that takes effect each time it is applied", () => {
  it("is shown once while the tail is asked for after its publication", async () => {
    const world = await createTimelineWorld();
    const store = open(world, { tail: "hint", pollDelayMs: 60_000 });
    await world.clock.advance(1_000);
    store.do.add({ key: "a" });
    store.do.raise({ key: "a" });
    await world.clock.advance(5_000);
    await world.rollup();
    world.remote.once("answerLate", { of: "tail", lateMs: 5_000 });
    store.sync.wake("hint");
    await world.clock.advance(1_000);
    expect(store.sync.status).toMatchObject({ phase: "syncing", pending: 0 });
    expect([...store.state.entries]).toEqual([["a", { times: 1 }]]);
    await world.clock.advance(10_000);
    await store.close();
  });

  it("is shown once where a snapshot brings it back, before the marks tell", async () => {
    const world = await createTimelineWorld();
    const store = open(world, { tail: "hint", pollDelayMs: 60_000 });
    await world.clock.advance(1_000);
    const shown = watched(store);
    store.do.add({ key: "a" });
    store.do.raise({ key: "a" });
    await world.clock.advance(5_000);
    const rollup = rollupOf(world, { snapshotBytesMin: 1 });
    expect((await rollup.round({ hint: true })).jobs).toContain("snapshot");
    store.sync.wake("hint");
    await world.clock.advance(1_000);
    expect(shown).toEqual(["a0", "a1"]);
    expect(store.sync.status.pending).toBe(0);
    await store.close();
  });
});

describe("Another app's action", () => {
  it("is in the state when its listener is called, where the log brings it and no tail did", async () => {
    const world = await createTimelineWorld();
    const [store, other] = [open(world, { tail: "hint" }), open(world)];
    const seen: boolean[] = [];
    store.on("add", ({ data }) => seen.push(store.state.entries.has(data.key)));
    await world.clock.advance(1_000);
    other.do.add({ key: "theirs" });
    await world.clock.advance(5_000);
    expect(seen).toEqual([]);
    await world.rollup();
    await world.clock.advance(60_000);
    expect(seen).toEqual([true]);
    await Promise.all([store.close(), other.close()]);
  });
});

describe("Behind an update of a newer model in the tail", () => {
  const newer = defineModel({
    name: "entries",
    version: 2,
    state: { entries: table<{ readonly times: number }>() },
    migrate: { 1: (state: unknown) => state as never },
    actions: (action) => ({
      add: action(entrySchema, (state, { key }) => {
        state.entries.addIfAbsent(key, { times: 9 });
      }),
    }),
  });

  it("the own entry of an app that cannot read it stays", async () => {
    const world = await createTimelineWorld();
    const store = open(world);
    const other = open(world, {}, newer as never);
    await world.clock.advance(1_000);
    const shown = watched(store);
    other.do.add({ key: "theirs" });
    await world.clock.advance(1_000);
    store.do.add({ key: "mine" });
    await world.clock.advance(5_000);
    expect(shown).toEqual(["", "mine0"]);
    await Promise.all([store.close(), other.close()]);
  });
});
