/** The app in a real Chromium: bundled as any bundler would from the installed package, on a page of the very server that it talks to. */
import { build, type Metafile } from "esbuild";
import { chromium } from "playwright";
import { chromiumArgs } from "../chromium.ts";

export interface Bundle {
  readonly text: string;
  readonly metafile: Metafile;
}

export async function bundleApp(folder: string, entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "iife",
    globalName: "inPage",
    logLevel: "silent",
  });
  return { text: outputFiles[0]?.text ?? "", metafile };
}

/** Calls `inPage.roundTrip` of a bundle in a page of `origin`; what the server answers itself stays its own. */
export async function runInBrowser(
  executablePath: string,
  origin: string,
  { text }: Bundle,
): Promise<unknown> {
  const browser = await chromium.launch({ executablePath, args: [...chromiumArgs] });
  try {
    const page = await browser.newPage();
    const html = "<!doctype html><title>app</title>";
    await page.route(`${origin}/app.html`, (route) =>
      route.fulfill({ contentType: "text/html", body: html }),
    );
    await page.goto(`${origin}/app.html`);
    await page.addScriptTag({ content: text });
    return await page.evaluate("inPage.roundTrip(location.origin)");
  } finally {
    await browser.close();
  }
}
