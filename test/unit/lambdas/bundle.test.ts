/** Bundling: what comes out, and what is told of files that cannot be bundled. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { bundleLambda } from "../../../lambdas/bundle.ts";
import { StoreError } from "../../../shared/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "icecore-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const model = fileURLToPath(new URL("../../fixtures/cli-model.ts", import.meta.url));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Bytes that each may have, uploaded at each deployment and loaded at each cold start: a third above what they had when this was written. */
const bytesMax = { api: 1_800_000, rollup: 1_400_000, sweep: 1_400_000, credentials: 1_600_000 };

test.each(["api", "rollup", "sweep", "credentials"] as const)(
  "The bundle of %s is one module with a handler, the app's model and all packages in it.",
  (entry) => {
    const { file, bytes } = bundleLambda({ entry, modelFile: model, outFolder: join(folder, "deep", entry) });
    expect(file).toBe(join(folder, "deep", entry, "index.mjs"));
    const text = readFileSync(file, "utf8");
    expect(bytes).toBe(Buffer.byteLength(text));
    // Not the text itself: a failure would print all of it.
    expect(/export\{[^}]*handler[^}]*\}/.test(text)).toBe(true);
    expect(text.includes("icecore-app/")).toBe(false);
    const imported = [...text.matchAll(/(?:\bfrom|^import|[;}]import)\s?"([\w@./:-]+)"/gm)].map(
      ([, name = ""]) => name,
    );
    expect(imported.filter((name) => !isBuiltin(name))).toEqual([]);
    expect(text.includes("no luck with")).toBe(entry !== "credentials");
    expect(bytes).toBeLessThan(bytesMax[entry]);
    expect(() => readFileSync(`${file}.map`)).not.toThrow();
  },
);

test("Powertools' metrics are no part of what has none to give.", () => {
  for (const entry of ["api", "credentials"] as const) {
    const { file } = bundleLambda({ entry, modelFile: model, outFolder: join(folder, "lean", entry) });
    expect(readFileSync(file, "utf8").includes("CloudWatchMetrics")).toBe(false);
  }
});

test.each<[string, () => string, RegExp]>([
  ["a missing file", () => join(folder, "missing.ts"), /There is no model file .*missing\.ts/],
  ["a folder", () => folder, /There is no model file/],
  ["a file that exports nothing", () => written("empty.ts", "const model = 1;"), /exports no model/],
  [
    "a file with a mistake",
    () => written("broken.ts", "export const model = {;"),
    /cannot be bundled: .*broken\.ts:1/,
  ],
  [
    "a package that is not installed",
    () => written("needs.ts", 'import x from "no-such-package"; export const model = x;'),
    /Could not resolve "no-such-package"/,
  ],
])("It refuses %s and says which.", (_, modelFile, told) => {
  const bundle = () =>
    bundleLambda({ entry: "rollup", modelFile: modelFile(), outFolder: join(folder, "out") });
  expect(bundle).toThrow(told);
  expect(bundle).toThrow(StoreError);
});

test("A missing auth file is told as one.", () => {
  const bundle = () =>
    bundleLambda({ entry: "api", modelFile: model, authFile: join(folder, "no-auth.ts"), outFolder: folder });
  expect(bundle).toThrow(/There is no auth file/);
});
