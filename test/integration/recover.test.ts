/** Recovering a store whose head is lost or damaged, with the real programs: at every moment, with every kind of leftovers. */
import { describe, expect, it } from "vitest";
import { auditStore } from "../../shared/drive/audit.ts";
import { createFoldReplica } from "../../shared/drive/fold-replica.ts";
import { createReader } from "../../shared/drive/reader.ts";
import { recoverStore } from "../../shared/drive/recover.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { collectGarbage, createStore } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import { newSettings } from "../../shared/settings.ts";
import {
  builtKey,
  builtPrefix,
  headKey,
  parseBuiltKey,
  updateKey,
  updatesPrefix,
} from "../../shared/wire/keys.ts";
import { encodeSegment, hashLog, parseSegment } from "../../shared/wire/segment.ts";
import { formatTimestamp, toTimestamp } from "../../shared/wire/time.ts";
import { encodeUpdate } from "../../shared/wire/update.ts";
import { readJson, writeBytes, writeJson } from "../fixtures/edit-objects.ts";
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
import { createTestStore, type TestStore, testApp, testUpdate } from "../fixtures/store-host.ts";

const seqs = (from: number, to: number, app = 1) => range(from, to).map((seq) => `${app}:${seq}`);
const recover = ({ host, store }: TestStore, options: { acceptLoss?: boolean; dryRun?: boolean } = {}) =>
  recoverStore(host, { store, ...options });
const newRollup = ({ host, store }: TestStore) => createRollup(host, { store, model: pairsModel });
const killed = new StoreError({ kind: "closed", what: "killed", fix: "" });

describe("a store whose head is deleted", () => {
  it.each(range(0, 12))(
    "after %i rounds is recovered, and everybody who was warm goes on",
    async (rounds) => {
      const test = await createTestStore({ snapshotBytesMin: 300, segmentsListedAim: 6, mergeFanIn: 3 });
      const rollup = newRollup(test);
      const replica = createFoldReplica(pairsModel);
      const reader = createReader(test.host, { store: test.store, replica, modelVersion: 1 });
      await write(test, 2, [1]);
      await fill(test, rounds, rollup);
      await reader.pollTail();
      await write(test, 2, [2, 3]);
      const before = await headOf(test);
      await loseHead(test);
      const { host, store } = test;
      const errors = [rollup.round(), reader.poll(), test.writer.append(testUpdate(1, rounds + 1))];
      if (rounds > 0) errors.push(createStore(host, store) as never, collectGarbage(host, store) as never);
      for (const error of errors) await expect(error).rejects.toMatchObject({ kind: "unavailable" });

      const report = await recover(test);
      const head = await headOf(test);
      expect(report).toMatchObject({ made: true, head, joined: 0, lost: [] });
      expect(head.epoch).not.toBe(before.epoch);
      expect(head.rev).toBeGreaterThan(before.rev);
      expect(head.publishedThrough).toBe(before.publishedThrough);
      expect(head.sealedThrough).toBeGreaterThanOrEqual(before.sealedThrough);
      expect(head.snapshots[1]).toEqual(before.snapshots[1]);
      expect(await logOf(test)).toHaveLength(report.updates);
      await expectSound(test);

      await write(test, 1, [rounds + 1, rounds + 2]);
      expect((await rollup.round()).trouble).toBeNull();
      await reader.pollTail();
      expect(replica.fold.state().pairs.size).toBe(3 + rounds + 2);
      expect([...(await logOf(test))].sort()).toEqual([...seqs(1, 3, 2), ...seqs(1, rounds + 2)].sort());
      await expectSound(test);
    },
  );

  it("at any request of a round is recovered without a loss; the round's rollup then goes on", async () => {
    for (let at = 1; ; at++) {
      const test = await createTestStore({ snapshotBytesMin: 300, segmentsListedAim: 6, mergeFanIn: 3 });
      await fill(test, 7);
      await write(test, 2, [1, 2]);
      await write(test, 3, [1]);
      let calls = 0;
      const host = guarded(test.host, async () => {
        calls += 1;
        if (calls === at) await loseHead(test);
      });
      const rollup = createRollup(host, { store: test.store, model: pairsModel });
      await rollup.round().catch(() => undefined);
      if (calls < at) return expect(at).toBeGreaterThan(12);
      const report = await recover(test);
      expect(report.lost).toEqual([]);
      await expectSound(test);
      await write(test, 3, [2]);
      expect((await rollup.round()).trouble).toBeNull();
      expect(await logOf(test)).toEqual([...seqs(1, 7), ...seqs(1, 2, 2), ...seqs(1, 2, 3)]);
      await expectSound(test);
    }
  });

  it("with nothing but raw updates begins its log with them", async () => {
    const test = await createTestStore();
    await write(test, 1, [1, 2]);
    await loseHead(test);
    expect(await recover(test)).toMatchObject({ segments: 0, updates: 0, raw: 2, joined: 0 });
    await newRollup(test).round();
    expect(await logOf(test)).toEqual(seqs(1, 2));
    await expectSound(test);
  });

  it("is recovered again when it is lost again, at once and after a while", async () => {
    const test = await createTestStore({ snapshotBytesMin: 300 });
    const rollup = newRollup(test);
    await fill(test, 3, rollup);
    const revs: number[] = [];
    for (const seq of range(4, 9)) {
      await loseHead(test);
      revs.push((await recover(test)).head.rev);
      if (seq % 2 === 0) await write(test, 1, [seq, seq + 1]);
      if (seq % 2 === 0) await rollup.round();
    }
    expect(revs).toEqual([...revs].sort((a, b) => a - b));
    expect(new Set(revs).size).toBe(revs.length);
    expect(await logOf(test)).toEqual(seqs(1, 9));
    await expectSound(test);
  });

  it("has a seal that no update in flight slips under, and stays writable whatever timestamps lie around", async () => {
    const test = await createTestStore();
    const { host, store, clock } = test;
    await fill(test, 2);
    const year = 365 * 24 * 3_600_000;
    const put = (timestamp: number, app: number) =>
      writeJson(
        host,
        updateKey({ store, timestamp: toTimestamp(timestamp), app: testApp(app) }),
        encodeUpdate(testUpdate(app, 1)),
      );
    await put(clock.now + 4_000, 3);
    await put(clock.now + year, 4);
    await loseHead(test);
    const { head } = await recover(test);
    // A writer may have been told of the first, of the second nobody ever was.
    expect(head.sealedThrough).toBe(clock.now + 4_000);
    await write(test, 1, [3]);
    await newRollup(test).round();
    expect([...(await logOf(test))].sort()).toEqual([...seqs(1, 3), "3:1"]);
    await expectSound(test);
  });

  it("by its history takes all segments that are linked, however long the log", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000, snapshotBytesMin: 1e9 });
    const settings = { ...test.host.settings, segmentsSinceSnapshotMax: 1e9, segmentsListedAim: 1e9 };
    await fill(test, 60, createRollup({ ...test.host, settings }, { store: test.store, model: pairsModel }));
    await loseHead(test);
    const { head, segments } = await recover(test);
    expect(segments).toBe(60);
    expect(head.segments).toHaveLength(24);
    expect(head.history?.through).toBe(head.floor);
    expect(head.snapshots).toEqual({});
    expect(await logOf(test)).toEqual(seqs(1, 60));
    await expectSound(test);
    // The next rounds write a snapshot and merge, as ever.
    const rollup = newRollup(test);
    for (const seq of range(61, 66)) {
      await write(test, 1, [seq]);
      expect((await rollup.round()).trouble).toBeNull();
    }
    expect(Object.keys((await headOf(test)).snapshots)).toEqual(["1"]);
    expect(await logOf(test)).toEqual(seqs(1, 66));
    await expectSound(test);
  });

  it("lists back to its newest snapshot, and does without one that is too old for that", async () => {
    for (const [after, kept] of [
      [30, true],
      [40, false],
      [300, false],
    ] as const) {
      const test = await createTestStore({ snapshotBytesMin: 1e9, headBytesMax: 1e9 });
      const { host, store } = test;
      const settings = { ...host.settings, segmentsListedAim: 1e9, mergeFanIn: 1e9, snapshotAgeMs: 1e12 };
      const often = { ...host, settings: { ...settings, segmentsSinceSnapshotMax: 4 } };
      const never = { ...host, settings: { ...settings, segmentsSinceSnapshotMax: 1e9 } };
      await fill(test, 5, createRollup(often, { store, model: pairsModel }));
      const rollup = createRollup(never, { store, model: pairsModel });
      for (const seq of range(6, 5 + after)) {
        await write(test, 1, [seq]);
        await rollup.round();
      }
      await loseHead(test);
      const { head } = await recoverStore({ ...host, settings: newSettings() }, { store });
      expect(Object.keys(head.snapshots)).toEqual(kept ? ["1"] : []);
      expect(head.segments).toHaveLength(kept ? after : 24);
      expect(await logOf(test)).toEqual(seqs(1, 5 + after));
      await expectSound(test);
    }
  });
});

describe("a recovery", () => {
  const damages: readonly (readonly [string, string | Uint8Array])[] = [
    ["is empty", ""],
    ["was cut off", '{"format":"icecore-head-1","epoch":"n5p6'],
    ["is another document", '{"hello":"world"}'],
    ["lacks its members", '{"format":"icecore-head-1"}'],
    ["is a damaged gzip", new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2])],
    ["is no UTF-8", new Uint8Array([0x7b, 0xff, 0xfe])],
    ["is far too long", `{"format":"icecore-head-1","epoch":"${"x".repeat(100_000)}"}`],
  ];

  it.each(damages)("replaces a head that %s", async (_, body) => {
    const test = await createTestStore({ snapshotBytesMin: 300 });
    await fill(test, 4);
    await writeBytes(test.host, headKey(test.store), body);
    await expect(headOf(test)).rejects.toMatchObject({ kind: "corrupt" });
    expect(await recover(test)).toMatchObject({ made: true, updates: 4 });
    expect(await logOf(test)).toEqual(seqs(1, 4));
    await expectSound(test);
  });

  it("makes a head of nothing where a damaged one is all there is: no init would", async () => {
    const test = await createTestStore();
    await writeBytes(test.host, headKey(test.store), "{");
    await expect(createStore(test.host, test.store)).rejects.toMatchObject({ kind: "corrupt" });
    expect(await recover(test)).toMatchObject({ made: true, segments: 0, raw: 0 });
    await write(test, 1, [1]);
    await newRollup(test).round();
    expect(await logOf(test)).toEqual(["1:1"]);
  });

  it("refuses to touch a head that is there, or one of a newer release", async () => {
    const test = await createTestStore();
    await fill(test, 2);
    await expect(recover(test)).rejects.toMatchObject({ kind: "rejected" });
    const newer = { ...(await readJson(test.host, headKey(test.store))), format: "icecore-head-2" };
    await writeJson(test.host, headKey(test.store), newer);
    for (const options of [{}, { acceptLoss: true }, { dryRun: true }])
      await expect(recover(test, options)).rejects.toMatchObject({ kind: "incompatible" });
    expect(await readJson(test.host, headKey(test.store))).toEqual(newer);
  });

  it("says that nothing is there where nothing is", async () => {
    const test = await createTestStore();
    await loseHead(test);
    await expect(recover(test)).rejects.toMatchObject({
      kind: "rejected",
      what: expect.stringMatching(/Nothing of a store/),
    });
    expect(await keysIn(test.host.bucket)).toEqual([]);
  });

  it("refuses a log with a gap, and with --accept-loss keeps what comes before it", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000, snapshotBytesMin: 1e9 });
    await fill(test, 6);
    const third = (await headOf(test)).segments[2];
    await test.host.bucket.delete([third?.key ?? ""]);
    await loseHead(test);
    const before = await keysIn(test.host.bucket);
    await expect(recover(test)).rejects.toMatchObject({
      kind: "corrupt",
      what: expect.stringMatching(/begins at .*, and the segment before it is lost/),
    });
    expect(await keysIn(test.host.bucket), "nothing was stored").toEqual(before);
    const report = await recover(test, { acceptLoss: true });
    expect(report.lost).toHaveLength(3);
    expect(await logOf(test)).toEqual(seqs(1, 2));
    await expectSound(test);
    // What was lost is lost; the app goes on.
    await write(test, 1, [7]);
    await newRollup(test).round();
    expect(await logOf(test)).toEqual([...seqs(1, 2), "1:7"]);
    await expectSound(test);
  });

  it("does not miss a gap behind which only copies were published", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    await fill(test, 3);
    const { host, store, clock } = test;
    const again = { store, timestamp: toTimestamp(clock.now), app: testApp(1) };
    await writeJson(host, updateKey(again), encodeUpdate(testUpdate(1, 3)));
    clock.now += 5_000;
    await newRollup(test).round();
    const { segments } = await headOf(test);
    expect(segments.map(({ count }) => count)).toEqual([1, 1, 1, 0]);
    await host.bucket.delete([segments[2]?.key ?? ""]);
    await loseHead(test);
    await expect(recover(test)).rejects.toMatchObject({ kind: "corrupt" });
  });

  it("takes a merged segment for a lost input, and inputs for a lost merged one", async () => {
    for (const lost of ["inputs", "merged"]) {
      const test = await createTestStore({ mergeFanIn: 3, snapshotBytesMin: 1e9 });
      await fill(test, 5);
      const { segments } = await headOf(test);
      const merged = segments.filter(({ count }) => count === 3).map(({ key }) => key);
      expect(merged).toHaveLength(1);
      const inputs = (await builtIn(test, "segments")).filter(
        (key) => !segments.some((one) => one.key === key),
      );
      expect(inputs).toHaveLength(3);
      await test.host.bucket.delete(lost === "inputs" ? inputs.slice(0, 2) : merged);
      await loseHead(test);
      expect((await recover(test)).lost).toEqual([]);
      expect(await logOf(test)).toEqual(seqs(1, 5));
      await expectSound(test);
    }
  });

  it("names damaged segments only where the log may have needed them", async () => {
    const test = await createTestStore({ mergeFanIn: 3, snapshotBytesMin: 1e9 });
    await fill(test, 5);
    const { segments } = await headOf(test);
    const input = (await builtIn(test, "segments")).find((key) => !segments.some((one) => one.key === key));
    await writeBytes(test.host, input ?? "", "{");
    const last = segments.at(-1)?.key ?? "";
    const whole = await readJson(test.host, last);
    await loseHead(test);
    await writeJson(test.host, last, { ...whole, hash: "f".repeat(64) });
    await expect(recover(test)).rejects.toMatchObject({
      what: expect.stringMatching(new RegExp(`${last} is damaged`)),
    });
    await writeJson(test.host, last, whole);
    expect((await recover(test)).lost).toEqual([]);
    expect(await logOf(test)).toEqual(seqs(1, 5));
  });

  it("names what was made of a log that went further than the segments that are left", async () => {
    const test = await createTestStore({ snapshotBytesMin: 300, segmentsSinceSnapshotMax: 0 });
    await fill(test, 3);
    await test.host.bucket.delete([(await headOf(test)).segments.at(-1)?.key ?? ""]);
    await loseHead(test);
    await expect(recover(test)).rejects.toMatchObject({
      what: expect.stringMatching(/snapshots.*was made of a log that went further/),
    });
    const { head } = await recover(test, { acceptLoss: true });
    expect(Object.keys(head.snapshots)).toEqual(["1"]);
    expect(await logOf(test)).toEqual(seqs(1, 2));
    await expectSound(test);
  });

  it("without writing says what it would do, and needs no right to write for that", async () => {
    const test = await createTestStore({ snapshotBytesMin: 300, segmentsListedAim: 2 });
    await fill(test, 8);
    await write(test, 2, [1]);
    await loseHead(test);
    const before = await keysIn(test.host.bucket);
    const reading = guarded(test.host, (call) => {
      if (call !== "get" && call !== "list")
        throw new StoreError({ kind: "unauthorized", what: "no", fix: "" });
    });
    const dry = await recoverStore(reading, { store: test.store, dryRun: true });
    expect(await keysIn(test.host.bucket)).toEqual(before);
    const { epoch: _, nonce: __, marks: ___, history: ____, ...planned } = dry.head;
    const made = await recover(test);
    expect(made.head).toMatchObject(planned);
    expect({ ...made, head: null, made: false }).toEqual({ ...dry, head: null });
  });

  it("refuses a bucket that cannot hold a store", async () => {
    const test = await createTestStore();
    await fill(test, 2);
    await loseHead(test);
    const bucket = {
      ...test.host.bucket,
      putIfMatch: async () => ({ is: "refused", date: test.clock.now }) as const,
    };
    const found = recoverStore({ ...test.host, bucket }, { store: test.store });
    await expect(found).rejects.toMatchObject({ kind: "incompatible" });
    await expect(headOf(test)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("keeps the snapshots of two model versions, and of each the newest that lies on the log", async () => {
    const test = await createTestStore({ snapshotBytesMin: 1, segmentsSinceSnapshotMax: 0 });
    await fill(test, 4);
    const { host, store } = test;
    const { snapshots } = await headOf(test);
    const [entry] = Object.values(snapshots);
    const body = await readJson(host, entry?.key ?? "");
    const put = async (modelVersion: number, nonce: string, change: Record<string, string | number>) => {
      const key = builtKey({
        kind: "snapshots",
        store,
        through: entry?.through ?? toTimestamp(0),
        modelVersion,
        rev: 50,
        nonce,
      });
      await writeJson(host, key, { ...body, modelVersion, ...change });
      return key;
    };
    const second = await put(2, "good", {});
    // Of a lost branch; of a state that was changed; of another time than its name says.
    await put(2, "branch", { hash: "a".repeat(64) });
    await put(1, "changed", { stateHash: "b".repeat(64) });
    await put(1, "moved", { through: "20261121T090000.000Z" });
    await loseHead(test);
    const { head } = await recover(test);
    expect(head.snapshots[1]).toEqual(entry);
    expect(head.snapshots[2]?.key).toBe(second);
    await expectSound(test);
  });
});

/** Somebody comes here and waits until he may go on. */
function createGate() {
  let arrive: () => void = () => undefined;
  let open: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    arrived,
    open: () => open(),
    pass: () => {
      arrive();
      return opened;
    },
  };
}

/** The host, where the first call of this kind to such a key waits at the gate. */
function gated(test: TestStore, gate: ReturnType<typeof createGate>, call: string, prefix: string) {
  let passed = false;
  return guarded(test.host, async (one, key) => {
    if (passed || one !== call || !key.startsWith(prefix)) return;
    passed = true;
    await gate.pass();
  });
}

describe("ends of which nobody can tell which one was linked", () => {
  /**
   * A rollup reads 1:4 and 1:5; another one seals further, and lists after the first has linked and deleted them: it finds 1:6 alone,
   * puts it under the same start and loses its link, and then the head is lost.
   */
  async function leaveTwoEnds(test: TestStore): Promise<void> {
    const { store } = test;
    await fill(test, 3);
    await write(test, 1, [4, 5]);
    const [putting, listing, linking] = [createGate(), createGate(), createGate()];
    const first = newRollup({
      ...test,
      host: gated(test, putting, "put", builtPrefix("segments", store)),
    } as TestStore);
    const firstRound = first.round({ hint: true });
    await putting.arrived;
    await write(test, 1, [6]);
    let sealed = false;
    const host = guarded(test.host, async (call, key) => {
      if (call === "list" && !sealed) {
        sealed = true;
        await listing.pass();
      }
      if (call === "put" && key.startsWith(builtPrefix("segments", store))) await linking.pass();
    });
    const secondRound = createRollup(host, { store, model: pairsModel }).round({ hint: true });
    await listing.arrived;
    putting.open();
    expect((await firstRound).published).toBe(2);
    listing.open();
    await linking.arrived;
    await loseHead(test);
    linking.open();
    await expect(secondRound).rejects.toMatchObject({ kind: "unavailable" });
  }

  it("are joined, so that nothing of either is missing", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    await leaveTwoEnds(test);
    expect(await builtIn(test, "segments")).toHaveLength(5);
    expect(await recover(test)).toMatchObject({ segments: 4, joined: 3, updates: 6, lost: [] });
    expect(await logOf(test)).toEqual(seqs(1, 6));
    await expectSound(test);
    await newRollup(test).round();
    await collectGarbage(test.host, test.store);
    expect(await keysIn(test.host.bucket, updatesPrefix(test.store))).toEqual([]);
    expect(await logOf(test)).toEqual(seqs(1, 6));
  });

  it("are joined again when the recovery was killed at any of its requests", async () => {
    for (let at = 1; ; at++) {
      const test = await createTestStore({ mergeFanIn: 1_000 });
      await leaveTwoEnds(test);
      let calls = 0;
      const host = guarded(test.host, () => {
        calls += 1;
        if (calls >= at) throw killed;
      });
      const outcome = await recoverStore(host, { store: test.store }).catch(() => null);
      if (outcome) return expect(at).toBeGreaterThan(90);
      const there = await headOf(test).catch(() => null);
      if (!there) expect((await recover(test)).lost).toEqual([]);
      expect(await logOf(test)).toEqual(seqs(1, 6));
      await expectSound(test);
      await write(test, 2, [1]);
      expect((await newRollup(test).round()).trouble).toBeNull();
      expect(await logOf(test)).toEqual([...seqs(1, 6), "2:1"]);
    }
  });

  it("are refused when one of them is damaged: the whole one may lack what that one had published", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    await leaveTwoEnds(test);
    const [first, second] = (await builtIn(test, "segments")).slice(-2);
    await writeBytes(test.host, first ?? "", "{");
    await expect(recover(test)).rejects.toMatchObject({
      kind: "corrupt",
      what: expect.stringMatching(new RegExp(`${first} is damaged`)),
    });
    expect(second).toBeDefined();
    const report = await recover(test, { acceptLoss: true });
    expect(report.lost).toHaveLength(1);
    expect(await logOf(test)).toEqual([...seqs(1, 3), "1:6"]);
    await expectSound(test);
  });

  it("stop the recovery when one is deleted before it is joined, and the next one does without it", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    await leaveTwoEnds(test);
    // By a sweep it would be the one that was never linked; here the other one holds nothing else.
    const last = (await builtIn(test, "segments")).at(-1) ?? "";
    let reads = 0;
    const host = guarded(test.host, async (call, key) => {
      if (call !== "get" || key !== last) return;
      reads += 1;
      if (reads === 2) await test.host.bucket.delete([last]);
    });
    const stopped = recoverStore(host, { store: test.store });
    await expect(stopped).rejects.toMatchObject({ kind: "conflict", key: last });
    expect(await recover(test)).toMatchObject({ updates: 5, joined: 0, raw: 1, lost: [] });
    await newRollup(test).round();
    expect(await logOf(test)).toEqual(seqs(1, 6));
    await expectSound(test);
  });

  it("make the log another one than the lost head's, so a snapshot that was on its way is not linked", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000, snapshotBytesMin: 0, inlineBytesMax: 0 });
    const { host, store } = test;
    await write(test, 1, [1, 2]);
    // A copy of the second update that its writer never heard of, at an earlier time; only another rollup sees it.
    const lost = guarded(host, () => undefined);
    const snapshotting = createGate();
    const rollup = createRollup(
      guarded(lost, async (call, key) => {
        if (call === "get" && key === headKey(store) && (await builtIn(test, "marks")).length > 0)
          await snapshotting.pass();
      }),
      { store, model: pairsModel },
    );
    const round = rollup.round({ hint: true });
    await snapshotting.arrived;
    const { segments } = await headOf(test);
    const linked = await readJson(host, segments[0]?.key ?? "");
    const [update] = linked.updates as JsonObject[];
    // The other end: it holds one update more, which nobody was told of.
    const more = { ...update, ...encodeUpdate(testUpdate(3, 1)), timestamp: update?.timestamp ?? "" };
    const updates = [...(linked.updates as JsonObject[]), more] as JsonObject[];
    const parsed = parseSegment({ ...linked, updates: inOrder(updates) });
    if (!parsed.ok) throw new Error(parsed.reason);
    const { fromHash } = parsed.value;
    const hash = hashLog(fromHash, parsed.value.updates, host.platform.sha256);
    const name = parseBuiltKey(segments[0]?.key ?? "");
    if (!name) throw new Error("no name");
    await writeJson(host, builtKey({ ...name, nonce: "sibling" }), encodeSegment({ ...parsed.value, hash }));
    await loseHead(test);
    const { head } = await recover(test);
    expect(head.segments[0]?.count).toBe(3);
    snapshotting.open();
    await round;
    expect((await headOf(test)).snapshots).toEqual({});
    await expectSound(test);
  });
});

function inOrder(updates: readonly JsonObject[]): readonly JsonObject[] {
  const place = ({ timestamp, app }: JsonObject) => `${String(timestamp)} ${String(app)}`;
  return [...updates].sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

describe("while a store is recovered", () => {
  it("everybody is told to ask again, and nobody makes another head", async () => {
    const test = await createTestStore({ snapshotBytesMin: 300 });
    const { host, store } = test;
    await fill(test, 4);
    await loseHead(test);
    const claimed = createGate();
    const recovery = recoverStore(gated(test, claimed, "swap", headKey(store)), { store });
    await claimed.arrived;
    const told = {
      kind: "unavailable",
      what: expect.stringMatching(/^Store "main" is being recovered, since 2026/),
    };
    await expect(headOf(test)).rejects.toMatchObject(told);
    await expect(newRollup(test).round()).rejects.toMatchObject(told);
    await expect(test.writer.append(testUpdate(1, 5))).rejects.toMatchObject(told);
    await expect(collectGarbage(host, store)).rejects.toMatchObject(told);
    await expect(createStore(host, store)).rejects.toMatchObject(told);
    const { findings, head } = await auditStore(host, { store });
    expect([head, findings.map(({ rule }) => rule)]).toEqual([null, ["head"]]);
    claimed.open();
    expect((await recovery).made).toBe(true);
    await expectSound(test);
  });

  it("a second recovery takes over, and the first one finds out", async () => {
    const test = await createTestStore();
    const { host, store } = test;
    await fill(test, 3);
    await loseHead(test);
    const claimed = createGate();
    const first = recoverStore(gated(test, claimed, "swap", headKey(store)), { store });
    await claimed.arrived;
    const second = await recover(test);
    claimed.open();
    await expect(first).rejects.toMatchObject({ kind: "conflict" });
    expect(await headOf(test)).toEqual(second.head);
    expect(await logOf(test)).toEqual(seqs(1, 3));
    await collectGarbage(host, store);
    await expectSound(test);
  });

  it("one that stood still while the store was recovered, went on and was lost again takes in what came since", async () => {
    for (const stopAt of ["list", "get", "put"] as const) {
      const test = await createTestStore();
      const { store } = test;
      await fill(test, 3);
      await loseHead(test);
      const still = createGate();
      // At its first look, while it reads, and when it already has its claim and stores what its head would name.
      const prefix = builtPrefix(stopAt === "put" ? "marks" : "segments", store);
      const frozen = recoverStore(gated(test, still, stopAt, prefix), { store });
      await still.arrived;
      await recover(test);
      await write(test, 1, [4, 5]);
      await newRollup(test).round();
      await collectGarbage(test.host, store);
      await loseHead(test);
      still.open();
      if (stopAt === "put") {
        await expect(frozen).rejects.toMatchObject({ kind: "conflict" });
        await recover(test);
      } else expect(await frozen).toMatchObject({ made: true, updates: 5, lost: [] });
      expect(await logOf(test)).toEqual(seqs(1, 5));
      await expectSound(test);
    }
  });

  it("a PUT that got no answer and lands after the next loss brings no old head back", async () => {
    const test = await createTestStore({ backOffMinMs: 0 });
    const { host, store, clock } = test;
    await fill(test, 3);
    await loseHead(test);
    const late: (() => Promise<unknown>)[] = [];
    const { bucket } = host;
    const unclear: Bucket = {
      ...bucket,
      async putIfAbsent(key, content) {
        if (key !== headKey(store) || late.length > 0) return bucket.putIfAbsent(key, content);
        late.push(() => bucket.putIfAbsent(key, content));
        return { is: "unknown", why: "no answer", date: clock.now };
      },
      async putIfMatch(key, content, etag) {
        if (key !== headKey(store) || late.length > 1) return bucket.putIfMatch(key, content, etag);
        late.push(() => bucket.putIfMatch(key, content, etag));
        return { is: "unknown", why: "no answer", date: clock.now };
      },
    };
    expect(await recoverStore({ ...host, bucket: unclear }, { store })).toMatchObject({ made: true });
    expect(late).toHaveLength(2);
    await write(test, 1, [4]);
    await newRollup(test).round();
    await loseHead(test);
    for (const land of late) await land();
    await expect(headOf(test)).rejects.toMatchObject({ kind: "unavailable" });
    await recover(test);
    expect(await logOf(test)).toEqual(seqs(1, 4));
    await expectSound(test);
  });

  it("what a sweep that goes by the lost head may delete is copied, and what it must not is kept", async () => {
    const test = await createTestStore({ mergeFanIn: 3, snapshotBytesMin: 300, segmentsSinceSnapshotMax: 2 });
    const { host, store, clock } = test;
    await fill(test, 6);
    const { segments, snapshots } = await headOf(test);
    // Old enough to be deleted: the inputs of merges, and snapshots that others replaced.
    await collectGarbage(host, store);
    clock.now += host.settings.retentionMs + 1_000;
    const deleting = createGate();
    const sweep = collectGarbage(gated(test, deleting, "delete", builtPrefix("segments", store)), store);
    await deleting.arrived;
    // Of what the head names nothing but those can take the place.
    const merged = segments.find(({ count }) => count > 1)?.key ?? "";
    await host.bucket.delete([merged, snapshots[1]?.key ?? ""]);
    await loseHead(test);
    const { head } = await recover(test);
    expect(await logOf(test)).toEqual(seqs(1, 6));
    expect(Object.keys(head.snapshots)).toEqual(["1"]);
    const before = await keysIn(host.bucket);
    deleting.open();
    await sweep.catch(() => undefined);
    expect((await keysIn(host.bucket)).length).toBeLessThan(before.length);
    expect(await logOf(test)).toEqual(seqs(1, 6));
    await expectSound(test);
  });
});

describe("after several recoveries", () => {
  it("a frozen rollup's segment on a branch that was left leads no recovery astray", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    const { host, store } = test;
    await fill(test, 3);
    await write(test, 1, [4]);
    const putting = createGate();
    const frozen = newRollup({
      ...test,
      host: gated(test, putting, "put", builtPrefix("segments", store)),
    } as TestStore);
    const round = frozen.round({ hint: true });
    await putting.arrived;
    await loseHead(test);
    await recover(test);
    await write(test, 1, [5]);
    await newRollup(test).round();
    await write(test, 1, [6]);
    await newRollup(test).round();
    putting.open();
    // Its link is refused, and it begins anew.
    expect((await round).published).toBe(0);
    await loseHead(test);
    expect((await recover(test)).lost).toEqual([]);
    expect(await logOf(test)).toEqual(seqs(1, 6));
    await collectGarbage(host, store);
    await expectSound(test);
  });

  it("what a frozen rollup puts long after its branch was swept away is no loss, as long as nothing is only there", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    const { host, store, clock } = test;
    await fill(test, 3);
    const { updates, ...last } = await readJson(host, (await headOf(test)).segments.at(-1)?.key ?? "");
    const [third] = updates as JsonObject[];
    await write(test, 1, [4]);
    const end = toTimestamp(clock.now + 60_000);
    const stray = async (seqsHeld: readonly number[]) => {
      const held = seqsHeld.map((seq) => {
        return { ...encodeUpdate(testUpdate(1, seq)), timestamp: third?.timestamp ?? "" };
      });
      const body = { ...last, fromHash: "f".repeat(64), through: formatTimestamp(end), updates: held };
      const parsed = parseSegment(body);
      if (!parsed.ok) throw new Error(parsed.reason);
      const hash = hashLog(parsed.value.fromHash, parsed.value.updates, host.platform.sha256);
      const key = builtKey({ kind: "segments", store, through: end, rev: 5, nonce: `s${seqsHeld.join("")}` });
      await writeJson(host, key, { ...body, hash });
      return key;
    };
    // In the log, and still raw.
    await stray([3, 4]);
    await loseHead(test);
    expect((await recover(test)).lost).toEqual([]);
    await loseHead(test);
    const other = await stray([3, 5]);
    const beside = expect.stringContaining(
      `${other} lies beside the log, and 1 of its updates are nowhere else`,
    );
    await expect(recover(test)).rejects.toMatchObject({ kind: "corrupt", what: beside });
    // Nothing of it is in the log: then it may go on behind a gap.
    await host.bucket.delete([other]);
    const behind = await stray([4]);
    const gap = expect.stringContaining(`${behind} begins at`);
    await expect(recover(test)).rejects.toMatchObject({ kind: "corrupt", what: gap });
  });

  it("a branch that really was the log for a while, and holds what nothing else does, is not left without a word", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    const { host, store } = test;
    await fill(test, 3);
    const old = await readJson(host, headKey(store));
    await loseHead(test);
    await recover(test);
    for (const seq of [4, 5]) {
      await write(test, 1, [seq]);
      await newRollup(test).round();
    }
    // Against all advice the old head is put back over the recovered one, and both have gone on.
    await writeJson(host, headKey(store), old);
    for (const seq of [1, 2]) {
      await write(test, 2, [seq]);
      await newRollup(test).round();
    }
    await loseHead(test);
    await expect(recover(test)).rejects.toMatchObject({
      kind: "corrupt",
      what: expect.stringMatching(/lies beside the log, and 1 of its updates/),
    });
    expect((await recover(test, { acceptLoss: true })).lost).not.toEqual([]);
    expect(await logOf(test)).toEqual(seqs(1, 5));
    await expectSound(test);
  });

  it("the log of the head that came back is kept, though a recovery was killed before that", async () => {
    const test = await createTestStore({ mergeFanIn: 1_000 });
    const { host, store } = test;
    await fill(test, 3);
    const head = await readJson(host, headKey(store));
    const { segments } = await headOf(test);
    // What a recovery that joined two ends left behind, of a rev that the old head never comes near.
    const last = segments.at(-1);
    const name = parseBuiltKey(last?.key ?? "");
    if (!name) throw new Error("no name");
    await writeJson(host, builtKey({ ...name, rev: 1_000_000_000 }), await readJson(host, last?.key ?? ""));
    await writeJson(host, headKey(store), head);
    for (const seq of [4, 5, 6]) {
      await write(test, 1, [seq]);
      await newRollup(test).round();
    }
    await loseHead(test);
    expect((await recover(test)).lost).toEqual([]);
    expect(await logOf(test)).toEqual(seqs(1, 6));
    await expectSound(test);
  });
});
