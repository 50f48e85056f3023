import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { browserProject } from "../../../scripts/browser-project.ts";
import { findChromium } from "../../../scripts/chromium.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "icecore-chromium-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, mode = 0o755): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, mode);
  return path;
}

test("Chromium is found by any of its names, in any folder of the path.", () => {
  const [one, two] = [join(folder, "one"), join(folder, "two")];
  const env = { PATH: [one, "", two].join(delimiter) };
  expect(findChromium(env)).toBeUndefined();
  expect(findChromium({})).toBeUndefined();
  const chrome = program("two/google-chrome");
  expect(findChromium(env)).toBe(chrome);
  const chromium = program("two/chromium");
  expect(findChromium(env)).toBe(chromium);
});

test("What is no program is no Chromium.", () => {
  mkdirSync(join(folder, "chromium"));
  program("chromium-browser", 0o644);
  expect(findChromium({ PATH: folder })).toBeUndefined();
});

test("ICECORE_CHROMIUM wins, also when it names nothing.", () => {
  program("chromium");
  const mine = program("mine");
  expect(findChromium({ PATH: folder, ICECORE_CHROMIUM: mine })).toBe(mine);
  expect(findChromium({ PATH: folder, ICECORE_CHROMIUM: join(folder, "none") })).toBeUndefined();
  expect(findChromium({ PATH: folder, ICECORE_CHROMIUM: "" })).toBe(join(folder, "chromium"));
});

test("Without a browser each file of its project is one skipped test that names the need, and with one it runs there.", () => {
  const without = browserProject({}, null);
  const [plugin] = (without.plugins ?? []) as readonly { transform(code: string, id: string): unknown }[];
  expect(without.test?.browser).toBeUndefined();
  for (const id of ["/x/a.browser.test.ts", "/x/a.browser.test.tsx"])
    expect(plugin?.transform("import 'vitest/browser'", id)).toMatchObject({
      code: expect.stringMatching(/^import .* test\.skip\(".*\[needs browser\]"\);$/),
    });
  expect(plugin?.transform("", "/x/a.test.ts")).toBeNull();

  const there = browserProject({}, "/somewhere/chromium");
  expect(there.plugins).toBeUndefined();
  expect(there.test?.browser).toMatchObject({ enabled: true, headless: true });
});
