import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createChecks } from "../../../scripts/consumer/checks.ts";
import { type Locked, lockedWith } from "../../../scripts/consumer/lock.ts";
import { asApp, readmeFiles } from "../../../scripts/consumer/readme.ts";
import { loadSubpaths, typeFaults } from "../../../scripts/consumer/subpaths.ts";
import { readManifest, subpathsOf } from "../../../scripts/manifest.ts";

const block = (code: string) => `text\n\n\`\`\`ts\n${code}\n\`\`\`\n`;

describe("the README's files", () => {
  test("A block that imports begins a file, one that does not goes on with the one before.", () => {
    const model = 'import { table } from "icecore";\n\nexport const model = table();';
    const client = 'import { model } from "./model.ts";\n\nmodel();';
    const readme = `${block(model)}${block(client)}\n\`\`\`sh\nnpm ci\n\`\`\`\n${block("model(1);")}`;
    expect(readmeFiles(readme)).toEqual([
      { path: "model.ts", text: `${model}\n` },
      { path: "readme-2.ts", text: `${client}\n\nmodel(1);\n` },
    ]);
    expect(readmeFiles("nothing")).toEqual([]);
  });

  test("A file of the repository imports the package by its names, and keeps its own neighbours.", () => {
    const sources = new Map([["client/node/index.ts", "icecore/client/node"]]);
    const text = [
      'import { a } from "../../client/node/index.ts";',
      'import { b } from "./seen.ts";',
      'import { model } from "../unit/house/readme-example.ts";',
      'import { c } from "../../client/unknown/index.ts";',
    ].join("\n");
    expect(asApp(text, sources).match(/"[^"]+"/g)).toEqual([
      '"icecore/client/node"',
      '"./seen.ts"',
      '"./model.ts"',
      '"../../client/unknown/index.ts"',
    ]);
  });
});

describe("the lock file of an app", () => {
  const locked = (more: Partial<Locked> = {}): Locked => ({
    version: "1.0.0",
    integrity: "sha512-x",
    ...more,
  });
  const packages = {
    "node_modules/a": locked({ dependencies: { b: "1" }, peerDependencies: { c: "1", d: "1" } }),
    "node_modules/a/node_modules/b": locked({ dependencies: { c: "1" } }),
    "node_modules/b": locked(),
    "node_modules/c": locked({ optionalDependencies: { "@x/e": "1" } }),
    "node_modules/d": locked(),
    "node_modules/@x/e": locked({ dependencies: { a: "1" } }),
    "node_modules/unused": locked(),
  };
  const a = locked({ ...packages["node_modules/a"], peerDependenciesMeta: { d: { optional: true } } });

  test("It holds what is asked for and all that it needs, each where Node finds it, without optional peers.", () => {
    expect(Object.keys(lockedWith({ ...packages, "node_modules/a": a }, ["a"])).sort()).toEqual([
      "node_modules/@x/e",
      "node_modules/a",
      "node_modules/a/node_modules/b",
      "node_modules/c",
    ]);
  });

  test("A package that is nowhere is named.", () => {
    expect(() => lockedWith(packages, ["none"])).toThrow("no none for the root");
  });
});

describe("the checks", () => {
  const run = async (env: NodeJS.ProcessEnv) => {
    const lines: string[] = [];
    const checks = createChecks(env, (line) => lines.push(line));
    await checks.check("One holds.", () => 1);
    checks.skip("A page works. [needs browser]");
    return { checks, lines };
  };

  test("A skip names its need and passes, and fails where the need is required.", async () => {
    const lenient = await run({});
    expect(lenient.checks.close()).toBe(0);
    expect(lenient.lines.slice(-2)).toEqual([
      "skipped: browser tests (apt-get install chromium)",
      "1 checks passed, 1 skipped",
    ]);
    const strict = await run({ ICECORE_REQUIRE: "s3,browser" });
    expect(strict.checks.close()).toBe(1);
    expect(strict.lines.at(-1)).toBe("1 checks passed, 1 failed");
  });

  test("A check that throws fails the run with its reason, and the others still run.", async () => {
    const { checks, lines } = await run({});
    expect(await checks.check("One does not.", () => Promise.reject(new Error("so")))).toBeUndefined();
    expect(await checks.check("One more holds.", () => 7)).toBe(7);
    expect(checks.close()).toBe(1);
    expect(lines).toContain("failed: One does not.: so");
    expect(lines.at(-1)).toBe("2 checks passed, 1 failed, 1 skipped");
  });

  test("A run without a check has shown nothing.", () => {
    expect(createChecks({}, () => undefined).close()).toBe(1);
  });

  test("Where the package is not installed no subpath has types, and none loads.", async () => {
    const folder = mkdtempSync(join(tmpdir(), "icecore-empty-"));
    try {
      mkdirSync(join(folder, "node_modules"));
      const manifest = readManifest();
      const names = subpathsOf(manifest).map(({ name }) => name);
      expect(new Set((await typeFaults(folder, manifest)).keys())).toEqual(new Set(names));
      const loaded = await loadSubpaths(folder, manifest);
      expect(loaded.map(({ name }) => name)).toEqual(names);
      for (const { error } of loaded) expect(error).toContain("Cannot find package 'icecore'");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
