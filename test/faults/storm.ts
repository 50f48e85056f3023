/** A store under faults of every kind at once: four writers and two rollups behind a proxy that spoils what it likes, then the verdict. */
import { expect } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore } from "../../shared/drive/store.ts";
import type { Bucket } from "../../shared/ports/bucket.ts";
import type { Platform } from "../../shared/ports/platform.ts";
import { newSettings } from "../../shared/settings.ts";
import { createHurriedPlatform } from "../fixtures/hurried.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { checkStore } from "../stress/check.ts";
import { stressSettings } from "../stress/child.ts";
import type { Fate, FaultyProxy } from "./http-proxy.ts";
import { publishAll, startLoad } from "./load.ts";

export type Chances = Partial<Record<Fate, number>>;

export const slowDown: Chances = { busy: 0.6 };
export const spoiltAnswers: Chances = { answerLost: 0.12, answerSpoilt: 0.12, half: 0.1, twice: 0.1 };
export const resetsAndDelays: Chances = { reset: 0.15, conflict: 0.1, late: 0.3 };
export const everythingAtOnce: Chances = {
  busy: 0.1,
  reset: 0.08,
  conflict: 0.05,
  answerLost: 0.08,
  answerSpoilt: 0.08,
  twice: 0.06,
  half: 0.06,
  late: 0.1,
};

export interface Storm {
  readonly proxy: FaultyProxy;
  /** Around the proxy. */
  readonly direct: Bucket;
  /** Through it, for one writer or rollup. */
  readonly newBucket: (platform: Platform) => Bucket;
  readonly chances: Chances;
}

/** Expects that all 32 updates were acknowledged, and that each is in the log once. */
export async function weather({ proxy, direct, newBucket, chances }: Storm): Promise<void> {
  const hurried = createHurriedPlatform();
  const settings = newSettings({ ...stressSettings, backOffMaxMs: 400 });
  const store = testStoreId("main");
  // At its own pace: what is published waits for the seal.
  const host: Host = { bucket: direct, platform: createNodePlatform(), settings };
  await createStore(host, store);
  proxy.decide(() => fateBy(chances));
  const newHost = async (): Promise<Host> => ({
    bucket: newBucket(hurried),
    platform: hurried,
    settings,
  });
  const load = startLoad({ store, writers: 4, updates: 8, rollups: 2, newHost });
  await load.done;
  proxy.decide(() => "pass");
  await publishAll(host, store);
  const verdict = await checkStore(host, store, { acknowledged: load.acknowledged, writers: 4 });
  expect(verdict).toMatchObject({ acknowledged: 32, replayed: 32, lost: 0, doubled: 0, faults: [] });
}

function fateBy(chances: Chances): Fate {
  let drawn = Math.random();
  for (const [fate, chance] of Object.entries(chances)) {
    drawn -= chance;
    if (drawn < 0) return fate as Fate;
  }
  return "pass";
}
