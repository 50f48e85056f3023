/**
 * The vitest project whose tests run inside a real browser. Where the machine has none, each of its files becomes one skipped test that
 * names the need: the run goes on, and ICECORE_REQUIRE=browser makes it a failure like any other missing need.
 */
import { playwright } from "@vitest/browser-playwright";
import type { TestProjectInlineConfiguration } from "vitest/config";
import { chromiumArgs, findChromium } from "./chromium.ts";

export const browserTests: readonly string[] = ["test/browser/**/*.browser.test.{ts,tsx}"];

/** What these tests import. One that vite meets only while they run makes it load their page again, in the middle of a test. */
const packages: readonly string[] = ["@noble/hashes/sha2.js", "fractional-indexing", "idb", "ulid", "zod"];

export function browserProject(
  shared: TestProjectInlineConfiguration["test"],
  executablePath: string | null = findChromium() ?? null,
): TestProjectInlineConfiguration {
  const test = { ...shared, name: "browser", include: [...browserTests] };
  if (executablePath === null) return { plugins: [standIn], test };
  const { pool: _, ...rest } = test;
  return {
    optimizeDeps: { include: [...packages] },
    test: {
      ...rest,
      // They all share one origin, whose data one of them clears.
      fileParallelism: false,
      browser: {
        enabled: true,
        provider: playwright({ launchOptions: { executablePath, args: [...chromiumArgs] } }),
        headless: true,
        screenshotFailures: false,
        instances: [{ browser: "chromium" }],
      },
    },
  };
}

/** The file itself would ask for a browser as soon as it is loaded. */
const standIn = {
  name: "icecore-browser-stand-in",
  enforce: "pre",
  transform(_: string, id: string) {
    if (!/\.browser\.test\.tsx?$/.test(id)) return null;
    return { code: 'import { test } from "vitest"; test.skip("its tests [needs browser]");', map: null };
  },
} as const;
