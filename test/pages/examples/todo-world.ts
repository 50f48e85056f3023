/** The todo app as people use it: built and served as `npm start` does, and as many people with a browser of their own as a test wants. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Locator, Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { createNodePlatform } from "../../../bucket/platform/node.ts";
import { buildTodo } from "../../../examples/todo/build.ts";
import { serveTodo } from "../../../examples/todo/serve.ts";
import type { Listening } from "../../../server/node/index.ts";
import { keptPort } from "../../fixtures/kept-port.ts";
import { launchChromium } from "../chromium.ts";

export interface TodoWorld {
  readonly built: string;
  readonly folder: string;
  readonly serving: Listening;
  /** The first person's. */
  page: Page;
  /** What went wrong in pages and server; must be empty in the end. */
  readonly troubles: string[];
  /** Always at the same address. */
  serve(release?: string): Promise<void>;
  /** A browser of its own, with the app open. */
  person(url?: string): Promise<Page>;
  /** The second person's, as long as the first one's. */
  other(): Promise<Page>;
}

/** What is waited for comes; how soon depends on who else is at work. */
export const patience = { timeout: 45_000, interval: 50 } as const;

/** How often server and page begin anew. `way`: the address at which the first person is to find the server. */
export function useTodo(
  each: "test" | "suite",
  way: (url: string) => Promise<string> = async (url) => url,
): TodoWorld {
  let browser: Browser;
  let built: string;
  let folder: string;
  let port: number;
  let serving: Listening;
  let troubles: string[] = [];
  const contexts: BrowserContext[] = [];
  let second: Promise<Page> | null = null;

  async function begin(): Promise<void> {
    troubles = [];
    folder = await mkdtemp(join(tmpdir(), "icecore-todo-"));
    port = await keptPort();
    await world.serve();
    world.page = await world.person(await way(serving.url));
  }
  async function end(): Promise<void> {
    second = null;
    for (const context of contexts.splice(0)) await context.close();
    const met = [...troubles];
    await serving.close();
    await rm(folder, { recursive: true, force: true });
    expect(met).toEqual([]);
    // What a page had asked may still arrive while the server closes, and is refused.
    expect(troubles.filter((trouble) => !trouble.endsWith("The server is closing"))).toEqual([]);
  }

  const world: TodoWorld = {
    get built() {
      return built;
    },
    get folder() {
      return folder;
    },
    get serving() {
      return serving;
    },
    get troubles() {
      return troubles;
    },
    page: null as never,
    async serve(release = built) {
      serving = await serveTodo({
        platform: createNodePlatform(),
        folder,
        built: release,
        port,
        portsMore: 0,
        onTrouble: (text) => void troubles.push(text),
      });
    },
    async person(url = serving.url) {
      const context = await browser.newContext();
      context.setDefaultTimeout(patience.timeout);
      contexts.push(context);
      const opened = await context.newPage();
      opened.on("pageerror", (error) => void troubles.push(String(error)));
      opened.on("console", (line) => {
        if (line.type() === "error" && !/ERR_|Failed to load resource/.test(line.text()))
          troubles.push(line.text());
      });
      await opened.goto(url);
      await synced(opened);
      return opened;
    },
    other() {
      second ??= world.person();
      return second;
    },
  };

  beforeAll(async () => {
    [built, browser] = await Promise.all([buildTodo(() => undefined), launchChromium()]);
    if (each === "suite") await begin();
  });
  afterAll(async () => {
    if (each === "suite" && browser) await end();
    await browser?.close();
  });
  if (each === "test") {
    beforeEach(begin);
    afterEach(end);
  }
  return world;
}

export const synced = (of: Page) => of.locator(".sync.good").waitFor();
export const badge = (of: Page) => of.locator(".sync summary").textContent();
export const items = (of: Page) => of.locator(".todo-list > li");
export const titles = (of: Page) => items(of).locator("label").allTextContents();
export const item = (of: Page, title: string): Locator => items(of).filter({ hasText: title });

export async function add(of: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await of.locator(".new-todo").fill(name);
    await of.locator(".new-todo").press("Enter");
  }
}

export async function edit(of: Page, title: string): Promise<Locator> {
  await item(of, title).locator("label").dblclick();
  return of.locator(".todo-list > li.editing .edit");
}

/** The list is empty and at its first route, as a new one is. */
export async function empty(of: Page): Promise<void> {
  await of.evaluate(goToFirstRoute);
  const all = of.locator("#toggle-all");
  if ((await all.count()) === 0) return;
  if (!(await all.isChecked())) await of.locator("label[for=toggle-all]").click();
  await of.locator(".clear-completed").click();
  await of.locator(".main").waitFor({ state: "detached" });
}

/** The browser tells of a new route a moment later, the page before this. */
const goToFirstRoute = `new Promise((resolve) => {
  if (location.hash === "#/") return resolve();
  addEventListener("hashchange", () => resolve(), { once: true });
  location.hash = "#/";
})`;

/** Lets the page ask the server now, not when its next poll is due. */
export const wake = (of: Page) => of.evaluate("dispatchEvent(new Event('online'))");

export async function eventually(look: () => Promise<unknown>, expected: unknown): Promise<void> {
  await expect.poll(look, patience).toEqual(expected);
}
