/**
 * `npm run bench:browser -- [--entities N] [--json]`: a start from IndexedDB in a real Chromium, to the first rows on the page, beside
 * reading and decoding the same bytes; and how much is rendered for one change among 10,000 rows. Each round is a fresh load of the page.
 *
 * Times are noise on shared machines and never fail a run; counts are gated: exit code 1 when one is off.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Command } from "@commander-js/extra-typings";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Page } from "playwright";
import { memoryLocal } from "../client/local/memory.ts";
import { optionsOf, whole } from "../examples/program.ts";
import { chromiumArgs, findChromium } from "../scripts/chromium.ts";
import { ask } from "../test/pages/site.ts";
import { fillLocal } from "./client-model.ts";
import { median } from "./client-rounds.ts";
import type * as inPage from "./page/page.tsx";
import { benchStoreId } from "./page/rows.ts";

const rounds = 7;
const rendered = 10_000;
const values = optionsOf(
  new Command("npm run bench:browser --")
    .description(
      "A start from IndexedDB in a real Chromium, and what one change renders. Exit code 1: a count is off.",
    )
    .option("--entities <n>", "how many the state holds", whole(1), 100_000)
    .option("--json", "print JSON"),
);

process.exitCode = await main(values.entities);

async function main(entities: number): Promise<number> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.error("This needs Chromium: apt-get install chromium.");
    return 1;
  }
  const site = await startSite();
  const browser = await chromium.launch({ executablePath, args: [...chromiumArgs] });
  try {
    const context = await browser.newContext();
    const rows = await madeRows(entities);
    const chars = rows.reduce((sum, [, value]) => sum + value.length, 0);
    await onPage(context, site.url, (page) => ask<typeof inPage.fill>(page, "fill", rows));
    const starts: { readonly ms: number; readonly entities: number }[] = [];
    const floors: number[] = [];
    for (let round = 0; round < rounds; round++) {
      starts.push(await onPage(context, site.url, (page) => ask<typeof inPage.start>(page, "start")));
      floors.push(await onPage(context, site.url, (page) => ask<typeof inPage.floor>(page, "floor")));
    }
    const one = await onPage(context, site.url, (page) =>
      ask<typeof inPage.renders>(page, "renders", rendered),
    );
    const [startMs, floorMs] = [median(starts.map(({ ms }) => ms)), median(floors)];
    const off = starts.filter((start) => start.entities !== entities).length;
    const report = {
      entities,
      chars,
      startMs,
      floorMs,
      ratio: startMs / floorMs,
      off,
      rendered,
      renders: one,
    };
    if (values.json) console.log(JSON.stringify(report));
    else print(report);
    return off === 0 && one.rows === 1 && one.list === 0 ? 0 : 1;
  } finally {
    await browser.close();
    site.close();
  }
}

interface Report {
  readonly entities: number;
  readonly chars: number;
  readonly startMs: number;
  readonly floorMs: number;
  readonly ratio: number;
  readonly off: number;
  readonly renders: { readonly rows: number; readonly list: number };
}

function print({ entities, chars, startMs, floorMs, ratio, off, renders }: Report): void {
  console.log(
    `${entities} entities, ${(chars / 1e6).toFixed(1)} MB in IndexedDB: first rows on the page after ${startMs.toFixed(0)} ms beside ${floorMs.toFixed(0)} ms of reading and decoding them: ${ratio.toFixed(2)}`,
  );
  if (off > 0) console.log(`OFF: ${off} starts did not show every entity`);
  console.log(
    `one change among ${rendered} rows renders ${renders.rows} row (1 allowed) and ${renders.list} lists (0 allowed)`,
  );
}

async function madeRows(entities: number): Promise<readonly (readonly [string, string])[]> {
  const local = memoryLocal();
  await fillLocal(local, entities);
  const open = await local.open(benchStoreId());
  const rows = [...(await open.load())];
  await open.close();
  return rows;
}

async function startSite(): Promise<{ readonly url: string; close(): void }> {
  const { outputFiles } = await build({
    entryPoints: [new URL("./page/page.tsx", import.meta.url).pathname],
    bundle: true,
    minify: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "inPage",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "error",
  });
  const script = outputFiles[0]?.text ?? "";
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(
      isScript ? script : '<!doctype html><title>icecore</title><body><script src="/page.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => void server.close() };
}

async function onPage<T>(context: BrowserContext, url: string, work: (page: Page) => Promise<T>): Promise<T> {
  const page = await context.newPage();
  await page.goto(url);
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}
