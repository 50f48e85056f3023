/** A good head that names what is gone or damaged: replaced where what is left holds its whole log, and never else. */
import { describe, expect, it } from "vitest";
import { auditStore } from "../../shared/drive/audit.ts";
import { exportLog } from "../../shared/drive/export.ts";
import { importLog } from "../../shared/drive/import.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { StoreError } from "../../shared/errors.ts";
import { headKey } from "../../shared/wire/keys.ts";
import { type Timestamp, toTimestamp } from "../../shared/wire/time.ts";
import { editJson, readJson, writeBytes } from "../fixtures/edit-objects.ts";
import {
  builtIn,
  expectSound,
  fill,
  guarded,
  headOf,
  keysIn,
  logOf,
  loseHead,
  range,
  write,
} from "../fixtures/lost-head.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { createTestStore, type TestStore, testStoreId } from "../fixtures/store-host.ts";

const seqs = (from: number, to: number) => range(from, to).map((seq) => `1:${seq}`);
const replace = ({ host, store }: TestStore, options: { acceptLoss?: boolean; dryRun?: boolean } = {}) =>
  recoverStore(host, { store, replaceHead: true, ...options });

/** Five rounds, of which three are one merged segment; its inputs are still there, and no head names them. */
async function merged(rounds = 5): Promise<{ test: TestStore; key: string }> {
  const test = await createTestStore({ mergeFanIn: 3, snapshotBytesMin: 1e9 });
  await fill(test, rounds);
  const key = (await headOf(test)).segments.find(({ count }) => count === 3)?.key;
  if (key === undefined) throw new Error("nothing was merged");
  return { test, key };
}

const damages: readonly (readonly [string, (test: TestStore, key: string) => Promise<void>])[] = [
  ["is gone", async ({ host }, key) => void (await host.bucket.delete([key]))],
  ["is cut", ({ host }, key) => writeBytes(host, key, '{"format":"icecore-seg')],
  [
    "holds other updates",
    ({ host }, key) =>
      editJson(host, key, (json) => ({ ...json, updates: (json.updates as readonly []).slice(1) })),
  ],
];

describe("a head that names a segment which", () => {
  it.each(damages)("%s is replaced, as its inputs hold the same log", async (_, damage) => {
    const { test, key } = await merged();
    await write(test, 2, [1]);
    const before = await headOf(test);
    await damage(test, key);
    await expect(logOf(test)).rejects.toMatchObject({ kind: "corrupt" });
    await expect(recoverStore(test.host, { store: test.store })).rejects.toMatchObject({
      kind: "rejected",
      fix: expect.stringContaining("--replace-head"),
    });
    expect(await headOf(test)).toEqual(before);

    expect(await replace(test)).toMatchObject({ made: true, updates: 5, lost: [], raw: 1 });
    const head = await headOf(test);
    expect(head.epoch).not.toBe(before.epoch);
    expect(head.publishedThrough).toBe(before.publishedThrough);
    expect(head.segments.at(-1)?.hash).toBe(before.segments.at(-1)?.hash);
    expect(head.sealedThrough).toBeGreaterThanOrEqual(before.sealedThrough);
    expect(await logOf(test)).toEqual(seqs(1, 5));
    await expectSound(test);
    await write(test, 1, [6]);
    expect(
      (await createRollup(test.host, { store: test.store, model: pairsModel }).round()).trouble,
    ).toBeNull();
    expect(await logOf(test)).toEqual([...seqs(1, 5), "2:1", "1:6"]);
    await expectSound(test);
  });

  it("was the newest one is replaced, too", async () => {
    for (const [, damage] of damages) {
      const { test, key } = await merged(4);
      await damage(test, key);
      expect((await replace(test)).lost).toEqual([]);
      expect(await logOf(test)).toEqual(seqs(1, 4));
      await expectSound(test);
    }
  });

  it("is gone without a trace stays as it is, and no option takes it away", async () => {
    for (const place of [0, 2, -1]) {
      const test = await createTestStore({ mergeFanIn: 1_000, snapshotBytesMin: 1e9 });
      await fill(test, 6);
      await test.host.bucket.delete([(await headOf(test)).segments.at(place)?.key ?? ""]);
      const before = [await keysIn(test.host.bucket), await readJson(test.host, headKey(test.store))];
      await expect(replace(test)).rejects.toMatchObject({
        kind: "corrupt",
        what: expect.stringMatching(/where the head's log ends/),
        fix: expect.stringMatching(/^The head was not touched\./),
      });
      await expect(replace(test, { acceptLoss: true })).rejects.toMatchObject({ kind: "rejected" });
      expect([await keysIn(test.host.bucket), await readJson(test.host, headKey(test.store))]).toEqual(
        before,
      );
    }
  });

  it("is gone without a trace can be left behind: what lies before and behind it makes a new store", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000, snapshotBytesMin: 1e9 });
    await fill(test, 6);
    const lost = (await headOf(test)).segments[2];
    await test.host.bucket.delete([lost?.key ?? ""]);
    const { host, store } = test;
    const exported = async (from: Timestamp | null, to: Timestamp | null) => {
      const lines: string[] = [];
      await exportLog(host, {
        store,
        from,
        to,
        sink: { line: (text) => void lines.push(text), flush: async () => undefined },
      });
      return lines;
    };
    const other = { ...test, store: testStoreId("other") };
    const parts = [
      await exported(null, lost?.from ?? null),
      await exported(toTimestamp((lost?.through ?? 0) + 1), null),
    ];
    for (const part of parts)
      await importLog(host, {
        store: other.store,
        lines: (async function* () {
          yield* part;
        })(),
      });
    test.clock.now += 5_000;
    await createRollup(host, { store: other.store, model: pairsModel }).round();
    expect(await logOf(other)).toEqual(["1:1", "1:2", "1:4", "1:5", "1:6"]);
    await expectSound(other);
  });
});

describe("a head that names a snapshot which", () => {
  it("is damaged is replaced by one that names an older one, and the rollup goes on", async () => {
    const test = await createTestStore({
      segmentsSinceSnapshotMax: 1,
      snapshotBytesMin: 0,
      mergeFanIn: 1_000,
    });
    await fill(test, 4, createRollup(test.host, { store: test.store, model: pairsModel }));
    const key = (await headOf(test)).snapshots[1]?.key ?? "";
    await editJson(test.host, key, (json) => ({ ...json, state: { pairs: {} } }));
    const cold = () => createRollup(test.host, { store: test.store, model: pairsModel }).round();
    await write(test, 1, [5]);
    expect((await cold()).trouble).toMatchObject({ kind: "corrupt" });
    expect(await replace(test)).toMatchObject({ made: true, lost: [] });
    expect((await headOf(test)).snapshots[1]?.key).not.toBe(key);
    expect((await cold()).trouble).toBeNull();
    expect(await logOf(test)).toEqual(seqs(1, 5));
    await expectSound(test);
  });
});

describe("a good head is not replaced", () => {
  it("by an older release, for which what it names is too new", async () => {
    const test = await createTestStore({ segmentsSinceSnapshotMax: 1, snapshotBytesMin: 0 });
    await fill(test, 3, createRollup(test.host, { store: test.store, model: pairsModel }));
    const before = await headOf(test);
    await editJson(test.host, before.snapshots[1]?.key ?? "", (json) => ({
      ...json,
      format: "icecore-snapshot-2",
    }));
    await expect(replace(test)).rejects.toMatchObject({
      kind: "incompatible",
      fix: expect.stringContaining("upgrade"),
    });
    expect(await headOf(test)).toEqual(before);
  });

  it("by who may not read what it names", async () => {
    const { test, key } = await merged();
    const before = await headOf(test);
    const host = guarded(test.host, (call, at) => {
      if (call === "get" && at === key)
        throw new StoreError({ kind: "unauthorized", what: "No right to read it", fix: "Ask for it." });
    });
    await expect(replace({ ...test, host: host as TestStore["host"] })).rejects.toMatchObject({
      kind: "incompatible",
      fix: expect.stringContaining("may read it"),
    });
    expect(await headOf(test)).toEqual(before);
  });

  it("and what is said tells of the claim where something went away after it", async () => {
    const { test, key } = await merged();
    await test.host.bucket.delete([key]);
    const [input] = (await builtIn(test, "segments")).filter((one) => one !== key);
    let claimed = false;
    let gone = false;
    const host = guarded(test.host, async (call, at) => {
      if (claimed && !gone && call === "list") {
        gone = true;
        await test.host.bucket.delete([input ?? ""]);
      }
      claimed ||= call === "swap" && at === headKey(test.store);
    });
    const error = await replace({ ...test, host: host as TestStore["host"] }).catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: "corrupt" });
    expect(error.fix).not.toContain("was not touched");
  });

  it("where everything that it names is there", async () => {
    const { test } = await merged();
    const before = await headOf(test);
    await expect(replace(test)).rejects.toMatchObject({
      kind: "rejected",
      what: expect.stringMatching(/everything that it names is there/),
    });
    expect(await headOf(test)).toEqual(before);
  });

  it("by a dry run, which writes nothing at all", async () => {
    const { test, key } = await merged();
    await test.host.bucket.delete([key]);
    const before = await keysIn(test.host.bucket);
    expect(await replace(test, { dryRun: true })).toMatchObject({ made: false, updates: 5, lost: [] });
    expect(await keysIn(test.host.bucket)).toEqual(before);
  });

  it("when it moved on meanwhile: what was published then is kept", async () => {
    const { test } = await merged();
    const rollup = createRollup(test.host, { store: test.store });
    await write(test, 1, [6]);
    // From now on it is warm.
    await rollup.round();
    await write(test, 1, [7]);
    const [lost] = [...(await headOf(test)).segments].sort((a, b) => b.count - a.count);
    await test.host.bucket.delete([lost?.key ?? ""]);
    let moved = false;
    const host = guarded(test.host, async (call, at) => {
      if (call !== "swap" || at !== headKey(test.store) || moved) return;
      moved = true;
      await rollup.round();
    });
    await expect(replace({ ...test, host: host as TestStore["host"] })).rejects.toMatchObject({
      kind: "conflict",
    });
    expect((await headOf(test)).segments.reduce((sum, { count }) => sum + count, 0)).toBe(7);
    expect((await replace(test)).updates).toBe(7);
    expect(await logOf(test)).toEqual(seqs(1, 7));
  });

  it("where there is none: then it is a lost head like any other", async () => {
    const { test } = await merged();
    await loseHead(test);
    expect(await replace(test)).toMatchObject({ made: true, updates: 5 });
    expect((await builtIn(test, "segments")).length).toBeGreaterThan(0);
  });
});

describe("verify, where a segment cannot be read", () => {
  it("does not say of the seqs that lie in it that they never came", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000, snapshotBytesMin: 1e9 });
    for (const round of [[1, 3], [4], [5], [9]]) {
      await write(test, 1, round);
      await createRollup(test.host, { store: test.store }).round();
    }
    const audited = async () => (await auditStore(test.host, { store: test.store })).log;
    expect(await audited()).toEqual({ updates: 5, actions: 5, apps: 1, missing: 4 });
    await test.host.bucket.delete([(await headOf(test)).segments[1]?.key ?? ""]);
    expect(await audited()).toEqual({ updates: 4, actions: 4, apps: 1, missing: 4, unread: 1 });
  });
});
