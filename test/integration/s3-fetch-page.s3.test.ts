/** The S3 bucket over fetch in a page of a real browser, at a real server, under CORS rules that expose much, little or nothing. */
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describeS3, newBucket, server } from "../ceph/s3-tests.ts";
import type * as inPage from "../fixtures/bucket-page.ts";
import { bucketWithRules, startSite } from "../fixtures/bucket-site.ts";
import { describePages, launchChromium } from "../pages/chromium.ts";
import { ask, bundlePage, openPage } from "../pages/site.ts";

describeS3("The S3 bucket over fetch in a page", () => {
  describePages("of a real browser", () => {
    let site: Awaited<ReturnType<typeof startSite>>;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    const keys = {
      accessKeyId: server?.accessKeyId ?? "",
      secretAccessKey: server?.secretAccessKey ?? "",
    };

    beforeAll(async () => {
      [site, browser] = await Promise.all([
        bundlePage(new URL("../fixtures/bucket-page.ts", import.meta.url)).then(startSite),
        launchChromium(),
      ]);
    });
    afterAll(async () => {
      await browser?.close();
      site?.server.close();
    });
    beforeEach(async () => {
      context = await browser.newContext();
      page = await openPage(context, site.origin);
    });
    afterEach(() => context.close());

    it.each([
      ["all that is asked for", ["ETag", "Date", "Last-Modified", "Content-Encoding"]],
      ["the etag alone", ["ETag"]],
    ])("does everything under rules that expose %s", async (_, exposed) => {
      const address = await bucketWithRules(site.origin, ...exposed);
      const report = await ask<typeof inPage.run>(page, "run", address, keys);
      expect(report).toMatchObject({
        stored: "stored",
        again: "refused",
        swapped: "stored",
        stale: "refused",
        unchanged: "unchanged",
        absent: "absent",
        listed: ["a b/+u.json", "packed.json"],
        left: ["packed.json"],
        packedStart: [0x1f, 0x8b],
        packed: { list: expect.arrayContaining(["item 0", "item 1999"]) },
      });
      expect(report.start).toBeGreaterThan(100);
      // No nearer than answers take.
      expect(Math.abs(report.aheadMs)).toBeLessThan(3_000 + report.tookMs);
    });

    it("names the rules that are missing: those that expose the etag, and any at all", async () => {
      const hidden = await bucketWithRules(site.origin, "Date");
      await expect(ask<typeof inPage.run>(page, "run", hidden, keys)).rejects.toThrow(
        /hide their ETag from this page.*CORS rules expose the headers ETag/,
      );
      expect(await ask<typeof inPage.read>(page, "read", await newBucket(), keys)).toMatch(
        /^unavailable: .*FetchFailed.*CORS rules must allow/,
      );
    });
  });
});
