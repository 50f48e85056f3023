import { createMemoryBucket } from "../../bucket/memory.ts";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { bucketRemote } from "../../client/remote/bucket.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import { createStore } from "../../shared/drive/store.ts";
import { newSettings } from "../../shared/settings.ts";
import { storeId } from "../../test-kit/local-contract-parts.ts";
import { describeRemoteContract } from "../../test-kit/remote-contract.ts";

describeRemoteContract("The remote straight to a bucket", async () => {
  const platform = createNodePlatform();
  const bucket = createMemoryBucket();
  const settings = newSettings({ graceMs: 0, backOffMinMs: 1, backOffMaxMs: 5 });
  const host = { bucket, platform, settings };
  const store = storeId("family");
  await createStore(host, store);
  const rollup = createRollup(host, { store });
  return {
    remote: bucketRemote(bucket, platform, settings),
    store,
    async rollup() {
      // The seal stays behind the clock by a millisecond.
      await platform.wait(5);
      for (;;) if (!(await rollup.round({ hint: true })).more) return;
    },
  };
});
