/** The todo app without its server, in several tabs, over restarts and releases: nothing that was made is lost, and each item is there once. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright";
import { expect, it } from "vitest";
import { describePages } from "../chromium.ts";
import { add, badge, eventually, item, patience, synced, titles, useTodo, wake } from "./todo-world.ts";

describePages("The todo app", () => {
  const todo = useTodo("test");

  /** Once the page has its service worker: the server has a newer release from now on. Gives the name of the older one's cache. */
  async function serveNewer(): Promise<string> {
    const { page } = todo;
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await synced(page);
    const [older = ""] = (await page.evaluate("caches.keys()")) as readonly string[];
    const newer = join(todo.folder, "newer");
    await cp(todo.built, newer, { recursive: true });
    const worker = join(newer, "service-worker.js");
    await writeFile(worker, (await readFile(worker, "utf8")).replaceAll(older, "todo-shell-newer"));
    await todo.serving.close();
    await todo.serve(newer);
    return older;
  }

  it("keeps the todos over a reload, with no server at all", async () => {
    const { page } = todo;
    await add(page, "one", "two");
    await item(page, "two").locator(".toggle").check();
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await synced(page);
    await todo.serving.close();
    await page.reload();
    await eventually(() => titles(page), ["one", "two"]);
    await eventually(() => page.locator("li.completed").count(), 1);
    await page.locator(".sync.calm").waitFor();
    await add(page, "offline");
    await eventually(() => badge(page), "Offline · 1 change waiting");
    await todo.serve();
    await page.locator(".sync summary").click();
    await page.getByText("Synchronise now").click();
    await synced(page);
    expect(await titles(await todo.person())).toEqual(["one", "two", "offline"]);
  });

  it("is one list in two tabs, which go on together and each alone", async () => {
    const { page } = todo;
    await add(page, "one");
    const second = await page.context().newPage();
    await second.goto(todo.serving.url);
    await eventually(() => titles(second), ["one"]);
    await add(second, "two");
    await eventually(() => titles(page), ["one", "two"]);
    await synced(second);
    await page.close();
    await add(second, "three");
    await synced(second);
    expect(await titles(await todo.person())).toEqual(["one", "two", "three"]);
  });

  it("lets a newer release take over when the user asks, and only then drops the older one", async () => {
    const { page } = todo;
    const shells = () => page.evaluate("caches.keys()");
    await add(page, "kept");
    const older = await serveNewer();
    await page.reload();
    const button = page.getByText("New version: reload");
    await button.waitFor();
    expect(await shells()).toEqual([older, "todo-shell-newer"]);
    await button.click();
    await button.waitFor({ state: "detached" });
    await eventually(() => titles(page), ["kept"]);
    // The page is loaded again as soon as the newer one takes over; the older one goes meanwhile.
    await eventually(shells, ["todo-shell-newer"]);
    const kept = await page.evaluate(
      "caches.open('todo-shell-newer').then((one) => one.keys()).then((all) => all.map(({ url }) => new URL(url).pathname))",
    );
    expect(kept).toContain("/");
    expect((kept as readonly string[]).filter((path) => path.startsWith("/v1/"))).toEqual([]);
  });

  it("offers a newer release also where the browser found it before the page began to look", async () => {
    const { page } = todo;
    await serveNewer();
    await page.addInitScript(registerLate);
    await page.reload();
    await page.getByText("New version: reload").waitFor();
  });

  it("brings two browsers to the same list through two restarts of the server, each item once", async () => {
    const { page } = todo;
    const other = await todo.person();
    for (const round of ["first", "second"]) {
      await add(page, `a before the ${round}`);
      await todo.serving.close();
      await add(page, `a during the ${round}`);
      await add(other, `b during the ${round}`);
      await todo.serve();
      for (const one of [page, other]) {
        await wake(one);
        await synced(one);
      }
    }
    const both = async () => {
      const [here, there] = [await titles(page), await titles(other)];
      return { count: here.length, different: new Set(here).size, same: String(here) === String(there) };
    };
    await eventually(both, { count: 6, different: 6, same: true });
  });

  it("keeps what was made in a page that is killed before it could send, and sends it once from the next", async () => {
    const { page } = todo;
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await todo.serving.close();
    await add(page, "made and killed");
    // What the badge calls waiting is durable.
    await eventually(() => badge(page), "Offline · 1 change waiting");
    const context = page.context();
    const crashed = page.waitForEvent("crash");
    const session = await context.newCDPSession(page);
    session.send("Page.crash").catch(() => undefined);
    await crashed;
    await todo.serve();
    const again = await context.newPage();
    await again.goto(todo.serving.url);
    await synced(again);
    expect(await titles(again)).toEqual(["made and killed"]);
    expect(await titles(await todo.person())).toEqual(["made and killed"]);
  });

  it("loses nothing when the browser's storage is cleared under it, and says so where somebody else took its place", async () => {
    const { page } = todo;
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await add(page, "sent");
    await synced(page);
    await todo.serving.close();
    await add(page, "waiting");
    await eventually(() => badge(page), "Offline · 1 change waiting");
    const tools = await page.context().newCDPSession(page);
    const { origin } = new URL(todo.serving.url);
    await tools.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
    await expect
      .poll(() => rowKinds(page), patience)
      .toEqual(expect.arrayContaining(["app", "base", "place"]));
    await page.reload();
    await eventually(() => titles(page), ["sent", "waiting"]);
    await eventually(() => badge(page), "Offline · 1 change waiting");
    await page.evaluate(takePlace);
    await eventually(() => badge(page), "Not saved");
    expect(await titles(page)).toEqual(["sent", "waiting"]);
    await todo.serve();
    await wake(page);
    await page.waitForTimeout(1_000);
    expect(await badge(page)).toBe("Not saved");
  });
});

/** Of what the page's database holds. */
async function rowKinds(page: Page): Promise<readonly string[]> {
  const keys = (await page.evaluate(`new Promise((resolve) => {
    const opening = indexedDB.open("icecore/todos");
    opening.onupgradeneeded = () => opening.transaction.abort();
    opening.onerror = () => resolve([]);
    opening.onsuccess = () => {
      const asked = opening.result.transaction("rows").objectStore("rows").getAllKeys();
      asked.onsuccess = () => {
        opening.result.close();
        resolve(asked.result);
      };
    };
  })`)) as readonly string[];
  return keys.map((key) => key.split("/")[0] ?? "");
}

/** The page's database goes, and somebody else has one there at once. */
const takePlace = `new Promise((resolve) => {
  indexedDB.deleteDatabase("icecore/todos");
  const opening = indexedDB.open("icecore/todos", 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("rows").put("{}", "app");
    const about = opening.result.createObjectStore("about");
    about.put("somebodyelseslif", "life");
    about.put(1, "term");
  };
  opening.onsuccess = () => {
    opening.result.close();
    resolve();
  };
})`;

/** As on a busy machine: the page gets the registration when a newer worker is being installed already. */
const registerLate = `{
  const { register } = ServiceWorkerContainer.prototype;
  ServiceWorkerContainer.prototype.register = async function (...given) {
    const registration = await register.apply(this, given);
    if (!registration.installing && !registration.waiting)
      await new Promise((found) => {
        registration.addEventListener("updatefound", found, { once: true });
        void registration.update();
      });
    return registration;
  };
}`;
