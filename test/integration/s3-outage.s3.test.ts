/** A server of its own that is killed, restarted and takes the credentials away, while a store is at work on it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { createS3Bucket } from "../../bucket/s3/s3-bucket.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore } from "../../shared/drive/store.ts";
import { newSettings } from "../../shared/settings.ts";
import { addressOf, makeBucket } from "../ceph/buckets.ts";
import { type Ceph, startCeph } from "../ceph/ceph.ts";
import { describeS3 } from "../ceph/s3-tests.ts";
import { publishAll, startLoad } from "../faults/load.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { checkStore } from "../stress/check.ts";
import { stressSettings } from "../stress/child.ts";

const settings = newSettings({ ...stressSettings, backOffMaxMs: 400 });

describeS3("A store on a server that fails under load", () => {
  let ceph: Ceph;
  let address: string;
  const newHost = async (): Promise<Host> => ({
    bucket: createS3Bucket(address),
    platform: createNodePlatform(),
    settings,
  });

  beforeAll(async () => {
    ceph = await startCeph();
    await makeBucket(ceph.endpoint, "outage");
    address = addressOf("outage", ceph.endpoint);
  });
  afterAll(() => ceph.stop());

  it("loses and doubles nothing when the gateway is killed and restarted, twice", async () => {
    const store = testStoreId("killed");
    const host = await newHost();
    await createStore(host, store);
    const load = startLoad({ store, writers: 4, updates: 60, rollups: 2, newHost });
    for (const enough of [30, 100]) {
      await until(() => load.acknowledged.length >= enough);
      await ceph.killGateway();
      // What it had answered before may still arrive.
      await host.platform.wait(500);
      const during = load.acknowledged.length;
      await host.platform.wait(1_000);
      expect(load.acknowledged.length).toBe(during);
      await ceph.startGateway();
    }
    await load.done;
    await publishAll(host, store);
    const verdict = await checkStore(host, store, { acknowledged: load.acknowledged, writers: 4 });
    expect(verdict).toMatchObject({ acknowledged: 240, replayed: 240, lost: 0, doubled: 0, faults: [] });
  });

  it("keeps what is unsent when the credentials end half-way, says so, and goes on with new ones", async () => {
    const store = testStoreId("expired");
    const host = await newHost();
    await createStore(host, store);
    const load = startLoad({ store, writers: 4, updates: 100, rollups: 1, newHost });
    await until(() => load.acknowledged.length >= 20);
    await ceph.removeKeys();
    await until(() => load.troubles.has("unauthorized"));
    expect(load.acknowledged.length).toBeLessThan(400);
    await ceph.restoreKeys();
    await load.done;
    await publishAll(host, store);
    const verdict = await checkStore(host, store, { acknowledged: load.acknowledged, writers: 4 });
    expect(verdict).toMatchObject({ acknowledged: 400, replayed: 400, lost: 0, doubled: 0, faults: [] });
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
