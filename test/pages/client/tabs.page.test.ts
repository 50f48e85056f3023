import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { scanLog } from "../../../shared/drive/store.ts";
import type { StampedUpdate } from "../../../shared/wire/update.ts";
import { type ApiServer, startApi } from "../../fixtures/api-server.ts";
import { describePages, launchChromium } from "../chromium.ts";
import { ask, bundlePage, openPage, serveSite } from "../site.ts";
import type * as inPage from "./tabs-page.ts";

const origin = "http://app.localhost";
/** Some ten seconds of silence, the question before them, and a busy machine. */
const replaced = { timeout: 40_000, interval: 200 };
const soon = { timeout: 20_000, interval: 100 };
let script: string;
let browser: Browser;
let context: BrowserContext;
let server: ApiServer;
let rolling: Promise<void>;
let ended = false;
/** The server fails. */
let isDown = false;

const keysOf = (page: Page) => ask<typeof inPage.keys>(page, "keys");
const put = (page: Page, ...keys: readonly string[]) => ask<typeof inPage.put>(page, "put", keys);
const statusOf = (page: Page) => ask<typeof inPage.status>(page, "status");
const leads = (page: Page) => ask<typeof inPage.leads>(page, "leads");
const outbox = (page: Page) => ask<typeof inPage.outbox>(page, "outbox");
const wish = (page: Page, name: "hold" | "release" | "drop") => ask<typeof inPage.wish>(page, "wish", name);
const names = (tab: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${tab}${String(i).padStart(3, "0")}`);

/** A profile whose pages may reach this machine's server. */
async function newContext(): Promise<BrowserContext> {
  const made = await browser.newContext({ permissions: ["local-network-access"] });
  await serveSite(made, origin, script);
  return made;
}

async function openTab(): Promise<Page> {
  const page = await openPage(context, origin);
  await ask<typeof inPage.open>(page, "open", server.url);
  return page;
}

/** The first one leads. */
async function openTabs(): Promise<readonly [Page, Page]> {
  const [one, other] = [await openTab(), await openTab()];
  expect([await leads(one), await leads(other)]).toEqual([true, false]);
  return [one, other];
}

async function logOf(): Promise<readonly StampedUpdate[]> {
  const updates: StampedUpdate[] = [];
  await scanLog(server.host, {
    store: server.store,
    onRange: (range) => void updates.push(...range.updates),
  });
  return updates;
}

async function loggedKeys(): Promise<readonly string[]> {
  return (await logOf()).flatMap(({ actions }) => actions.map(({ data }) => (data as { key: string }).key));
}

/** The log holds each of them exactly once, those of one tab in their order, all of one app whose seqs rise without a gap. */
async function expectLogged(...tabs: readonly (readonly string[])[]): Promise<void> {
  const all = tabs.flat().sort();
  await vi.waitFor(async () => expect([...(await loggedKeys())].sort()).toEqual(all), replaced);
  const logged = await loggedKeys();
  for (const tab of tabs) expect(logged.filter((key) => tab.includes(key))).toEqual(tab);
  const updates = await logOf();
  expect(new Set(updates.map(({ app }) => app)).size).toBe(1);
  expect(updates.map(({ seq }) => seq)).toEqual(updates.map((_, i) => i + 1));
}

async function expectShown(page: Page, keys: readonly string[]): Promise<void> {
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
        status: { phase: expect.stringMatching(/idle|syncing/), pending: 0, trouble: null },
      }),
    soon,
  );
}

async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  page.goto("chrome://crash").catch(() => undefined);
  await crashed;
  await page.close();
}

/**
 * Lets the page stand still whatever it does, as on a sleeping phone, until `thaw`: Chromium's own freezing spares a page that is shown.
 * Its process is the one without which it does not answer.
 */
async function freeze(page: Page): Promise<{ thaw(): void }> {
  const tools = await browser.newBrowserCDPSession();
  const { processInfo } = await tools.send("SystemInfo.getProcessInfo");
  for (const { id } of processInfo.filter(({ type }) => type === "renderer")) {
    process.kill(id, "SIGSTOP");
    const answer = await Promise.race([page.evaluate("1"), new Promise((end) => setTimeout(end, 1_000))]);
    if (answer === undefined) return { thaw: () => process.kill(id, "SIGCONT") };
    process.kill(id, "SIGCONT");
  }
  throw new Error("no process is this page's");
}

async function roll(): Promise<void> {
  while (!ended) {
    await server.rollup();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describePages("A store in several tabs of one browser", () => {
  beforeAll(async () => {
    [script, browser] = await Promise.all([
      bundlePage(new URL("./tabs-page.ts", import.meta.url)),
      launchChromium(),
    ]);
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    isDown = false;
    server = await startApi({
      corsOrigins: [origin],
      authorize() {
        if (isDown) throw new Error("down");
        return true;
      },
    });
    ended = false;
    rolling = roll();
    context = await newContext();
  });
  afterEach(async () => {
    await context.close();
    ended = true;
    await rolling;
    await server.close();
  });

  it("is written in both at once, shows the same in both, and has each action in the log once, in order", async () => {
    const [one, other] = await openTabs();
    const [left, right] = [names("a", 60), names("b", 60)];
    await Promise.all([
      ask<typeof inPage.putSlowly>(one, "putSlowly", left),
      ask<typeof inPage.putSlowly>(other, "putSlowly", right),
    ]);
    await expectLogged(left, right);
    for (const page of [one, other]) await expectShown(page, [...left, ...right]);
    expect(await ask<typeof inPage.lastIsOut>(other, "lastIsOut")).toBe("published");
    // Each tab was told of each action once, and of its own in order.
    for (const [page, own] of [[one, left] as const, [other, right] as const]) {
      const heard = await ask<typeof inPage.heard>(page, "heard");
      expect([...heard].sort()).toEqual([...left, ...right].map((key) => `local ${key}`).sort());
      expect(heard.filter((text) => own.includes(text.slice("local ".length)))).toHaveLength(own.length);
    }
  });

  it("brings another device's actions to the tab that only follows, and tells it of each once", async () => {
    const [, follower] = await openTabs();
    const device = await newContext();
    try {
      const far = await openPage(device, origin);
      await ask<typeof inPage.open>(far, "open", server.url);
      await put(far, "far 1", "far 2");
      await expectShown(follower, ["far 1", "far 2"]);
      expect(await ask<typeof inPage.heard>(follower, "heard")).toEqual(["remote far 1", "remote far 2"]);
    } finally {
      await device.close();
    }
  });

  it("lets the tab that follows ask for a round, hold an action, let it go, and drop another", async () => {
    const [one, follower] = await openTabs();
    await context.setOffline(true);
    await put(follower, "held");
    await wish(follower, "hold");
    await vi.waitFor(async () => expect((await outbox(follower))[0]?.at).toBe("held"), soon);
    await context.setOffline(false);
    await put(follower, "sent");
    await expectLogged(["sent"]);
    await vi.waitFor(async () => expect((await outbox(one)).map(({ at }) => at)).toEqual(["held"]), soon);
    await context.setOffline(true);
    await put(follower, "dropped");
    await wish(follower, "drop");
    await vi.waitFor(async () => expect(await outbox(one)).toHaveLength(1), soon);
    await context.setOffline(false);
    await ask<typeof inPage.now>(follower, "now");
    expect(await loggedKeys()).toEqual(["sent"]);
  });

  it("says in the tab that follows what the leader meets", async () => {
    const [, follower] = await openTabs();
    await context.setOffline(true);
    await vi.waitFor(async () => expect((await statusOf(follower)).phase).toBe("offline"), soon);
    await context.setOffline(false);
    await vi.waitFor(async () => expect((await statusOf(follower)).phase).toMatch(/idle|syncing/), soon);
  });

  for (const [how, end] of [
    ["is closed", (page: Page) => page.close()],
    ["crashes", crash],
  ] as const)
    it(`goes on in the other tab when the one that leads ${how}, with all that neither had sent`, async () => {
      const [one, other] = await openTabs();
      await put(one, "sent");
      await expectLogged(["sent"]);
      await context.setOffline(true);
      await put(one, "a1", "a2");
      await put(other, "b1", "b2");
      await end(one);
      await vi.waitFor(async () => expect(await leads(other)).toBe(true), soon);
      await put(other, "b3");
      await context.setOffline(false);
      await expectLogged(["sent", "a1", "a2"], ["b1", "b2", "b3"]);
      await expectShown(other, ["sent", "a1", "a2", "b1", "b2", "b3"]);
    });

  it("keeps the actions of a tab that is killed as soon as they are saved, whoever leads", async () => {
    const [one, other] = await openTabs();
    await put(other, "b1");
    await crash(other);
    await expectLogged(["b1"]);
    const third = await openTab();
    await put(one, "a1");
    await crash(one);
    await expectLogged(["b1", "a1"]);
    await expectShown(third, ["b1", "a1"]);
  });

  it("replaces a leader that is frozen; thawed it follows, and nothing is doubled", async () => {
    const [one, other] = await openTabs();
    await put(one, "a1");
    await expectLogged(["a1"]);
    isDown = true;
    await put(one, "a2");
    const { thaw } = await freeze(one);
    try {
      await put(other, "b1");
      isDown = false;
      await vi.waitFor(async () => expect(await leads(other)).toBe(true), replaced);
      await expectLogged(["a1", "a2"], ["b1"]);
      await put(other, "b2");
      await expectLogged(["a1", "a2"], ["b1", "b2"]);
    } finally {
      thaw();
    }
    await put(one, "a3");
    await put(other, "b3");
    await expectLogged(["a1", "a2", "a3"], ["b1", "b2", "b3"]);
    expect([await leads(one), await leads(other)]).toEqual([false, true]);
    for (const page of [one, other]) await expectShown(page, ["a1", "a2", "a3", "b1", "b2", "b3"]);
  });
});
