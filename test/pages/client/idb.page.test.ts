import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describePages, launchChromium } from "../chromium.ts";
import { ask, bundlePage, openPage, serveSite } from "../site.ts";
import type * as inPage from "./rows-page.ts";

const origin = "https://app.test";
let script: string;
let browser: Browser;
let context: BrowserContext;

const open = (page: Pick<Page, "evaluate">) => ask<typeof inPage.open>(page, "open", "family");
const put = (page: Page, key: string) => ask<typeof inPage.put>(page, "put", key, "1");
const keys = (page: Page) => ask<typeof inPage.keys>(page, "keys");
const close = (page: Page) => ask<typeof inPage.close>(page, "close");

describePages("The IndexedDB storage in pages of one browser", () => {
  beforeAll(async () => {
    [script, browser] = await Promise.all([
      bundlePage(new URL("./rows-page.ts", import.meta.url)),
      launchChromium(),
    ]);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext();
    await serveSite(context, origin, script);
  });
  afterEach(() => context.close());

  it("is one tab's at a time: another is refused until the first closes the store, or the tab", async () => {
    const [one, other] = [await openPage(context, origin), await openPage(context, origin)];
    expect(await open(one)).toBe("done");
    expect(await put(one, "a")).toBe("done");
    expect(await open(other)).toMatch(/^conflict: Store "family" is open already, here or in another tab/);
    await close(one);
    expect(await open(other)).toBe("done");
    expect(await keys(other)).toEqual(["a"]);
    expect(await open(one)).toMatch(/^conflict/);
    await other.close();
    // The browser frees its lock when it gets to it.
    await expect.poll(() => open(one)).toBe("done");
    expect(await keys(one)).toEqual(["a"]);
  });

  it("is there at once after a reload, with every row that was acknowledged", async () => {
    const page = await openPage(context, origin);
    for (let times = 0; times < 10; times++) {
      expect(await open(page)).toBe("done");
      expect(await keys(page)).toHaveLength(times);
      expect(await put(page, `row ${times}`)).toBe("done");
      await page.reload();
    }
  });

  it("has every acknowledged row after the tab's process was killed", async () => {
    const page = await openPage(context, origin);
    await open(page);
    for (const key of ["a", "b", "c"]) expect(await put(page, key)).toBe("done");
    const crashed = page.waitForEvent("crash");
    page.goto("chrome://crash").catch(() => undefined);
    await crashed;
    const next = await openPage(context, origin);
    await expect.poll(() => open(next)).toBe("done");
    expect(await keys(next)).toEqual(["a", "b", "c"]);
  });

  it("is refused, with advice, in a frame that may store nothing", async () => {
    const page = await openPage(context, origin);
    await page.setContent(`<iframe sandbox="allow-scripts" src="${origin}/frame"></iframe>`);
    const frame = page.frames()[1];
    await frame?.waitForLoadState();
    expect(frame && (await open(frame))).toMatch(
      /^unauthorized: Could not open the local storage .* the browser does not let this page store anything .*Allow site data/,
    );
  });

  it("asks for HTTPS on a page that came without it", async () => {
    await serveSite(context, "http://app.test", script);
    const page = await openPage(context, "http://app.test");
    expect(await open(page)).toMatch(/^incompatible: There are no Web Locks here.*Serve the page over HTTPS/);
  });
});

describePages("The IndexedDB storage under a real quota", () => {
  const quota = 5_000_000;
  const tooMuch = 6_000_000;
  let page: Page;
  let setQuota: (bytes: number | null) => Promise<void>;

  beforeAll(async () => {
    [script, browser] = await Promise.all([
      bundlePage(new URL("./rows-page.ts", import.meta.url)),
      launchChromium(),
    ]);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext();
    await serveSite(context, origin, script);
    page = await openPage(context, origin);
    const tools = await context.newCDPSession(page);
    setQuota = async (bytes) => {
      await tools.send("Storage.overrideQuotaForOrigin", {
        origin,
        ...(bytes === null ? {} : { quotaSize: bytes }),
      });
    };
    // Before the first use: Chromium remembers for half a minute how much there was.
    await setQuota(quota);
  });
  afterEach(() => context.close());

  it("refuses a commit whole that does not fit, keeps every row, and takes it when there is space", async () => {
    await open(page);
    await put(page, "a");
    expect(await ask<typeof inPage.putLarge>(page, "putLarge", "large", tooMuch)).toMatch(
      /^limit: Could not save .*storage for this site is full.*Free space .*kept in memory and tried again/,
    );
    // Chromium may count what it has just thrown away for a moment longer.
    await expect.poll(() => put(page, "b"), { timeout: 45_000 }).toBe("done");
    expect(await keys(page)).toEqual(["a", "b"]);
    await setQuota(null);
    expect(await ask<typeof inPage.putLarge>(page, "putLarge", "large", tooMuch)).toBe("done");
    await page.reload();
    await open(page);
    expect(await keys(page)).toEqual(["a", "b", "large"]);
  });

  it("lets an app work on: what could not be saved is shown, told, and saved when there is space", async () => {
    const act = (key: string, chars: number) => ask<typeof inPage.act>(page, "act", key, chars);
    const shown = () => ask<typeof inPage.shown>(page, "shown");
    expect(await ask<typeof inPage.openClient>(page, "openClient", "family")).toBe("done");
    expect(await act("before", 1)).toBe("done");
    expect(await act("during", tooMuch)).toMatch(/^limit: /);
    expect(await shown()).toEqual({ keys: ["before", "during"], pending: 2, trouble: "limit" });
    // It waits together with what did not fit.
    expect(await act("next", 1)).toMatch(/^limit: /);
    await setQuota(null);
    expect(await act("after", 1)).toBe("done");
    const all = ["after", "before", "during", "next"];
    expect(await shown()).toEqual({ keys: all, pending: 4, trouble: null });
    await page.reload();
    expect(await ask<typeof inPage.openClient>(page, "openClient", "family")).toBe("done");
    expect(await shown()).toEqual({ keys: all, pending: 4, trouble: null });
    expect(await ask<typeof inPage.closeClient>(page, "closeClient")).toBe("done");
  });
});
