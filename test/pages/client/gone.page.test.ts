/** The database goes while pages have it open: what they still hold is written anew, once, by who may, and never over somebody else's. */
import type { Page } from "playwright";
import { expect, it, vi } from "vitest";
import { describePages } from "../chromium.ts";
import { ask, openPage } from "../site.ts";
import type * as inPage from "./tabs-page.ts";
import {
  crash,
  keysOf,
  leads,
  origin,
  outbox,
  put,
  replaced,
  soon,
  statusOf,
  useTabs,
} from "./tabs-world.ts";

const rawRows = (page: Page) => ask<typeof inPage.rawRows>(page, "rawRows");
const forget = (page: Page, force: boolean) => ask<typeof inPage.forget>(page, "forget", force);
const deleteDatabase = (page: Page) => ask<typeof inPage.deleteDatabase>(page, "deleteDatabase");
const kinds = async (page: Page) =>
  [...new Set(Object.keys(await rawRows(page)).map((key) => key.split("/")[0]))].sort();
const well = { pending: 0, dead: 0, trouble: null, savedLocally: true };

describePages("A store whose database goes while it is open", () => {
  const world = useTabs();

  async function clearSiteData(page: Page): Promise<void> {
    const tools = await world.context.newCDPSession(page);
    await tools.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  }

  /** Its rows are there again, by themselves. */
  async function expectWrittenAnew(page: Page, ...kept: readonly string[]): Promise<void> {
    await vi.waitFor(async () => expect(await kinds(page)).toEqual(expect.arrayContaining([...kept])), soon);
    const about = async () => (await statusOf(page)).trouble ?? "";
    await vi.waitFor(async () => {
      expect(await about()).not.toMatch(/was deleted/);
      expect(await statusOf(page)).toMatchObject({ savedLocally: true });
    }, soon);
  }

  for (const [how, remove] of [
    ["by clearing the site's data", (page: Page) => clearSiteData(page)],
    ["by a script", deleteDatabase],
  ] as const)
    it(`writes all that it holds into a new one at once, ${how}, and a reload without a server finds it`, async () => {
      const page = await world.openTab();
      await put(page, "sent");
      await world.expectLogged(["sent"]);
      await world.expectShown(page, ["sent"]);
      await world.context.setOffline(true);
      await put(page, "a1", "a2");
      await remove(page);
      await expectWrittenAnew(page, "app", "base", "place");
      await put(page, "a3");
      await page.close();
      // Pages come from the test itself, whatever the network.
      const next = await world.openTab();
      await vi.waitFor(async () => expect(await keysOf(next)).toEqual(["a1", "a2", "a3", "sent"]), soon);
      expect(await statusOf(next)).toMatchObject({ pending: 3, dead: 0 });
      await world.context.setOffline(false);
      await world.expectLogged(["sent", "a1", "a2", "a3"]);
      await world.expectShown(next, ["sent", "a1", "a2", "a3"]);
    });

  it("keeps an update that was sent and never answered under its seq, and doubles nothing", async () => {
    const page = await world.openTab();
    await put(page, "a1");
    await world.expectShown(page, ["a1"]);
    world.fail("writes");
    await put(page, "a2");
    await vi.waitFor(async () => expect((await outbox(page)).map(({ at }) => at)).toEqual(["sent"]), soon);
    await deleteDatabase(page);
    await expectWrittenAnew(page, "app", "update", "place");
    expect(await kinds(page)).not.toContain("action");
    await page.reload();
    await ask<typeof inPage.open>(page, "open", world.server.url);
    await put(page, "a3");
    world.fail(null);
    await world.expectLogged(["a1", "a2", "a3"]);
    await world.expectShown(page, ["a1", "a2", "a3"]);
  });

  it("goes on in both of two tabs, each with its own work, and in the other when the leader ends", async () => {
    const [one, other] = await world.openTabs();
    await put(one, "sent");
    await world.expectShown(other, ["sent"]);
    await world.context.setOffline(true);
    await put(one, "a1");
    await put(other, "b1");
    await clearSiteData(other);
    await expectWrittenAnew(one, "app", "base", "place");
    await put(other, "b2");
    await put(one, "a2");
    for (const page of [one, other])
      await vi.waitFor(async () => {
        expect(await keysOf(page)).toEqual(["a1", "a2", "b1", "b2", "sent"]);
        expect(await statusOf(page)).toMatchObject({ pending: 4, dead: 0, savedLocally: true });
      }, soon);
    await crash(one);
    await vi.waitFor(async () => expect(await leads(other)).toBe(true), soon);
    await world.context.setOffline(false);
    await world.expectLogged(["sent", "a1", "a2"], ["b1", "b2"]);
    await world.expectShown(other, ["sent", "a1", "a2", "b1", "b2"]);
  });

  it("shows a tab that was opened in between all that the one that leads had written anew", async () => {
    const one = await world.openTab();
    await world.context.setOffline(true);
    await put(one, "a1");
    const tool = await openPage(world.context, origin);
    const { thaw } = await world.freeze(one);
    await clearSiteData(tool);
    const other = await world.openTab().finally(thaw);
    await expectWrittenAnew(one, "app");
    await vi.waitFor(async () => expect(await keysOf(other)).toEqual(["a1"]), soon);
    await world.context.setOffline(false);
    await world.expectLogged(["a1"]);
  });

  it("does not touch what somebody else has begun in its place: it says so, and still has its work", async () => {
    const page = await world.openTab();
    await world.context.setOffline(true);
    await put(page, "a1");
    await ask<typeof inPage.replaceDatabase>(page, "replaceDatabase", '{"theirs":1}');
    await vi.waitFor(
      async () =>
        expect((await statusOf(page)).trouble).toMatch(
          /was deleted while store "main" was open.*still in memory.*open it again/,
        ),
      soon,
    );
    expect(await rawRows(page)).toEqual({ app: '{"theirs":1}' });
    expect((await outbox(page)).map(({ at }) => at)).toEqual(["waiting"]);
    await vi.waitFor(async () => expect(await leads(page)).toBe(false), soon);
    expect(await statusOf(page)).toMatchObject({ savedLocally: false });
  });

  it("leaves forgotten what another tab has forgotten, which can lead in its place", async () => {
    const [one, other] = await world.openTabs();
    await world.context.setOffline(true);
    await put(one, "secret 1");
    await vi.waitFor(async () => expect(await keysOf(other)).toEqual(["secret 1"]), soon);
    expect(await forget(other, false)).toMatch(/1 actions of store "main" are not in the log yet/);
    expect(await forget(other, true)).toBe("done");
    // Whatever the other one does now, nothing of it is kept.
    await put(one, "secret 2").catch(() => undefined);
    await vi.waitFor(async () => expect((await statusOf(one)).trouble).toMatch(/was deleted while/), soon);
    expect(await rawRows(one)).toEqual({});
    const third = await world.openTab();
    await vi.waitFor(async () => expect(await leads(third)).toBe(true), replaced);
    await world.context.setOffline(false);
    await put(third, "new");
    await world.expectLogged(["new"]);
    // What the new leader says of itself is not taken for this tab's.
    expect(await statusOf(one)).toMatchObject({ savedLocally: false, trouble: expect.any(String) });
    expect(Object.values(await rawRows(third)).join()).not.toContain("secret");
  });

  it("makes the tab that takes over the heir where the leader sleeps: nothing is lost or sent twice", async () => {
    const [one, other] = await world.openTabs();
    await put(one, "a1");
    await world.expectShown(other, ["a1"]);
    world.fail("writes");
    await put(one, "a2");
    await vi.waitFor(async () => expect((await outbox(other)).map(({ at }) => at)).toEqual(["sent"]), soon);
    await put(other, "b1");
    await vi.waitFor(async () => expect(await outbox(one)).toHaveLength(2), soon);
    const { thaw } = await world.freeze(one);
    try {
      // The frozen page cannot close its connection: the request waits, and clearing does not.
      await clearSiteData(other);
      const unsaved = put(other, "b2").catch(() => undefined);
      await vi.waitFor(async () => expect(await leads(other)).toBe(true), replaced);
      world.fail(null);
      await unsaved;
      // What had a seq, and what nobody else can have known of, is sent; a person decides of the rest.
      await vi.waitFor(
        async () => expect([...(await world.logged())].sort()).toEqual(["a1", "a2", "b2"]),
        soon,
      );
      await vi.waitFor(async () => expect(await statusOf(other)).toMatchObject({ ...well, dead: 1 }), soon);
      const letter = (await outbox(other)).find(({ at }) => at === "dead");
      expect(letter?.reason).toMatch(/storage was cleared.*may be in the log already/);
      expect(letter?.action.data).toMatchObject({ key: "b1" });
    } finally {
      thaw();
    }
    await vi.waitFor(async () => expect(await leads(one)).toBe(false), soon);
    await put(one, "a3");
    await vi.waitFor(
      async () => expect([...(await world.logged())].sort()).toEqual(["a1", "a2", "a3", "b2"]),
      soon,
    );
    for (const page of [one, other])
      await vi.waitFor(async () => {
        expect(await statusOf(page)).toMatchObject({ ...well, dead: 1 });
        expect(await keysOf(page)).toEqual(["a1", "a2", "a3", "b2"]);
      }, soon);
    const updates = await world.log();
    const seqs = updates.map(({ app, seq }) => `${app} ${seq}`);
    expect(new Set(seqs).size).toBe(updates.length);
    expect(new Set(updates.map(({ app }) => app)).size).toBe(2);
  });
});
