/** A site that exists only in the browser: every address of an origin shows one page, which runs a script of ours and nothing else. */
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright";

/** The script of a page, as one text. What its entry exports are the functions that `ask` calls. */
export async function bundlePage(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry.pathname],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "inPage",
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

/** Lets `origin` be that site for all pages of a context. */
export async function serveSite(context: BrowserContext, origin: string, script: string): Promise<void> {
  await context.route(`${origin}/**`, (route) => {
    const isScript = new URL(route.request().url()).pathname === "/page.js";
    return route.fulfill(
      isScript
        ? { contentType: "text/javascript", body: script }
        : {
            contentType: "text/html",
            body: '<!doctype html><title>icecore</title><script src="/page.js"></script>',
          },
    );
  });
}

export async function openPage(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  return page;
}

/** Calls a function of the page's script. What it throws comes back as an error with the same text. */
export function ask<F extends (...inputs: never[]) => unknown>(
  page: Pick<Page, "evaluate">,
  name: string,
  ...inputs: Parameters<F>
): Promise<Awaited<ReturnType<F>>> {
  return page.evaluate(
    ([called, given]) => {
      const { inPage } = globalThis as unknown as {
        readonly inPage: Readonly<Record<string, (...inputs: unknown[]) => unknown>>;
      };
      return inPage[called]?.(...given) as never;
    },
    [name, inputs as readonly unknown[]] as const,
  );
}
