/**
 * `npm run pictures`: plays with the app as two people would, in a real Chromium, and keeps the pictures of the README and the docs in
 * docs/pictures/.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { createNodePlatform } from "../bucket/platform/node.ts";
import { buildTodo } from "../examples/todo/build.ts";
import { serveTodo } from "../examples/todo/serve.ts";
import { chromiumArgs, findChromium } from "./chromium.ts";

const pictures = new URL("../docs/pictures/", import.meta.url);
const size = { width: 620, height: 640 };

async function main(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("This needs Chromium: apt-get install chromium.");
  const platform = createNodePlatform();
  const folder = await mkdtemp(join(tmpdir(), "icecore-pictures-"));
  const built = await buildTodo(() => undefined);
  const serving = await serveTodo({
    platform,
    folder,
    built,
    port: 0,
    portsMore: 0,
    onTrouble: console.error,
  });
  const browser = await chromium.launch({ executablePath, args: [...chromiumArgs] });
  try {
    await play(browser, serving.url);
  } finally {
    await browser.close();
    await serving.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function play(browser: Browser, url: string): Promise<void> {
  const [anna, ben] = [await person(browser, url), await person(browser, url)];
  const both = async (name: string) =>
    beside(browser, name, [await anna.screenshot(), await ben.screenshot()]);
  for (const title of ["Water the plants", "Call the dentist", "Post the parcel"]) await add(anna, title);
  await count(ben, 3);
  await ben.locator(".todo-list li:nth-child(1) .toggle").check();
  await anna.locator(".todo-list li.completed").waitFor();
  await settled(anna, ben);
  await both("in-sync");

  await offline(true, anna, ben);
  await add(anna, "Bread");
  await add(anna, "Olives");
  await add(ben, "bread");
  await anna.locator(".sync.calm").waitFor();
  await anna.locator(".sync summary").click();
  await anna.waitForTimeout(500);
  await keep("offline", await anna.screenshot());
  await anna.locator(".sync summary").click();

  await offline(false, anna, ben);
  await Promise.all([anna, ben].map((page) => page.locator(".problem").waitFor()));
  await settled(anna, ben);
  await both("back-online");

  await anna.getByText("Keep the first").click();
  await ben.locator(".problem").waitFor({ state: "detached" });
  await settled(anna, ben);
  await both("resolved");

  await anna.getByRole("button", { name: "History" }).click();
  for (let i = 0; i < 3; i++) await anna.keyboard.press("ArrowLeft");
  await anna.waitForTimeout(1_500);
  await keep("history", await anna.screenshot());
}

async function person(browser: Browser, url: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: size })).newPage();
  await page.goto(url);
  await page.locator(".sync.good").waitFor();
  return page;
}

async function add(page: Page, title: string): Promise<void> {
  await page.locator(".new-todo").fill(title);
  await page.locator(".new-todo").press("Enter");
}

const count = (page: Page, items: number) => page.locator(`.todo-list li:nth-child(${items})`).waitFor();

/** Notices have gone, everything is sent. */
async function settled(...pages: readonly Page[]): Promise<void> {
  await Promise.all(pages.map((page) => page.waitForTimeout(6_000)));
}

async function offline(off: boolean, ...pages: readonly Page[]): Promise<void> {
  await Promise.all(pages.map((page) => page.context().setOffline(off)));
}

async function beside(browser: Browser, name: string, shots: readonly Buffer[]): Promise<void> {
  const page = await browser.newPage({
    viewport: { width: size.width * shots.length + 24, height: size.height },
  });
  const images = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString("base64")}">`);
  await page.setContent(
    `<style>body{margin:0;display:flex;gap:24px;background:#d8dee6}</style>${images.join("")}`,
  );
  await keep(name, await page.screenshot());
  await page.close();
}

async function keep(name: string, picture: Buffer): Promise<void> {
  await writeFile(new URL(`${name}.png`, pictures), picture);
  console.log(`docs/pictures/${name}.png  ${picture.length} bytes`);
}

await main();
