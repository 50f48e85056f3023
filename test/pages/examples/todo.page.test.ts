/** First TodoMVC's specification, then what a list does that is synchronised and remembers. */
import { beforeEach, expect, it } from "vitest";
import { describePages } from "../chromium.ts";
import {
  add,
  edit,
  empty,
  eventually,
  item,
  items,
  patience,
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
    // A route is taken when the browser tells of it, which is a moment after the click.
    await page.getByText("Active", { exact: true }).click();
    await eventually(() => titles(page), ["one"]);
    expect(await page.locator(".filters .selected").textContent()).toBe("Active");
    await page.getByText("Completed", { exact: true }).click();
    await eventually(() => titles(page), ["two"]);
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
    // What one of them did in one breath may come in two updates.
    await eventually(() => page.locator("li.completed").count(), 1);
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
    await page.waitForTimeout(1_000);
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
        { ...patience, interval: 20 },
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
