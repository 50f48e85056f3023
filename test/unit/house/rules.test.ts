/** Each rule of the house, fed with what it must refuse and with what it must let pass. */
import { describe, expect, test } from "vitest";
import { checkCircles, checkFolders, checkFreeFolders, checkLayers } from "./import-table.ts";
import { anchorOf, checkLifeTable, checkLinks, type Document } from "./markdown.ts";
import { checkPlatform, checkPure } from "./purity.ts";
import { checkEntriesExist, checkIndexes, checkReachable, checkScripts, sourceOf } from "./reachable.ts";
import { exportedNames, type Finding, parseSource } from "./source.ts";
import { checkConstructs, checkExceptions, checkKeys, checkLength } from "./style.ts";
import { checkHeadings, checkNames } from "./words.ts";

const whats = (findings: readonly Finding[]) => findings.map(({ what }) => what);
const sourcesOf = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([path, text]) => parseSource(path, text));

describe("the import table", () => {
  const refused: readonly (readonly [from: string, text: string])[] = [
    ["shared/a.ts", 'import { b } from "../bucket/b.ts";'],
    ["bucket/a.ts", 'export { c } from "../client/c.ts";'],
    ["client/a.ts", 'import { b } from "../bucket/b.ts";'],
    ["server/a.ts", 'const c = await import("../client/c.ts");'],
    ["cli/a.ts", 'import type { k } from "../test-kit/k.ts";'],
    ["test-kit/a.ts", 'type T = import("../cli/t.ts").T;'],
    ["cdk/a.ts", 'import { b } from "../server/b.ts";'],
  ];

  test.each(refused)("A file %s with %s is refused.", (path, text) => {
    expect(checkFolders(sourcesOf({ [path]: text }))).toHaveLength(1);
  });

  test("Imports that the table allows pass, and comments do not count.", () => {
    const files = {
      "bucket/a.ts": 'import { s } from "../shared/s.ts"; // from "../client/c.ts"',
      "lambdas/a.ts": 'import { s } from "../server/s.ts"; import fs from "node:fs";',
      "test/a.ts": 'import { s } from "../cli/s.ts";',
    };
    expect(checkFolders(sourcesOf(files))).toEqual([]);
  });

  test("A finding names the file and the line.", () => {
    const [found] = checkFolders(sourcesOf({ "shared/a.ts": '\n\nimport { b } from "../bucket/b.ts";' }));
    expect(found?.at).toBe("shared/a.ts:3");
  });

  test.each([
    ["shared/codec/a.ts", "../model/b.ts"],
    ["shared/wire/a.ts", "../log/b.ts"],
    ["shared/model/a.ts", "../fold/b.ts"],
    ["shared/fold/a.ts", "../log/b.ts"],
    ["shared/log/a.ts", "../fold/b.ts"],
    ["shared/log/a.ts", "../drive/b.ts"],
    ["shared/json.ts", "./wire/b.ts"],
    ["shared/wire/a.ts", "zod"],
    ["shared/new-layer/a.ts", "../json.ts"],
  ])("Inside shared/, %s may not import %s.", (path, name) => {
    expect(checkLayers(sourcesOf({ [path]: `import { b } from "${name}";` }))).toHaveLength(1);
  });

  test("Inside shared/, imports downwards pass.", () => {
    const files = {
      "shared/log/a.ts": 'import { b } from "../wire/b.ts"; import { c } from "../errors.ts";',
      "shared/drive/a.ts": 'import { b } from "../fold/b.ts"; import { c } from "../log/c.ts";',
      "shared/index.ts": 'export { b } from "./drive/b.ts";',
    };
    expect(checkLayers(sourcesOf(files))).toEqual([]);
  });

  test("Product code that imports a test or an example is refused, a test that does is not.", () => {
    const files = { "cli/a.ts": 'import "../examples/b.ts";', "test/a.ts": 'import "../bench/b.ts";' };
    expect(checkFreeFolders(sourcesOf(files)).map(({ at }) => at)).toEqual(["cli/a.ts:1"]);
  });

  test("Two files that import each other are a circle, unless one needs only types.", () => {
    const a = 'import { b } from "./b.ts";';
    expect(
      checkCircles(sourcesOf({ "shared/a.ts": a, "shared/b.ts": 'import { a } from "./a.ts";' })),
    ).toHaveLength(1);
    expect(
      checkCircles(sourcesOf({ "shared/a.ts": a, "shared/b.ts": 'import type { a } from "./a.ts";' })),
    ).toEqual([]);
    expect(
      checkCircles(sourcesOf({ "shared/a.ts": a, "shared/b.ts": 'import { type A } from "./a.ts";' })),
    ).toEqual([]);
  });
});

describe("purity", () => {
  test.each([
    "export async function f() {}",
    "export const p = Promise.resolve(1);",
    "type P = Promise<number>;",
    "export const now = Date.now();",
    "export const now = new Date();",
    "export const now = Date();",
    "export const x = Math.random();",
    "console.log(1);",
    "export const e = process.env;",
    'import { readFileSync } from "node:fs";',
    "export const w = window;",
    "export const t = setTimeout(() => 1, 2);",
    'export const less = "a".localeCompare("b");',
    "export const h = (d: Date) => d.getHours();",
    "export const u = { crypto };",
  ])("In shared/log, %s is refused.", (text) => {
    expect(checkPure(sourcesOf({ "shared/log/a.ts": text })).length).toBeGreaterThan(0);
  });

  test("await is refused at the top level and in for await.", () => {
    const files = { "shared/wire/a.ts": "await x;", "shared/wire/b.ts": "for await (const a of b) a;" };
    const found = checkPure(sourcesOf(files)).map(({ at }) => at);
    expect(new Set(found)).toEqual(new Set(["shared/wire/a.ts:1", "shared/wire/b.ts:1"]));
  });

  test.each([
    "// Promise, Date.now() and console.log(1) in a comment",
    'export const text = "Math.random()";',
    "export const d = new Date(5).toISOString();",
    "export const m = (env: { process: number }) => env.process;",
    "export const f = (fetch: number) => fetch + 1;",
    "export interface Host { setTimeout(ms: number): void; crypto: string }",
    "export const made = { console: 1 };",
  ])("In shared/log, %s passes.", (text) => {
    expect(whats(checkPure(sourcesOf({ "shared/log/a.ts": text })))).toEqual([]);
  });

  test("A port may name Promise in an interface; drive may be asynchronous.", () => {
    const files = {
      "shared/ports/a.ts": "export interface A { get(): Promise<number> }",
      "shared/drive/a.ts": "export async function f() { await Promise.resolve(); }",
    };
    expect(checkPure(sourcesOf(files))).toEqual([]);
  });

  test.each(["Date.now()", "new Date()", "Math.random()", "setTimeout(() => 1, 2)", "crypto.randomUUID()"])(
    "In bucket/, %s is refused outside of platform files.",
    (text) => {
      expect(checkPlatform(sourcesOf({ "bucket/a.ts": text, "shared/drive/a.ts": text }), {})).toHaveLength(
        2,
      );
      expect(
        checkPlatform(sourcesOf({ "bucket/platform/node.ts": text, "client/platform.ts": text }), {}),
      ).toEqual([]);
    },
  );

  test("In bucket/, the module node:crypto is refused, an excepted file is not.", () => {
    const files = sourcesOf({ "bucket/a.ts": 'import { randomBytes } from "node:crypto";' });
    expect(checkPlatform(files, {})).toHaveLength(1);
    expect(checkPlatform(files, { "bucket/a.ts": "a reason" })).toEqual([]);
  });
});

describe("words", () => {
  test.each([
    "onEvent",
    "StreamReader",
    "saveCheckpoint",
    "userData",
    "DATA",
    "SyncManager",
    "textUtils",
    "errorMessages",
  ])("An export named %s is refused.", (name) => {
    expect(checkNames(sourcesOf({ "shared/a.ts": `export const ${name} = 1;` }))).toHaveLength(1);
    expect(checkNames(sourcesOf({ "shared/a.ts": `const x = 1; export { x as ${name} };` }))).toHaveLength(1);
    expect(checkNames(sourcesOf({ "shared/a.ts": `export interface ${name} {}` }))).toHaveLength(1);
  });

  test("Names that only contain the letters pass, and so do the words that a folder owns.", () => {
    const files = {
      "shared/a.ts":
        "export const eventual = 1; export const update = 2; export const metadataless = 3; const handler = 4;",
      "cli/a.ts": "export const initCommand = 1;",
      "lambdas/a.ts": "export const handler = 1;",
    };
    expect(whats(checkNames(sourcesOf(files)))).toEqual([]);
  });

  test("A heading with such a word is refused, a text below it and a fenced line are not.", () => {
    const text =
      "# The event-sourced log\n\n## Streams\n\nA stream.\n\n```\n# event\n```\n\n### On the command line\n";
    expect(checkHeadings([{ path: "A.md", text }]).map(({ at }) => at)).toEqual(["A.md:3"]);
  });
});

describe("dead files", () => {
  const manifest = {
    bin: { x: "./dist/cli/main.js" },
    exports: {
      ".": { types: "./dist/shared/index.d.ts", default: "./dist/shared/index.js" },
      "./package.json": "./package.json",
    },
    scripts: { bench: "tsx bench/log.ts --quick" },
  };
  const files = {
    "cli/main.ts": 'import "./table.ts"; const child = "./child.ts";',
    "cli/table.ts": "",
    "cli/child.ts": "",
    "shared/index.ts": 'export * from "./a.ts";',
    "shared/a.ts": "",
    "bench/log.ts": "",
    "test/unit/a.test.ts": 'import "../tools.ts";',
    "test/tools.ts": "",
  };

  test("What is exported, run, started as a process or used by a test is alive.", () => {
    expect(whats(checkReachable(sourcesOf(files), manifest))).toEqual([]);
  });

  test("What nothing reaches, or only a test, is dead.", () => {
    const more = {
      "shared/dead.ts": "",
      "shared/tested.ts": "",
      "test/b.test.ts": 'import "../shared/tested.ts";',
      "test/old.ts": "",
    };
    const found = checkReachable(sourcesOf({ ...files, ...more }), manifest).map(({ at }) => at);
    expect(found).toEqual(["shared/dead.ts", "shared/tested.ts", "test/old.ts"]);
  });

  test("A page's script is alive, and an example that a document quotes; product code needs more than a link.", () => {
    const more = { "examples/app/main.tsx": "", "examples/recipe.ts": "", "shared/linked.ts": "" };
    const pages = [
      { path: "examples/app/index.html", text: '<script type="module" src="./main.tsx"></script>' },
      { path: "docs/a.md", text: "[one](../examples/recipe.ts) and [two](../shared/linked.ts)" },
    ];
    const found = checkReachable(sourcesOf({ ...files, ...more }), manifest, pages).map(({ at }) => at);
    expect(found).toEqual(["shared/linked.ts"]);
  });

  test("An index.ts that is no public subpath is refused.", () => {
    const found = checkIndexes(sourcesOf({ "shared/index.ts": "", "shared/wire/index.ts": "" }), manifest);
    expect(found.map(({ at }) => at)).toEqual(["shared/wire/index.ts"]);
  });

  test("An entry without a source is refused.", () => {
    expect(whats(checkEntriesExist(manifest, (path) => path !== "cli/main.ts"))).toEqual([
      "bin or exports name cli/main.ts, which does not exist.",
    ]);
    expect(sourceOf("./dist/shared/log/index.d.ts")).toBe("shared/log/index.ts");
  });

  test("A document that names an unknown npm script is refused.", () => {
    const text = "Run `npm run bench`, then `npm ci && npm start`, `npm test` and `npm run test:budgets`.";
    const scripts = { bench: "x", test: "y" };
    expect(whats(checkScripts([{ path: "README.md", text }], { scripts }))).toEqual([
      'names the npm script "start", which package.json does not have.',
      'names the npm script "test:budgets", which package.json does not have.',
    ]);
  });
});

describe("documents", () => {
  const readme: Document = {
    path: "README.md",
    text: "# One\n\n[a](docs/b.md) [b](docs/b.md#two-words) [c](#one) [d](https://x.org/nowhere) `[e](none.md)`\n",
  };
  const below: Document = {
    path: "docs/b.md",
    text: '# Two, words!\n\n[up](../README.md "title")\n\n[r]: ../README.md#one\n',
  };
  const document = (path: string) => [readme, below].find((one) => one.path === path);
  const tree = { exists: (path: string) => document(path) !== undefined, document };

  test("Links and anchors that lead somewhere pass.", () => {
    expect(whats(checkLinks([readme, below], tree))).toEqual([]);
  });

  test.each(["[x](none.md)", "[x](docs/none.md#one)", "[x](docs/b.md#none)", "[x](#none)", "[x]: none.md"])(
    "%s is a broken link.",
    (text) => {
      expect(checkLinks([{ path: "README.md", text: `# One\n\n${text}\n` }], tree)).toHaveLength(1);
    },
  );

  test("Anchors are made as GitHub makes them.", () => {
    expect(anchorOf("Read: `head.json`, then `updates/`")).toBe("read-headjson-then-updates");
  });

  const life = (rows: string) => ({
    path: "ARCHITECTURE.md",
    text: `# A\n\n## The life of an update\n\n| Stage | File | Function |\n| --- | --- | --- |\n${rows}\n\nText.\n`,
  });
  const exportsOf = (path: string) => (path === "shared/a.ts" ? ["run", "stop"] : undefined);
  const check = (rows: string) => whats(checkLifeTable(life(rows), "The life of an update", exportsOf));

  test("A table that names real files and their exports passes.", () => {
    expect(
      check("| 1 write | `shared/a.ts` | `run`, `stop` | all |\n| 2 | [`shared/a.ts`](x) | `run` |"),
    ).toEqual([]);
  });

  test("A table that names a missing file, a missing export or nothing is refused, and so is no table.", () => {
    expect(check("| 1 | `shared/b.ts` | `run` |")).toHaveLength(1);
    expect(check("| 1 | `shared/a.ts` | `run`, `walk` |")).toHaveLength(1);
    expect(check("| 1 | shared/a.ts | run |")).toHaveLength(1);
    expect(checkLifeTable({ path: "A.md", text: "# A\n" }, "The life of an update", exportsOf)).toHaveLength(
      1,
    );
  });

  test("Exported names are found in every form.", () => {
    const text =
      'export const a = 1, b = 2; export function c() {} export class D {} export type E = 1; export { f as g } from "./x.ts"; const h = 1;';
    expect(exportedNames(parseSource("shared/a.ts", text)).map(({ name }) => name)).toEqual([
      "a",
      "b",
      "c",
      "D",
      "E",
      "g",
    ]);
  });
});

describe("style", () => {
  test("A file over the limit is refused unless it has a reason.", () => {
    const files = sourcesOf({
      "shared/long.ts": "\n".repeat(301),
      "shared/short.ts": "\n".repeat(300),
      "test/long.ts": "\n".repeat(999),
    });
    expect(checkLength(files, {}).map(({ at }) => at)).toEqual(["shared/long.ts"]);
    expect(checkLength(files, { "shared/long.ts": "one table" })).toEqual([]);
  });

  test("An exception that is needed no more is refused.", () => {
    expect(checkExceptions({ "shared/a.ts": "a reason" }, () => false)).toHaveLength(1);
    expect(checkExceptions({ "shared/a.ts": "a reason" }, () => true)).toEqual([]);
  });

  test.each([
    "export const a: any = 1;",
    "export const a = (b: { c?: number }) => b.c!;",
    "export enum A { B }",
    "export default 1;",
    "export default function f() {}",
    "const a = 1; export { a as default };",
  ])("%s is refused.", (text) => {
    expect(checkConstructs(sourcesOf({ "shared/a.ts": text }))).toHaveLength(1);
  });

  test("A configuration file may export a default, and words in texts pass.", () => {
    const files = {
      "vitest.config.ts": "export default {};",
      "shared/a.ts": 'export const a = !"any enum!"; // any',
    };
    expect(checkConstructs(sourcesOf(files))).toEqual([]);
  });

  test("A key that is spelled outside of keys.ts is refused.", () => {
    const files = {
      "cli/a.ts": ["export const key = (s: string) => `updates/", "{s}/x`;"].join("$"),
      "bucket/b.ts": 'export const p = "heads/";',
      "shared/wire/keys.ts": 'export const p = "heads/";',
      "bucket/c.ts": 'export const text = "an update lies under updates/";',
    };
    expect(checkKeys(sourcesOf(files)).map(({ at }) => at)).toEqual(["cli/a.ts:1", "bucket/b.ts:1"]);
  });
});
