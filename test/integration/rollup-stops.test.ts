/** Rollups that are stopped anywhere, in folds and in rounds, two of them and one without a model: whatever snapshot is listed says what the log says. */
import { afterAll, expect, test } from "vitest";
import { auditStore } from "../../shared/drive/audit.ts";
import { createReplay } from "../../shared/drive/replay.ts";
import { createRollup, type Rollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { readStoreHead } from "../../shared/drive/store.ts";
import { StoreError } from "../../shared/errors.ts";
import { stateHash } from "../../shared/fold/fold.ts";
import type { AbortSignalLike } from "../../shared/ports/platform.ts";
import { zeroTimestamp } from "../../shared/wire/time.ts";
import { createRandom } from "../../test-kit/random.ts";
import { guarded } from "../fixtures/lost-head.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { pairsModel2 } from "../fixtures/pairs-model-2.ts";
import { createTestStore, testUpdate } from "../fixtures/store-host.ts";

/** Aborted once it was looked at so often. */
function createStop() {
  let looks = Number.POSITIVE_INFINITY;
  const signal: AbortSignalLike = {
    get aborted() {
      looks -= 1;
      return looks < 0;
    },
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  };
  return {
    signal,
    after(count: number) {
      looks = count;
    },
  };
}

/** Snapshots that were written before their fold had come to its end. */
let parts = 0;
afterAll(() => expect(parts).toBeGreaterThan(seeds.length));

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

test.each(seeds)(
  "A snapshot of a fold that was stopped on its way is a true one, with seed %i.",
  async (seed) => {
    const random = createRandom(seed);
    const roll = (count: number) => Math.floor(random.fraction() * count);
    const world = await createTestStore({
      segmentsListedAim: 6,
      segmentsSinceSnapshotMax: 1,
      snapshotBytesMin: 0,
      mergeFanIn: 3,
      inlineBytesMax: 0,
      parallelGets: 1,
    });
    const { host, store } = world;
    const newOne = () => {
      const [rounds, folds] = [createStop(), createStop()];
      const stopped: Host = { ...host, signal: rounds.signal };
      const model = roll(4) > 0 ? { model: pairsModel, foldSignal: folds.signal } : {};
      return { rollup: createRollup(stopped, { store, ...model }), rounds, folds };
    };
    const rollups = [newOne(), newOne()];
    const round = async (rollup: Rollup): Promise<void> => {
      await rollup.round().catch((error) => {
        if (!(error instanceof StoreError) || error.kind !== "closed") throw error;
      });
    };
    const seen = new Set<string>();
    let seq = 0;
    let after = zeroTimestamp;
    for (let step = 0; step < 60; step++) {
      for (let updates = roll(3); updates > 0; updates--) {
        world.clock.now += 1 + roll(50);
        const outcome = await world.writer.append({ ...testUpdate(1, ++seq), after });
        if (outcome.is === "stored") after = outcome.timestamp;
      }
      world.clock.now += 5_000;
      const which = roll(2);
      // Lambda has ended it now and then.
      if (roll(6) === 0) rollups[which] = newOne();
      const { rollup, rounds, folds } = rollups[which] ?? newOne();
      rounds.after(roll(3) === 0 ? roll(12) : Number.POSITIVE_INFINITY);
      folds.after(roll(3) > 0 ? roll(8) : Number.POSITIVE_INFINITY);
      await round(rollup);

      const { snapshots, publishedThrough } = (await readStoreHead(host, store)).head;
      const entry = snapshots[1];
      if (entry === undefined || seen.has(entry.key)) continue;
      seen.add(entry.key);
      if (entry.through < publishedThrough) parts += 1;
      const fold = await createReplay(host, { store, model: pairsModel, fromStart: true }).advanceTo(
        entry.through,
      );
      expect(entry.stateHash).toBe(stateHash(fold, host.platform.sha256));
    }
    // When nothing stops them any more, all is published and folded.
    const last = createRollup(host, { store, model: pairsModel });
    world.clock.now += 5_000;
    for (let more = true; more; ) more = (await last.round()).more;
    const fold = await createReplay(host, { store, model: pairsModel, fromStart: true }).advanceTo();
    expect(fold.state().pairs.size).toBe(seq);
    expect(seen.size).toBeGreaterThan(3);
  },
);

test("A fold that stands before an update of a newer model version, inside a segment, writes no snapshot when it is stopped.", async () => {
  const { host, store, writer, clock } = await createTestStore({
    segmentsSinceSnapshotMax: 1,
    snapshotBytesMin: 0,
    inlineBytesMax: 0,
  });
  let after = zeroTimestamp;
  const append = async (seq: number, modelVersion: number): Promise<void> => {
    clock.now += 10;
    const outcome = await writer.append({ ...testUpdate(1, seq), after, modelVersion });
    if (outcome.is === "stored") after = outcome.timestamp;
  };
  const folds = createStop();
  const old = createRollup(host, { store, model: pairsModel, foldSignal: folds.signal });
  await append(1, 1);
  clock.now += 5_000;
  expect((await old.round()).trouble).toBeNull();
  for (const seq of [2, 3]) await append(seq, 1);
  for (const seq of [4, 5]) await append(seq, 2);
  clock.now += 5_000;
  expect((await old.round()).trouble?.kind).toBe("incompatible");
  const before = (await readStoreHead(host, store)).head.snapshots[1];
  folds.after(0);
  expect((await old.round()).trouble?.kind).toBe("closed");
  expect((await readStoreHead(host, store)).head.snapshots[1]).toEqual(before);
  const next = createRollup(host, { store, model: pairsModel2 });
  for (let more = true; more; ) {
    const report = await next.round();
    expect(report.trouble).toBeNull();
    more = report.more;
  }
  const fold = await createReplay(host, { store, model: pairsModel2 }).advanceTo();
  expect(fold.state().pairs.size).toBe(5);
  expect((await auditStore(host, { store, model: pairsModel2 })).findings).toEqual([]);
});

test.each(seeds)(
  "Rounds of one rollup that are asked for at once share what is warm one after another, with seed %i.",
  async (seed) => {
    const random = createRandom(seed);
    const { host, store, writer, clock } = await createTestStore({
      segmentsSinceSnapshotMax: 1,
      snapshotBytesMin: 0,
      inlineBytesMax: 0,
    });
    const slow = guarded(host, async () => {
      for (let turns = Math.floor(random.fraction() * 8); turns > 0; turns--)
        await new Promise<void>((resolve) => setImmediate(resolve));
    });
    const [mine, other] = [1, 2].map(() => createRollup(slow, { store, model: pairsModel }));
    for (let seq = 1; seq <= 30; seq++) {
      clock.now += 10;
      await writer.append(testUpdate(1, seq));
      clock.now += 5_000;
      // What the other one lists makes this one's fold begin anew.
      await Promise.all([mine, other, mine, mine].map((rollup) => rollup?.round().catch(conflictOnly)));
    }
    await other?.round();
    const fold = await createReplay(host, { store, model: pairsModel }).advanceTo();
    expect(fold.state().pairs.size).toBe(30);
  },
);

function conflictOnly(error: unknown): void {
  if (!(error instanceof StoreError) || error.kind !== "conflict") throw error;
}
