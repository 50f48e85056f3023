/** Long absences over HTTP with a folder on the disk: a month of work, and an answer that never came. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { utf8Length } from "../../shared/json.ts";
import { defaultSettings } from "../../shared/settings.ts";
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

describe("A month offline", () => {
  it("goes out as ten updates where it is ten thousand actions, each once and in order", async () => {
    await world.front.end();
    const first = world.client({ folder: "mine" });
    await first.loaded;
    const keys = Array.from({ length: 10_000 }, (_, i) => `k${i}`);
    const handles = keys.slice(0, 6_000).map((key) => first.do.put(put(key, 1)));
    await Promise.all(handles.map(({ savedLocally }) => savedLocally));
    await expect(first.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    await first.close();
    const again = world.client({ folder: "mine" });
    await again.loaded;
    for (const key of keys.slice(6_000)) again.do.put(put(key, 1));
    await expect(again.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    expect(again.sync.status).toMatchObject(troubled("offline", 10_000, /did not answer/));
    expect(again.state.pairs.size).toBe(10_000);
    await world.front.begin();
    await world.settle(again);
    expect(again.sync.status).toMatchObject(atRest);
    expect(world.sent()).toHaveLength(Math.ceil(10_000 / defaultSettings.updateActionsMax));
    expect(await world.log()).toHaveLength(Math.ceil(10_000 / defaultSettings.updateActionsMax));
    expect(await world.logged()).toEqual(keys);
  });

  it("goes out as few updates as its bytes allow where its actions are large", async () => {
    await world.front.end();
    const client = world.client();
    await client.loaded;
    const keys = Array.from({ length: 400 }, (_, i) => `k${String(i).padStart(3, "0")}`);
    for (const key of keys) client.do.put(put(key, "ü".repeat(2_000)));
    const bytes = client.outbox
      .list()
      .reduce((sum, { action }) => sum + utf8Length(JSON.stringify(action)) + 1, 0);
    await world.front.begin();
    await world.settle(client);
    expect(client.sync.status).toMatchObject(atRest);
    // The updates' frames take 400 bytes each, and an action is never cut.
    expect(bytes).toBeGreaterThan(6 * defaultSettings.updateBytesMax);
    expect(await world.log()).toHaveLength(
      Math.ceil(bytes / (defaultSettings.updateBytesMax - 400 - bytes / 400)),
    );
    expect(await world.logged()).toEqual(keys);
  });
});

describe("An update whose answer was lost, and that was folded into a snapshot while its client was away", () => {
  it("is settled by the marks, is applied once, and goes out under no other name", async () => {
    await world.close();
    world = await createBadWorld({
      settings: { snapshotBytesMin: 1, snapshotAgeMs: 1, segmentsListedAim: 2, segmentsSinceSnapshotMax: 2 },
    });
    const first = world.client({ folder: "mine" });
    await first.sync.now();
    world.front.decide(({ method }) => (method === "POST" ? "answerLost" : "pass"));
    first.do.put(put("sent", "mine"));
    first.do.put(put("shared", "mine"));
    await expect(first.sync.now()).rejects.toMatchObject({ kind: "unavailable" });
    first.do.put(put("never sent"));
    expect(first.sync.status).toMatchObject(troubled("offline", 3, /did not answer/));
    await first.close();
    world.front.decide(() => "pass");
    const [sent] = world.sent();

    const other = world.client();
    for (let i = 0; i < 12; i++) {
      other.do.put(put("shared", `theirs ${i} ${"x".repeat(3_000)}`));
      await world.settle(other);
    }
    await other.sync.now();
    const last = other.confirmedState.pairs.get("shared");
    expect(other.confirmedState.pairs.get("sent")).toEqual({ value: "mine" });

    const again = world.client({ folder: "mine" });
    await again.loaded;
    expect(again.sync.status.pending).toBe(3);
    await again.sync.now();
    expect(again.sync.status).toMatchObject({
      phase: "idle",
      pending: 1,
      dead: 0,
      cloned: false,
      error: null,
    });
    expect(world.front.seen.some(({ path }) => path.includes("/snapshots/"))).toBe(true);
    await world.settle(again, other);
    expect(again.sync.status).toMatchObject({ ...atRest, cloned: false });
    expect(again.confirmedState.pairs.get("shared")).toEqual(last);
    expect([...again.confirmedState.pairs]).toEqual([...other.confirmedState.pairs]);
    const mine = (await world.log()).filter(({ app }) => app === sent?.app);
    expect(mine.map(({ id, seq, actions }) => [id === sent?.id, seq, actions.length])).toEqual([
      [true, 1, 2],
      [false, 2, 1],
    ]);
    await expectNothingDoubled();
  });
});
