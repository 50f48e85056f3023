/** When publish does not seal, and what it leaves out of the head (docs/protocol.md, "Roll up" and "Objects"). */
import { describe, expect, test } from "vitest";
import { createRollup } from "../../../shared/drive/rollup.ts";
import type { Host } from "../../../shared/drive/run.ts";
import { readStoreHead, scanLog } from "../../../shared/drive/store.ts";
import { createWriter } from "../../../shared/drive/writer.ts";
import { newSettings, type Settings } from "../../../shared/settings.ts";
import { headKey, updatesPrefix } from "../../../shared/wire/keys.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { appendAll, createTestStore, type TestStore, testUpdate } from "../../fixtures/store-host.ts";

const { maxSkewMs, headBytesMax } = newSettings();

async function rawCount({ host, store }: TestStore): Promise<number> {
  return (await host.bucket.list(updatesPrefix(store))).objects.length;
}

describe("A rollup whose clock and the bucket's are apart", () => {
  /** The bucket's clock goes right, the machine's is off. */
  async function offBy(ms: number) {
    const world = await createTestStore();
    await appendAll(world, [testUpdate(1, 1)]);
    world.clock.now += 10_000;
    const platform: Host["platform"] = { ...world.host.platform, now: () => world.clock.now + ms };
    const host: Host = { ...world.host, platform };
    return { world, host, rollup: createRollup(host, { store: world.store }) };
  }
  const headOf = ({ host, store }: TestStore) => readStoreHead(host, store);

  test.each([
    ["ahead", maxSkewMs + 1],
    ["behind", -maxSkewMs - 1],
    ["a day ahead", 86_400_000],
  ])("does not seal where it is %s by more than maxSkew, and says so.", async (_, ms) => {
    for (const hint of [false, true]) {
      const { world, rollup } = await offBy(ms);
      const before = await headOf(world);
      const seconds = Math.round(Math.abs(ms) / 1_000);
      await expect(rollup.round({ hint })).rejects.toMatchObject({
        kind: "unavailable",
        store: world.store,
        what: `This machine's clock is ${seconds} s away from the bucket's, so store "main" was not sealed`,
        fix: expect.stringContaining("Set this machine's clock"),
      });
      expect(await headOf(world)).toEqual(before);
      expect(await rawCount(world)).toBe(1);
    }
  });

  test.each([maxSkewMs, -maxSkewMs])("goes on where they are apart by maxSkew: %i ms.", async (ms) => {
    const { world, rollup } = await offBy(ms);
    expect(await rollup.round()).toMatchObject({ published: 1 });
    expect(await rawCount(world)).toBe(0);
  });

  test("leaves the writers alone: one on the same machine follows the bucket's clock.", async () => {
    const { world, host, rollup } = await offBy(3_600_000);
    const outcome = await createWriter(host, world.store).append(testUpdate(2, 1));
    expect(outcome).toMatchObject({ is: "stored" });
    if (outcome.is !== "stored") return;
    expect(Math.abs(outcome.timestamp - world.clock.now)).toBeLessThanOrEqual(maxSkewMs);
    await expect(rollup.round()).rejects.toMatchObject({ kind: "unavailable" });
  });

  test("publishes as soon as its clock is set.", async () => {
    const { world, rollup } = await offBy(3_600_000);
    await expect(rollup.round()).rejects.toMatchObject({ kind: "unavailable" });
    expect(await createRollup(world.host, { store: world.store }).round()).toMatchObject({ published: 1 });
  });
});

describe("The head's inline copy", () => {
  /** One update of about `bytes`, published; copied into the head as far as that may be long. */
  async function publishedOf(bytes: number, changes: Partial<Settings>) {
    const world = await createTestStore({ inlineBytesMax: 1_000_000, ...changes });
    const entries = Array.from({ length: 4 }, (_, i) => ({ key: `k${i}`, value: "x".repeat(bytes / 4) }));
    await appendAll(world, [testUpdate(1, 1, entries)]);
    world.clock.now += 10_000;
    await createRollup(world.host, { store: world.store }).round();
    const stored = await world.host.bucket.get(headKey(world.store), { bytesMax: 2_000_000 });
    if (stored.is !== "found") throw new Error("there is no head");
    const updates: StampedUpdate[] = [];
    await scanLog(world.host, {
      store: world.store,
      onRange: (range) => void updates.push(...range.updates),
    });
    const { head } = await readStoreHead(world.host, world.store);
    // Plain, whatever the head was stored as: that is what a reader has to hold.
    const body =
      stored.body[0] === 0x1f ? await world.host.platform.gunzip(stored.body, 2_000_000) : stored.body;
    return { head, bytes: body.length, updates };
  }

  test("is left out where the head would exceed 64 KiB, and the segment is read from its object.", async () => {
    expect(headBytesMax).toBe(64 * 1024);
    const { head, bytes, updates } = await publishedOf(66_000, {});
    expect(head).not.toHaveProperty("inline");
    expect(bytes).toBeLessThan(2_000);
    expect(head.segments).toHaveLength(1);
    expect(updates).toHaveLength(1);
  });

  test("is there where it fits.", async () => {
    const { head, bytes, updates } = await publishedOf(60_000, {});
    expect(head.inline).toMatchObject({ through: expect.anything(), updates: [{ seq: 1 }] });
    expect(bytes).toBeGreaterThan(60_000);
    expect(updates).toHaveLength(1);
  });

  test("may fill the head to its last byte, and not one more.", async () => {
    const whole = await publishedOf(40_000, {});
    const exact = await publishedOf(40_000, { headBytesMax: whole.bytes });
    expect(exact.head).toHaveProperty("inline");
    expect(exact.bytes).toBe(whole.bytes);
    const less = await publishedOf(40_000, { headBytesMax: whole.bytes - 1 });
    expect(less.head).not.toHaveProperty("inline");
  });
});
