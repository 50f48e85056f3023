/** Direct mode in real browsers at a real S3 server: no server of ours, the page itself runs the protocol. Only a rollup runs elsewhere. */
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createNodePlatform } from "../../bucket/platform/node.ts";
import { openBucket } from "../../bucket/url.ts";
import { createRollup } from "../../shared/drive/rollup.ts";
import type { Host } from "../../shared/drive/run.ts";
import { createStore, scanLog } from "../../shared/drive/store.ts";
import type { Model } from "../../shared/model/model.ts";
import { newSettings } from "../../shared/settings.ts";
import type { StampedUpdate } from "../../shared/wire/update.ts";
import { describeS3, server } from "../ceph/s3-tests.ts";
import { bucketWithRules, startSite } from "../fixtures/bucket-site.ts";
import type * as inPage from "../fixtures/direct-page.ts";
import { pairsModel } from "../fixtures/pairs-model.ts";
import { testStoreId } from "../fixtures/store-host.ts";
import { describePages, launchChromium } from "../pages/chromium.ts";
import { ask, bundlePage, openPage } from "../pages/site.ts";

describeS3("Two browsers in direct mode", () => {
  describePages("at one store", () => {
    const store = testStoreId("main");
    const platform = createNodePlatform();
    const keys = { accessKeyId: server?.accessKeyId ?? "", secretAccessKey: server?.secretAccessKey ?? "" };
    let site: Awaited<ReturnType<typeof startSite>>;
    let browser: Browser;
    let contexts: BrowserContext[];
    let host: Host;
    let address: string;

    beforeAll(async () => {
      const script = await bundlePage(new URL("../fixtures/direct-page.ts", import.meta.url));
      [site, browser] = await Promise.all([startSite(script), launchChromium()]);
    });
    afterAll(async () => {
      await browser?.close();
      site?.server.close();
    });
    beforeEach(async () => {
      contexts = [];
      address = await bucketWithRules(site.origin, "ETag", "Date", "Last-Modified", "Content-Encoding");
      const settings = newSettings({ graceMs: 100 });
      host = { bucket: await openBucket(address, platform), platform, settings };
      await createStore(host, store);
    });
    afterEach(async () => {
      for (const context of contexts) await context.close();
    });

    async function person(): Promise<Page> {
      const context = await browser.newContext();
      contexts.push(context);
      return begin(await openPage(context, site.origin));
    }

    async function begin(page: Page): Promise<Page> {
      await ask<typeof inPage.open>(page, "open", address, keys);
      return page;
    }

    const put = (page: Page, key: string) => ask<typeof inPage.put>(page, "put", key, key);
    const sync = (page: Page) => ask<typeof inPage.sync>(page, "sync");
    const look = (page: Page) => ask<typeof inPage.look>(page, "look");

    async function rollup(): Promise<void> {
      // The service's Date has whole seconds: what was just stored lies behind the seal a second later.
      await platform.wait(1_300);
      const rolling = createRollup(host, { store, model: pairsModel as unknown as Model<unknown> });
      while ((await rolling.round({ hint: true })).more);
    }

    async function actionsInLog(): Promise<readonly unknown[]> {
      const updates: StampedUpdate[] = [];
      await scanLog(host, { store, onRange: (range) => void updates.push(...range.updates) });
      return updates.flatMap(({ actions }) => actions.map(({ data }) => (data as { key: string }).key));
    }

    it("write, see each other's work in the tail and then in the log, and hold each action once", async () => {
      const [anna, ben] = await Promise.all([person(), person()]);
      await put(anna, "a1");
      await put(anna, "a2");
      await put(ben, "b1");
      await sync(anna);
      await sync(ben);
      await sync(anna);
      expect((await look(anna)).shown).toEqual(["a1", "a2", "b1"]);
      expect((await look(ben)).shown).toEqual(["a1", "a2", "b1"]);
      await rollup();
      await Promise.all([sync(anna), sync(ben)]);
      // A poll of its own may be under way.
      for (const page of [anna, ben])
        await expect
          .poll(() => look(page))
          .toMatchObject({
            confirmed: ["a1", "a2", "b1"],
            pending: 0,
            dead: 0,
            phase: "idle",
          });
      expect([...(await actionsInLog())].sort()).toEqual(["a1", "a2", "b1"]);
    });

    it("keep what was made offline over a reload, and send it once when they are back", async () => {
      const anna = await person();
      await sync(anna);
      await anna.context().setOffline(true);
      await put(anna, "offline");
      await expect(sync(anna)).rejects.toThrow();
      // A try of its own may be under way.
      await expect.poll(() => look(anna)).toMatchObject({ shown: ["offline"], pending: 1, phase: "offline" });
      await anna.context().setOffline(false);
      await anna.reload();
      await begin(anna);
      await sync(anna);
      await rollup();
      await sync(anna);
      expect(await look(anna)).toMatchObject({ confirmed: ["offline"], pending: 0, dead: 0 });
      expect(await actionsInLog()).toEqual(["offline"]);
    });
  });
});
