import type { Page } from "playwright";
import { expect, it, vi } from "vitest";
import type { Model } from "../../../shared/model/model.ts";
import { pairsModel2 } from "../../fixtures/pairs-model-2.ts";
import { describePages } from "../chromium.ts";
import { ask, openPage } from "../site.ts";
import type * as inPage from "./tabs-page.ts";
import {
  crash,
  heard,
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

const wish = (page: Page, name: "hold" | "release" | "drop") => ask<typeof inPage.wish>(page, "wish", name);
const names = (tab: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${tab}${String(i).padStart(3, "0")}`);

describePages("A store in several tabs of one browser", () => {
  const world = useTabs();

  it("is written in both at once, shows the same in both, and has each action in the log once, in order", async () => {
    const [one, other] = await world.openTabs();
    const [left, right] = [names("a", 60), names("b", 60)];
    await Promise.all([
      ask<typeof inPage.putSlowly>(one, "putSlowly", left),
      ask<typeof inPage.putSlowly>(other, "putSlowly", right),
    ]);
    await world.expectLogged(left, right);
    for (const page of [one, other]) await world.expectShown(page, [...left, ...right]);
    expect(await ask<typeof inPage.lastIsOut>(other, "lastIsOut")).toBe("published");
    // Each tab was told of each action once, and of its own in order.
    for (const [page, own] of [[one, left] as const, [other, right] as const]) {
      const told = await heard(page);
      expect([...told].sort()).toEqual([...left, ...right].map((key) => `local ${key}`).sort());
      expect(told.filter((text) => own.includes(text.slice("local ".length)))).toHaveLength(own.length);
    }
  });

  it("brings another device's actions to the tab that only follows, and tells it of each once", async () => {
    const [, follower] = await world.openTabs();
    const device = await world.newContext();
    try {
      const far = await openPage(device, origin);
      await ask<typeof inPage.open>(far, "open", world.server.url);
      await put(far, "far 1", "far 2");
      await world.expectShown(follower, ["far 1", "far 2"]);
      expect(await heard(follower)).toEqual(["remote far 1", "remote far 2"]);
    } finally {
      await device.close();
    }
  });

  it("lets the tab that follows ask for a round, hold an action, let it go, and drop another", async () => {
    const [one, follower] = await world.openTabs();
    await world.goOffline(one);
    await put(follower, "held");
    await wish(follower, "hold");
    await vi.waitFor(async () => expect((await outbox(follower))[0]?.at).toBe("held"), soon);
    await world.context.setOffline(false);
    await put(follower, "sent");
    await world.expectLogged(["sent"]);
    await vi.waitFor(async () => expect((await outbox(one)).map(({ at }) => at)).toEqual(["held"]), soon);
    await world.goOffline(one);
    await put(follower, "dropped");
    await wish(follower, "drop");
    await vi.waitFor(async () => expect(await outbox(one)).toHaveLength(1), soon);
    await world.context.setOffline(false);
    await ask<typeof inPage.now>(follower, "now");
    expect(await world.logged()).toEqual(["sent"]);
  });

  it("says in the tab that follows what the leader meets", async () => {
    const [, follower] = await world.openTabs();
    await world.context.setOffline(true);
    await vi.waitFor(async () => expect((await statusOf(follower)).phase).toBe("offline"), soon);
    await world.context.setOffline(false);
    await vi.waitFor(async () => expect((await statusOf(follower)).phase).toMatch(/idle|syncing/), soon);
  });

  for (const [how, end] of [
    ["is closed", (page: Page) => page.close()],
    ["crashes", crash],
  ] as const)
    it(`goes on in the other tab when the one that leads ${how}, with all that neither had sent`, async () => {
      const [one, other] = await world.openTabs();
      await put(one, "sent");
      await world.expectLogged(["sent"]);
      await world.context.setOffline(true);
      await put(one, "a1", "a2");
      await put(other, "b1", "b2");
      await end(one);
      await vi.waitFor(async () => expect(await leads(other)).toBe(true), soon);
      await put(other, "b3");
      await world.context.setOffline(false);
      await world.expectLogged(["sent", "a1", "a2"], ["b1", "b2", "b3"]);
      await world.expectShown(other, ["sent", "a1", "a2", "b1", "b2", "b3"]);
    });

  it("keeps the actions of a tab that is killed as soon as they are saved, whoever leads", async () => {
    const [one, other] = await world.openTabs();
    await put(other, "b1");
    await crash(other);
    await world.expectLogged(["b1"]);
    const third = await world.openTab();
    await put(one, "a1");
    await crash(one);
    await world.expectLogged(["b1", "a1"]);
    await world.expectShown(third, ["b1", "a1"]);
  });

  it("replaces a leader that is frozen; thawed it follows, and nothing is doubled", async () => {
    const [one, other] = await world.openTabs();
    await put(one, "a1");
    await world.expectLogged(["a1"]);
    world.fail("all");
    await put(one, "a2");
    const { thaw } = await world.freeze(one);
    try {
      await put(other, "b1");
      world.fail(null);
      await vi.waitFor(async () => expect(await leads(other)).toBe(true), replaced);
      await world.expectLogged(["a1", "a2"], ["b1"]);
      await put(other, "b2");
      await world.expectLogged(["a1", "a2"], ["b1", "b2"]);
    } finally {
      thaw();
    }
    await put(one, "a3");
    await put(other, "b3");
    await world.expectLogged(["a1", "a2", "a3"], ["b1", "b2", "b3"]);
    expect([await leads(one), await leads(other)]).toEqual([false, true]);
    for (const page of [one, other]) await world.expectShown(page, ["a1", "a2", "a3", "b1", "b2", "b3"]);
  });

  it("is encrypted by each tab and read by the other, whoever leads, and nobody reads the rows", async () => {
    const [one, other] = await world.openTabs({ secret: "right" });
    const [left, right] = [names("left ", 15), names("right ", 15)];
    await Promise.all([
      ask<typeof inPage.putSlowly>(one, "putSlowly", left),
      ask<typeof inPage.putSlowly>(other, "putSlowly", right),
    ]);
    await world.expectLogged(left, right);
    for (const page of [one, other]) await world.expectShown(page, [...left, ...right]);
    await world.goOffline(one);
    await put(other, "held");
    await wish(other, "hold");
    await vi.waitFor(async () => expect((await outbox(one)).map(({ at }) => at)).toEqual(["held"]), soon);
    const rows = await ask<typeof inPage.rawRows>(other, "rawRows");
    expect(Object.keys(rows)).toEqual(expect.arrayContaining(["app", "place"]));
    expect(JSON.stringify(rows)).not.toMatch(/left 0|right 0|held|put/);
    await crash(one);
    await vi.waitFor(async () => expect(await leads(other)).toBe(true), soon);
    await wish(other, "release");
    await world.context.setOffline(false);
    await world.expectLogged(left, [...right, "held"]);
    await world.expectShown(other, [...left, ...right, "held"]);
  });

  it("refuses a tab with another secret, which changes nothing for the others", async () => {
    const [one, other] = await world.openTabs({ secret: "right" });
    await put(one, "a1");
    await expect(world.openTab({ secret: "wrong" })).rejects.toThrow(/not the key it was encrypted with/);
    await expect(world.openTab()).rejects.toThrow(/cannot be used: format is/);
    await put(other, "b1");
    await world.expectLogged(["a1"], ["b1"]);
    for (const page of [one, other]) await world.expectShown(page, ["a1", "b1"]);
  });

  it("loses nothing of a newer release in a tab that follows an older one, and shows all of it once that ends", async () => {
    const old = await world.openTab();
    await put(old, "old 1");
    await world.expectLogged(["old 1"]);
    await world.expectShown(old, ["old 1"]);
    world.serve(pairsModel2 as unknown as Model<unknown>);
    const young = await world.openTab({ modelVersion: 2 });
    expect([await leads(old), await leads(young)]).toEqual([true, false]);
    await put(young, "new 1");
    await vi.waitFor(async () => expect(await keysOf(young)).toEqual(["new 1", "old 1"]), soon);
    await world.expectLogged(["old 1"], ["new 1"]);
    await put(old, "old 2");
    await world.expectLogged(["old 1", "old 2"], ["new 1"]);
    // The older one cannot show what it does not understand: it says so, and goes on.
    await vi.waitFor(async () => expect((await statusOf(old)).phase).toBe("upgrade"), soon);
    expect(await keysOf(old)).toEqual(["old 1", "old 2"]);
    expect(await keysOf(young)).toEqual(["new 1", "old 1", "old 2"]);
    await old.close();
    await vi.waitFor(async () => expect(await leads(young)).toBe(true), soon);
    await put(young, "new 2");
    await world.expectLogged(["old 1", "old 2"], ["new 1", "new 2"]);
    await world.expectShown(young, ["new 1", "new 2", "old 1", "old 2"]);
  });

  it("loses nothing of an older release in a tab that follows a newer one", async () => {
    world.serve(pairsModel2 as unknown as Model<unknown>);
    const young = await world.openTab({ modelVersion: 2 });
    await put(young, "new 1");
    await world.expectLogged(["new 1"]);
    const old = await world.openTab();
    await put(old, "old 1");
    await world.expectLogged(["new 1"], ["old 1"]);
    await world.expectShown(young, ["new 1", "old 1"]);
    await crash(young);
    await vi.waitFor(async () => expect(await leads(old)).toBe(true), soon);
    await put(old, "old 2");
    await world.expectLogged(["new 1"], ["old 1", "old 2"]);
    await vi.waitFor(async () => expect((await statusOf(old)).phase).toBe("upgrade"), soon);
    const again = await world.openTab({ modelVersion: 2 });
    await old.close();
    await world.expectShown(again, ["new 1", "old 1", "old 2"]);
  });
});
