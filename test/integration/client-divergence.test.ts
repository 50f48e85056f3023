/** A client whose state or log is not the bucket's: it heals by itself in one round; a bucket that is damaged itself takes nothing from it. */
import { describe, expect, it } from "vitest";
import type { Local } from "../../client/local/local.ts";
import { memoryLocal } from "../../client/local/memory.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Model } from "../../shared/model/model.ts";
import { newSettings } from "../../shared/settings.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { encodeSegment, hashLog, parseSegment, type Segment } from "../../shared/wire/segment.ts";
import { editJson, readJson, writeJson } from "../fixtures/edit-objects.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { createTimelineWorld, type PairsStore, type TimelineWorld } from "../fixtures/timeline-world.ts";

const store = testStoreId("main");
const minuteMs = 60_000;
/** Rounds when the test asks for them, and no tail. */
const still = { settings: { tail: "hint", pollDelayMs: minuteMs, retryDelayMs: minuteMs } } as const;
const keysOf = ({ state }: PairsStore) => [...state.pairs.keys()].join();

function hostOf(world: TimelineWorld): Host {
  return { bucket: world.bucket, platform: world.clock.platform, settings: newSettings() };
}

/** A client that has `a` from the log, with its storage; it runs on. */
async function createReader() {
  const world = await createTimelineWorld();
  const local = memoryLocal();
  const reader = world.open({ local, ...still });
  await world.clock.advance(1_000);
  world.put(reader, "a");
  await world.clock.advance(5_000);
  await world.rollup();
  await world.clock.advance(minuteMs);
  expect([reader.sync.status.pending, [...reader.confirmedState.pairs.keys()]]).toEqual([0, ["a"]]);
  return { world, local, reader };
}

async function editRow(local: Local, key: string, change: (row: JsonObject) => JsonObject): Promise<void> {
  const rows = await local.open(store);
  const row = JSON.parse((await rows.load()).get(key) ?? "") as JsonObject;
  await rows.commit({ put: new Map([[key, JSON.stringify(change(row))]]), delete: [] });
  await rows.close();
}

/** Another app's update, published as the newest segment. */
async function publish(world: TimelineWorld, key: string): Promise<void> {
  const other = world.open({ notes: false, ...still });
  world.put(other, key);
  await world.clock.advance(5_000);
  await world.rollup();
  await other.close();
}

/** The newest segment, listed and inline, goes on from another log than the one before it. Gives what puts it right. */
async function breakChain(world: TimelineWorld): Promise<() => Promise<void>> {
  const host = hostOf(world);
  const { segments } = await world.head();
  const last = segments.at(-1);
  if (!last) throw new Error("there is no segment");
  const right = parseSegment(await readJson(host, last.key));
  if (!right.ok) throw new Error("there is no segment to spoil");
  const edit = async (segment: Segment, hash: string): Promise<void> => {
    const json = encodeSegment({ ...segment, hash });
    await writeJson(host, last.key, json);
    await editJson(host, headKey(store), (head) => ({
      ...head,
      rev: Number(head.rev) + 1,
      inline: json,
      segments: (head.segments as JsonObject[]).map((entry) =>
        entry.key === last.key ? { ...entry, hash } : entry,
      ),
    }));
  };
  const fromHash = "0".repeat(64);
  await edit({ ...right.value, fromHash }, hashLog(fromHash, right.value.updates, host.platform.sha256));
  return () => edit(right.value, last.hash);
}

/** Gets, listings, puts and swaps until the next poll has ended. */
async function costOfPoll(world: TimelineWorld): Promise<readonly number[]> {
  world.bucket.reset();
  await world.clock.advance(minuteMs);
  const { get, list, put, swap } = world.bucket.counts();
  return [get, list, put, swap];
}

describe("A client whose log is not the bucket's", () => {
  it("reads it afresh in the round that finds it, says so, and keeps what it made and shows", async () => {
    const { world, local, reader } = await createReader();
    await reader.close();
    await editRow(local, "place", (place) => ({ ...place, hash: "0".repeat(64) }));
    await publish(world, "b");
    const again = world.open({ local, ...still });
    world.put(again, "mine");
    const shown: string[] = [];
    again.subscribe(() => {
      if (again.sync.status.phase !== "starting") shown.push(keysOf(again));
    });
    await world.clock.advance(1_000);
    expect(again.sync.status).toMatchObject({ phase: "idle", error: null, pending: 1, dead: 0 });
    expect(again.sync.status.divergence?.repairedAt).toBe(world.clock.now() - 1_000);
    expect([...again.confirmedState.pairs.keys()]).toEqual(["a", "b"]);
    // At no time less than before.
    expect([...new Set(shown)]).toEqual(["a,mine", "a,b,mine"]);
    await world.clock.advance(5_000);
    await world.rollup();
    // As cheap as before, and the log as it is.
    expect(await costOfPoll(world)).toEqual([1, 0, 0, 0]);
    expect((await world.log()).flatMap(({ actions }) => actions).length).toBe(3);
    expect(again.sync.status).toMatchObject({ phase: "idle", pending: 0, dead: 0 });
    await again.close();
  });

  it("tries again with the next round where the network ends while it reads afresh", async () => {
    const { world, local, reader } = await createReader();
    await reader.close();
    await editRow(local, "place", (place) => ({ ...place, hash: "0".repeat(64) }));
    await publish(world, "b");
    const again = world.open({ local, ...still });
    // The head with the first look, then the first request of the repair.
    world.remote.once("answerLate", { of: "get", lateMs: 100 });
    world.remote.once("requestLost", { of: "get" });
    await world.clock.advance(1_000);
    expect(again.sync.status).toMatchObject({ phase: "offline", divergence: null });
    expect(keysOf(again)).toBe("a");
    again.sync.wake("online");
    await world.clock.advance(1_000);
    expect(again.sync.status).toMatchObject({ phase: "idle", error: null });
    expect([again.sync.status.divergence === null, keysOf(again)]).toEqual([false, "a,b"]);
    await again.close();
  });
});

describe("A client whose state is not the log's", () => {
  it("shows it until the right one is there, whatever the network does, and then that one alone", async () => {
    const { world, local, reader } = await createReader();
    const host = { ...hostOf(world), settings: newSettings({ snapshotBytesMin: 1 }) };
    const rollup = createRollup(host, { store, model: pairsModel as unknown as Model<unknown> });
    world.put(reader, "b");
    await world.clock.advance(5_000);
    expect((await rollup.round({ hint: true })).jobs).toContain("snapshot");
    await world.clock.advance(minuteMs);
    await reader.close();
    await editRow(local, "base", (base) => ({ ...base, state: { pairs: { b: { value: "b" } } } }));
    const again = world.open({ local, ...still });
    const shown: string[] = [];
    again.subscribe(() => {
      if (again.sync.status.phase !== "starting") shown.push(keysOf(again));
    });
    world.put(again, "mine");
    // The poll's own head, and the repair's.
    world.remote.once("answerLate", { of: "get", lateMs: 100 });
    world.remote.once("answerLate", { of: "tail", lateMs: 100 });
    world.remote.once("requestLost", { of: "get" });
    await world.clock.advance(1_000);
    expect(again.sync.status).toMatchObject({ phase: "offline", divergence: null });
    again.sync.wake("online");
    await world.clock.advance(1_000);
    expect(again.sync.status).toMatchObject({ phase: "idle", error: null, pending: 1 });
    expect(again.sync.status.divergence).not.toBeNull();
    expect([...new Set(shown)]).toEqual(["b,mine", "a,b,mine"]);
    await again.close();
  });
});

describe("A bucket whose own log is broken", () => {
  it("takes nothing from a client, which says so, sends on, tries once, and pays no more for each poll", async () => {
    const { world, reader } = await createReader();
    await publish(world, "b");
    const heal = await breakChain(world);
    // The head; then, once, the head and both segments.
    expect(await costOfPoll(world)).toEqual([4, 0, 0, 0]);
    expect(reader.sync.status).toMatchObject({ phase: "corrupt", divergence: null });
    expect(reader.sync.status.error?.what).toMatch(/is not the one that this reader holds/);
    expect([keysOf(reader), reader.sync.status.position > 0]).toEqual(["a", true]);
    for (let polls = 0; polls < 5; polls++) expect(await costOfPoll(world)).toEqual([2, 0, 0, 0]);
    const { stored } = reader.do.put({ key: "mine", value: 1 });
    await world.clock.advance(minuteMs);
    await stored;
    expect([keysOf(reader), reader.sync.status.phase]).toEqual(["a,mine", "corrupt"]);
    await heal();
    await world.rollup();
    await world.clock.advance(2 * minuteMs);
    expect(reader.sync.status).toMatchObject({ phase: "idle", error: null, pending: 0, divergence: null });
    expect(keysOf(reader)).toBe("a,b,mine");
    await reader.close();
  });
});
