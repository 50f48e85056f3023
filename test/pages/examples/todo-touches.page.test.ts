/** The todo app for who has no mouse: where the focus goes, what a screen reader finds, what a touch screen is told. */
import { expect, it } from "vitest";
import { describePages } from "../chromium.ts";
import { add, badge, eventually, items, titles, useTodo } from "./todo-world.ts";

describePages("The todo app without a mouse", () => {
  const todo = useTodo("test");
  const focused = () =>
    todo.page.evaluate("(document.activeElement?.textContent || document.activeElement?.className) ?? null");

  it("keeps the focus when a conflict is solved by keyboard: the next conflict, else the input", async () => {
    const { page } = todo;
    await add(page, "milk", "milk", "bread", "bread");
    const keep = page.getByRole("button", { name: "Keep the first" });
    await eventually(() => keep.count(), 2);
    const lastProblem = page.locator(".problem").nth(1);
    const other = (await lastProblem.getAttribute("aria-label")) ?? "";
    await keep.first().focus();
    await page.keyboard.press("Enter");
    await eventually(() => page.locator(".problem").count(), 1);
    expect(await page.locator(".problem").getAttribute("aria-label")).toBe(other);
    expect(await focused()).toBe("Keep the first");
    await page.keyboard.press("Enter");
    await eventually(() => page.locator(".problem").count(), 0);
    expect(await focused()).toBe("new-todo");
    expect((await titles(page)).sort()).toEqual(["bread", "milk"]);
  });

  it("has one main landmark, around the list and what is told of it", async () => {
    const { page } = todo;
    const main = page.getByRole("main");
    expect(await main.count()).toBe(1);
    expect(await main.locator("section.todoapp, footer.info").count()).toBe(2);
  });

  it("says that the browser is offline, and of a server that is away that it does not answer", async () => {
    const { page } = todo;
    const details = page.locator(".sync-details p").first();
    await page.context().setOffline(true);
    await add(page, "milk");
    await eventually(async () => (await badge(page))?.startsWith("Offline"), true);
    await page.locator(".sync summary").click();
    await eventually(() => details.textContent().then((text) => text?.split(".")[0]), "You are offline");
    // The network is there again, and now it is the server that is not.
    await page.route("**/v1/**", (route) => route.abort());
    await page.context().setOffline(false);
    await eventually(
      () => details.textContent().then((text) => text?.split(".")[0]),
      "The server does not answer as it should",
    );
    await page.unroute("**/v1/**");
    await page.evaluate("dispatchEvent(new Event('online'))");
    await page.locator(".sync.good").waitFor();
  });

  it("tells a touch screen of tapping, and a mouse of clicking and keys", async () => {
    const hints = todo.page.locator(".info p:visible");
    expect((await hints.first().textContent()) ?? "").toMatch(/Double-click .* F2 .* Delete/);
    expect(await hints.filter({ hasText: /tap/i }).count()).toBe(0);
    const browser = todo.page.context().browser();
    const context = await browser?.newContext({ hasTouch: true, isMobile: true });
    const phone = await context?.newPage();
    if (!phone) throw new Error("There is no browser");
    await phone.goto(todo.serving.url);
    await phone.locator(".info").waitFor();
    const told = (await phone.locator(".info p:visible").allTextContents()).join("\n");
    expect(told).not.toMatch(/click|F2|press/i);
    expect(told).toMatch(/Double-tap a todo to edit it/);
    // What it says is so.
    await add(phone, "milk");
    const label = items(phone).locator("label");
    const editing = phone.locator("li.editing .edit");
    // Two taps are a double tap where the second comes soon, which a busy machine may not manage the first time.
    await eventually(async () => {
      if ((await editing.count()) === 0)
        for (const _ of ["first", "second"]) await label.tap({ timeout: 1_000 });
      return editing.isVisible();
    }, true);
    await phone.keyboard.press("Escape");
    await items(phone).locator(".destroy").tap();
    await eventually(() => items(phone).count(), 0);
    await context?.close();
  });
});
