/** What tests that drive a browser from outside begin with: the same Chromium as the browser project's, and a title that names the need. */
import { type Browser, chromium } from "playwright";
import { describe } from "vitest";
import { chromiumArgs, findChromium } from "../../scripts/chromium.ts";

/** Undefined where the machine has no Chromium: then the tests are skipped, by a title that says so. */
const executablePath = findChromium();

/** A headless Chromium with a profile of its own. Who starts it closes it. */
export function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error("there is no Chromium here: use describePages");
  return chromium.launch({ executablePath, args: [...chromiumArgs] });
}

/** A suite that needs a real browser. */
export function describePages(title: string, suite: () => void): void {
  describe.skipIf(executablePath === undefined)(`${title} [needs browser]`, suite);
}
