/** Tabs of one browser on one page, a server that can fail, its rollup, and what is asked of all of them. For one test file at a time. */
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { scanLog } from "../../../shared/drive/store.ts";
import type { Model } from "../../../shared/model/model.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { type ApiServer, startApi } from "../../fixtures/api-server.ts";
import { pairsModel } from "../../fixtures/pairs-model.ts";
import { launchChromium } from "../chromium.ts";
import { ask, bundlePage, openPage, serveSite } from "../site.ts";
import type * as inPage from "./tabs-page.ts";

export const origin = "http://app.localhost";
/** Some ten seconds of silence, the question before them, and a busy machine. */
export const replaced = { timeout: 60_000, interval: 200 };
export const soon = { timeout: 45_000, interval: 50 };

export const put = (page: Page, ...keys: readonly string[]) => ask<typeof inPage.put>(page, "put", keys);
export const keysOf = (page: Page) => ask<typeof inPage.keys>(page, "keys");
export const statusOf = (page: Page) => ask<typeof inPage.status>(page, "status");
export const leads = (page: Page) => ask<typeof inPage.leads>(page, "leads");
export const outbox = (page: Page) => ask<typeof inPage.outbox>(page, "outbox");
export const heard = (page: Page) => ask<typeof inPage.heard>(page, "heard");

export interface TabsWorld {
  readonly browser: Browser;
  readonly context: BrowserContext;
  readonly server: ApiServer;
  /** The server fails, or works again. */
  fail(isDown: "all" | "writes" | null): void;
  /** What the server takes actions of. @default the pairs of release 1 */
  serve(model: Model<unknown>): void;
  /** A profile whose pages may reach this machine's server. */
  newContext(): Promise<BrowserContext>;
  openTab(options?: inPage.Opening): Promise<Page>;
  /** The first one leads. */
  openTabs(options?: inPage.Opening): Promise<readonly [Page, Page]>;
  log(): Promise<readonly StampedUpdate[]>;
  logged(): Promise<readonly string[]>;
  /** The log holds each of them exactly once, those of one tab in their order, all of one app whose seqs rise without a gap. */
  expectLogged(...tabs: readonly (readonly string[])[]): Promise<void>;
  expectShown(page: Page, keys: readonly string[]): Promise<void>;
  freeze(page: Page): Promise<{ thaw(): void }>;
  /** The network goes, and the tab that leads has met it: no round is under way that could still send. */
  goOffline(leader: Page): Promise<void>;
}

/** Call it in a suite: it begins and ends with each of its tests. */
export function useTabs(): TabsWorld {
  let script: string;
  let browser: Browser;
  let context: BrowserContext;
  let server: ApiServer;
  let rolling: Promise<void>;
  let ended = false;
  let isDown: Parameters<TabsWorld["fail"]>[0] = null;
  let served: Model<unknown>;

  async function roll(): Promise<void> {
    while (!ended) {
      await server.rollup();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  beforeAll(async () => {
    [script, browser] = await Promise.all([
      bundlePage(new URL("./tabs-page.ts", import.meta.url)),
      launchChromium(),
    ]);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    isDown = null;
    served = pairsModel as unknown as Model<unknown>;
    server = await startApi({
      models: () => served,
      corsOrigins: [origin],
      authorize({ intent }) {
        if (isDown === "all" || (isDown === "writes" && intent === "write")) throw new Error("down");
        return true;
      },
    });
    ended = false;
    rolling = roll();
    context = await world.newContext();
  });
  afterEach(async () => {
    await context.close();
    ended = true;
    await rolling;
    await server.close();
  });

  const world: TabsWorld = {
    get browser() {
      return browser;
    },
    get context() {
      return context;
    },
    get server() {
      return server;
    },
    fail(down) {
      isDown = down;
    },
    serve(model) {
      served = model;
    },
    async newContext() {
      const made = await browser.newContext({ permissions: ["local-network-access"] });
      await serveSite(made, origin, script);
      return made;
    },
    async openTab(options = {}) {
      const page = await openPage(context, origin);
      await ask<typeof inPage.open>(page, "open", server.url, options);
      return page;
    },
    async openTabs(options) {
      const [one, other] = [await world.openTab(options), await world.openTab(options)];
      expect([await leads(one), await leads(other)]).toEqual([true, false]);
      return [one, other];
    },
    async log() {
      const updates: StampedUpdate[] = [];
      await scanLog(server.host, {
        store: server.store,
        onRange: (range) => void updates.push(...range.updates),
      });
      return updates;
    },
    async logged() {
      const updates = await world.log();
      return updates.flatMap(({ actions }) => actions.map(({ data }) => (data as { key: string }).key));
    },
    async expectLogged(...tabs) {
      const all = tabs.flat().sort();
      await vi.waitFor(async () => expect([...(await world.logged())].sort()).toEqual(all), replaced);
      const logged = await world.logged();
      for (const tab of tabs) expect(logged.filter((key) => tab.includes(key))).toEqual(tab);
      const updates = await world.log();
      expect(new Set(updates.map(({ app }) => app)).size).toBe(1);
      expect(updates.map(({ seq }) => seq)).toEqual(updates.map((_, i) => i + 1));
    },
    async expectShown(page, keys) {
      const all = [...keys].sort();
      await vi.waitFor(
        async () =>
          expect({
            shown: await keysOf(page),
            confirmed: await ask<typeof inPage.confirmedKeys>(page, "confirmedKeys"),
            status: await statusOf(page),
          }).toEqual({
            shown: all,
            confirmed: all,
            status: expect.objectContaining({
              phase: expect.stringMatching(/idle|syncing/),
              pending: 0,
              trouble: null,
            }),
          }),
        soon,
      );
    },
    freeze: (page) => freeze(browser, page),
    async goOffline(leader) {
      await context.setOffline(true);
      await vi.waitFor(async () => expect((await statusOf(leader)).phase).toBe("offline"), soon);
    },
  };
  return world;
}

export async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  page.goto("chrome://crash").catch(() => undefined);
  await crashed;
  await page.close();
}

/** A page that runs answers sooner, on a busy machine, too. */
const frozenMs = 5_000;

/**
 * Lets the page stand still whatever it does, as on a sleeping phone, until `thaw`: Chromium's own freezing spares a page that is shown.
 * Its process is the one without which it does not answer.
 */
async function freeze(browser: Browser, page: Page): Promise<{ thaw(): void }> {
  const tools = await browser.newBrowserCDPSession();
  const { processInfo } = await tools.send("SystemInfo.getProcessInfo");
  for (const { id } of processInfo.filter(({ type }) => type === "renderer")) {
    process.kill(id, "SIGSTOP");
    const answer = await Promise.race([page.evaluate("1"), new Promise((end) => setTimeout(end, frozenMs))]);
    if (answer === undefined) return { thaw: () => process.kill(id, "SIGCONT") };
    process.kill(id, "SIGCONT");
  }
  throw new Error("no process is this page's");
}
