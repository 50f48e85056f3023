/** First TodoMVC's specification, then what a list does that is synchronised and remembers. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { describePages } from "../chromium.ts";
import {
  add,
  badge,
  edit,
  empty,
  eventually,
  item,
  items,
  synced,
  titles,
  useTodo,
  wake,
} from "./todo-world.ts";

describePages("The todo app as TodoMVC has it", () => {
  const todo = useTodo("suite");
  beforeEach(() => empty(todo.page));

  it("hides main and footer without todos, and has the focus in the input", async () => {
    const { page } = todo;
    expect(await page.locator(".main, .footer").count()).toBe(0);
    expect(await page.locator(".new-todo").getAttribute("autofocus")).toBe("");
    expect(await page.evaluate("document.activeElement?.className")).toBe("new-todo");
    await add(page, "one");
    expect(await page.locator(".main, .footer").count()).toBe(2);
  });

  it("makes trimmed todos at Enter, appends them, clears the input, and makes none of nothing", async () => {
    const { page } = todo;
    await add(page, "  buy cheese  ", "feed the cat", "   ");
    expect(await titles(page)).toEqual(["buy cheese", "feed the cat"]);
    expect(await page.locator(".new-todo").inputValue()).toBe("   ");
    await add(page, "x");
    expect(await page.locator(".new-todo").inputValue()).toBe("");
  });

  it("has TodoMVC's markup, to the letter", async () => {
    const { page } = todo;
    await add(page, "one", "two");
    await item(page, "two").locator(".toggle").check();
    const places = [
      "section.todoapp > header.header > h1",
      "section.todoapp > header.header > h1 + input.new-todo",
      "section.todoapp > section.main > input#toggle-all.toggle-all[type=checkbox] + label[for=toggle-all]",
      "section.main > ul.todo-list > li:not([class]) > div.view > input.toggle[type=checkbox] + label + button.destroy",
      "section.main > ul.todo-list > li.completed > div.view + input.edit",
      "section.todoapp > footer.footer > span.todo-count > strong",
      'footer.footer > ul.filters > li > a.selected[href="#/"]',
      'footer.footer > ul.filters > li > a[href="#/active"]',
      'footer.footer > ul.filters > li > a[href="#/completed"]',
      "footer.footer > button.clear-completed",
      "section.todoapp ~ footer.info",
    ];
    for (const place of places) expect([place, await page.locator(place).count()]).toEqual([place, 1]);
    expect(await page.locator("label[for=toggle-all]").textContent()).toBe("Mark all as complete");
  });

  it("marks all as complete and back, and follows single items", async () => {
    const { page } = todo;
    const all = page.locator("#toggle-all");
    await add(page, "one", "two", "three");
    await page.locator("label[for=toggle-all]").click();
    expect(await page.locator("li.completed").count()).toBe(3);
    await item(page, "two").locator(".toggle").uncheck();
    expect(await all.isChecked()).toBe(false);
    await item(page, "two").locator(".toggle").check();
    expect(await all.isChecked()).toBe(true);
    await page.locator("label[for=toggle-all]").click();
    expect(await page.locator("li.completed").count()).toBe(0);
    await page.locator("label[for=toggle-all]").click();
    await page.locator(".clear-completed").click();
    await add(page, "four");
    expect(await all.isChecked()).toBe(false);
  });

  it("edits after a double click: Enter and blur save trimmed, Escape does not, nothing left destroys", async () => {
    const { page } = todo;
    await add(page, "one", "two", "three");
    let input = await edit(page, "two");
    expect(await page.locator("li.editing .edit:focus").count()).toBe(1);
    expect(await item(page, "two").locator(".view").isVisible()).toBe(false);
    await input.fill("  second  ");
    await input.press("Enter");
    expect(await titles(page)).toEqual(["one", "second", "three"]);
    expect(await page.locator("li.editing").count()).toBe(0);
    input = await edit(page, "second");
    await input.fill("never");
    await input.press("Escape");
    expect(await titles(page)).toEqual(["one", "second", "three"]);
    input = await edit(page, "second");
    expect(await input.inputValue()).toBe("second");
    await input.fill("by blur ");
    await input.blur();
    expect(await titles(page)).toEqual(["one", "by blur", "three"]);
    input = await edit(page, "one");
    await input.fill("  ");
    await input.press("Enter");
    expect(await titles(page)).toEqual(["by blur", "three"]);
  });

  it("counts in the right number, and shows the button that clears only while something is completed", async () => {
    const { page } = todo;
    const count = page.locator(".todo-count");
    await add(page, "one", "two");
    expect(await count.innerHTML()).toBe("<strong>2</strong> items left");
    expect(await page.locator(".clear-completed").count()).toBe(0);
    await item(page, "one").locator(".toggle").check();
    expect(await count.innerHTML()).toBe("<strong>1</strong> item left");
    await item(page, "two").locator(".toggle").check();
    expect(await count.innerHTML()).toBe("<strong>0</strong> items left");
    await page.locator(".clear-completed").click();
    expect(await page.locator(".main, .footer").count()).toBe(0);
  });

  it("shows the button that destroys under the mouse, and destroys with it", async () => {
    const { page } = todo;
    await add(page, "one", "two");
    const destroy = item(page, "one").locator(".destroy");
    await page.locator("h1").hover();
    expect(await destroy.isVisible()).toBe(false);
    await item(page, "one").hover();
    await destroy.click();
    expect(await titles(page)).toEqual(["two"]);
  });

  it("filters by route, keeps the route over a reload, and goes back with the browser", async () => {
    const { page } = todo;
    await add(page, "one", "two");
    await item(page, "two").locator(".toggle").check();
    await page.getByText("Active", { exact: true }).click();
    expect(await titles(page)).toEqual(["one"]);
    expect(await page.locator(".filters .selected").textContent()).toBe("Active");
    await page.getByText("Completed", { exact: true }).click();
    expect(await titles(page)).toEqual(["two"]);
    await item(page, "two").locator(".toggle").click();
    await eventually(() => titles(page), []);
    await page.reload();
    await eventually(() => page.locator(".filters .selected").textContent(), "Completed");
    await page.goBack();
    await eventually(() => titles(page), ["one", "two"]);
  });

  it("is used by keyboard alone: F2 edits, Delete deletes, and the focus is never lost", async () => {
    const { page } = todo;
    const focused = () => page.evaluate("document.activeElement?.getAttribute('aria-label')");
    await add(page, "one", "two");
    await item(page, "one").locator(".toggle").focus();
    await page.keyboard.press("F2");
    await page.keyboard.type(" more");
    await page.keyboard.press("Enter");
    await eventually(focused, "one more");
    await page.keyboard.press("Delete");
    await eventually(focused, "two");
    await page.keyboard.press("Delete");
    await eventually(focused, "What needs to be done?");
    expect(await titles(page)).toEqual([]);
  });
});

describePages("The todo app of people who share a list", () => {
  const todo = useTodo("suite");
  beforeEach(async () => {
    await empty(todo.page);
    await synced(todo.page);
    const other = await todo.other();
    await wake(other);
    await eventually(() => titles(other), []);
    await synced(other);
  });

  it("shows a title as text, whatever it looks like", async () => {
    const { page } = todo;
    const title = '<img src=x onerror="document.title=1"><b>no</b>';
    await add(page, title);
    const other = await todo.other();
    await eventually(() => titles(other), [title]);
    expect(await other.locator(".todo-list img, .todo-list b").count()).toBe(0);
    expect(await other.title()).toBe("todos");
  });

  it("brings two people's work together; the same title twice is a problem that either of them solves", async () => {
    const { page } = todo;
    const other = await todo.other();
    await add(page, "milk");
    await eventually(() => titles(other), ["milk"]);
    await eventually(() => other.locator(".news").textContent(), "“milk” was added elsewhere");
    await synced(other);
    await other.context().setOffline(true);
    await page.context().setOffline(true);
    await add(page, "Bread", "olives");
    await add(other, "bread");
    await item(other, "milk").locator(".toggle").check();
    await other.context().setOffline(false);
    await page.context().setOffline(false);
    const merged = ["Bread", "bread", "milk", "olives"];
    await eventually(async () => [...(await titles(page))].sort(), merged);
    await eventually(async () => [...(await titles(other))].sort(), merged);
    expect(await page.locator("li.completed").count()).toBe(1);
    await page.locator(".problem").waitFor();
    expect(await page.locator(".problem p").textContent()).toMatch(/^“[Bb]read” is on the list twice:$/);
    await other.getByText("Rename the last").click();
    await other.locator(".editing .edit").fill("brown bread");
    await other.locator(".editing .edit").press("Enter");
    await page.locator(".problem").waitFor({ state: "detached" });
    await add(page, "Milk ", "milk");
    await page.getByText("Keep the first").click();
    await eventually(() => other.locator(".problem").count(), 0);
    await eventually(async () => (await titles(other)).length, 5);
  });

  it("does not undo what somebody else wrote when an edit changed nothing", async () => {
    const { page } = todo;
    const other = await todo.other();
    await add(page, "tea");
    await eventually(() => titles(other), ["tea"]);
    const input = await edit(page, "tea");
    await (await edit(other, "tea")).fill("green tea");
    await other.keyboard.press("Enter");
    await eventually(() => items(page).locator("label").textContent(), "green tea");
    await input.blur();
    await synced(page);
    expect(await titles(page)).toEqual(["green tea"]);
  });

  it("looks back: the list of an earlier time, for reading only, and back to now", async () => {
    const { page } = todo;
    await add(page, "old");
    await synced(page);
    await page.waitForTimeout(2_500);
    await add(page, "new");
    await synced(page);
    await page.getByText("History").click();
    const slider = page.locator("#history input");
    await expect
      .poll(
        async () => {
          await slider.press("ArrowLeft");
          await page.locator("#history[aria-busy=false]").waitFor();
          return titles(page);
        },
        { timeout: 20_000, interval: 20 },
      )
      .toEqual(["old"]);
    expect(await page.locator(".past .destroy, .past .edit").count()).toBe(0);
    expect(await page.locator(".new-todo").isDisabled()).toBe(true);
    expect(await page.locator(".past .toggle").isDisabled()).toBe(true);
    expect(await slider.getAttribute("aria-valuetext")).toMatch(
      /^(just now|\d+ seconds ago) · today, \d\d:\d\d:\d\d$/,
    );
    await page.getByText("Back to now").click();
    expect(await titles(page)).toEqual(["old", "new"]);
    expect(await page.evaluate("document.activeElement?.textContent")).toBe("History");
    await add(page, "newer");
    expect(await titles(page)).toEqual(["old", "new", "newer"]);
  });
});

describePages("The todo app", () => {
  const todo = useTodo("test");

  it("keeps the todos over a reload, with no server at all", async () => {
    const { page } = todo;
    await add(page, "one", "two");
    await item(page, "two").locator(".toggle").check();
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await synced(page);
    await todo.serving.close();
    await page.reload();
    await eventually(() => titles(page), ["one", "two"]);
    expect(await page.locator("li.completed").count()).toBe(1);
    await page.locator(".sync.calm").waitFor();
    await add(page, "offline");
    await eventually(() => badge(page), "Offline · 1 change waiting");
    await todo.serve(Number(new URL(todo.serving.url).port));
    await page.locator(".sync summary").click();
    await page.getByText("Synchronise now").click();
    await synced(page);
    expect(await titles(await todo.person())).toEqual(["one", "two", "offline"]);
  });

  it("is one list in two tabs, which go on together and each alone", async () => {
    const { page } = todo;
    await add(page, "one");
    const second = await page.context().newPage();
    second.setDefaultTimeout(20_000);
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
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
    await synced(page);
    const [older] = (await shells()) as readonly string[];
    const newer = join(todo.folder, "newer");
    await cp(todo.built, newer, { recursive: true });
    const worker = join(newer, "service-worker.js");
    await writeFile(worker, (await readFile(worker, "utf8")).replaceAll(older ?? "", "todo-shell-newer"));
    await todo.serving.close();
    await todo.serve(Number(new URL(todo.serving.url).port), newer);
    await page.reload();
    const button = page.getByText("New version: reload");
    await button.waitFor();
    expect(await shells()).toEqual([older, "todo-shell-newer"]);
    await button.click();
    await button.waitFor({ state: "detached" });
    await eventually(() => titles(page), ["kept"]);
    expect(await shells()).toEqual(["todo-shell-newer"]);
    const kept = await page.evaluate(
      "caches.open('todo-shell-newer').then((one) => one.keys()).then((all) => all.map(({ url }) => new URL(url).pathname))",
    );
    expect(kept).toContain("/");
    expect((kept as readonly string[]).filter((path) => path.startsWith("/v1/"))).toEqual([]);
  });

  it("brings two browsers to the same list through two restarts of the server, each item once", async () => {
    const { page } = todo;
    const other = await todo.person();
    const port = Number(new URL(todo.serving.url).port);
    for (const round of ["first", "second"]) {
      await add(page, `a before the ${round}`);
      await todo.serving.close();
      await add(page, `a during the ${round}`);
      await add(other, `b during the ${round}`);
      await todo.serve(port);
      for (const one of [page, other]) {
        await wake(one);
        await synced(one);
      }
    }
    await eventually(async () => (await titles(page)).length, 6);
    await eventually(() => titles(other), await titles(page));
    expect(new Set(await titles(page)).size).toBe(6);
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
    await todo.serve(Number(new URL(todo.serving.url).port));
    const again = await context.newPage();
    again.setDefaultTimeout(20_000);
    await again.goto(todo.serving.url);
    await synced(again);
    expect(await titles(again)).toEqual(["made and killed"]);
    expect(await titles(await todo.person())).toEqual(["made and killed"]);
  });
});
