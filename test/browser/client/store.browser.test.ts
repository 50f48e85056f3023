import { expect, it } from "vitest";
import { createMemoryBucket } from "../../../bucket/memory.ts";
import { openStore } from "../../../client/open-store.ts";
import { createWebPlatform } from "../../../client/platform.ts";
import { bucketRemote } from "../../../client/remote/bucket.ts";
import type { Remote } from "../../../client/remote/remote.ts";
import { createStore } from "../../../shared/drive/store.ts";
import { defaultSettings } from "../../../shared/settings.ts";
import { storeId } from "../../../test-kit/local-contract-parts.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";
import { describeBrowser, newLocal } from "../browser-tests.ts";

const store = storeId("family");
const platform = createWebPlatform();
const actions = 100;

describeBrowser("A store in a browser", () => {
  it(`writes ${actions} actions without a remote, is closed, and finds them when it is opened again`, async () => {
    const { local } = newLocal();
    const open = (remote?: Remote) =>
      openStore({ model: pairsModel, storeId: store, local, platform, ...(remote ? { remote } : {}) });
    const first = open();
    const saved = Array.from(
      { length: actions },
      (_, i) => first.do.put({ key: `k${i}`, value: i }).savedLocally,
    );
    await Promise.all(saved);
    await first.close();

    const second = open();
    await second.loaded;
    expect(second.sync.status.pending).toBe(actions);
    for (let i = 0; i < actions; i++) expect(second.state.pairs.get(`k${i}`)?.value).toBe(i);
    await second.close();
  });

  it("sends what it wrote without a remote as soon as it has one, and keeps what came from there", async () => {
    const { local } = newLocal();
    const bucket = createMemoryBucket();
    await createStore({ bucket, platform, settings: defaultSettings }, store);
    const remote = bucketRemote(bucket, platform, defaultSettings);
    const open = (to: Partial<{ readonly remote: Remote }>, at = local) =>
      openStore({ model: pairsModel, storeId: store, local: at, platform, ...to });

    const alone = open({});
    await alone.do.put({ key: "alone", value: 1 }).savedLocally;
    await alone.close();
    const sending = open({ remote });
    await sending.sync.now();
    const other = open({ remote }, newLocal().local);
    await other.sync.now();
    expect(other.state.pairs.get("alone")?.value).toBe(1);
    await other.close();
    await sending.close();
  });
});
