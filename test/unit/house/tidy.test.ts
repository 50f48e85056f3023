/** Keeps the house tidy. Each rule is a function beside this file; rules.test.ts shows that each can fail. */
import { expect, test } from "vitest";
import { checkCircles, checkFolders, checkFreeFolders, checkLayers } from "./import-table.ts";
import { checkLifeTable, checkLinks, type Document, type Tree } from "./markdown.ts";
import { checkPlatform, checkPure } from "./purity.ts";
import { checkEntriesExist, checkIndexes, checkReachable, checkScripts, type Package } from "./reachable.ts";
import { exists, exportedNames, type Finding, filesOf, readSources, readText, report } from "./source.ts";
import { checkConstructs, checkExceptions, checkKeys, checkLength, linesMax } from "./style.ts";
import { checkHeadings, checkNames } from "./words.ts";

const sources = readSources();
const documents: readonly Document[] = filesOf(".md").map((path) => ({ path, text: readText(path) }));
const pages: readonly Document[] = filesOf(".html").map((path) => ({ path, text: readText(path) }));
const manifest = JSON.parse(readText("package.json")) as Package;

/** Files that may be longer than the limit: path -> reason. */
const longFiles: Readonly<Record<string, string>> = {};

/** Files that touch the real clock, randomness or timers without being named platform: path -> reason. */
const machineFiles: Readonly<Record<string, string>> = {
  "bucket/faulty.ts":
    "a bucket has a clock of its own; this is its default, and the option `now` replaces it",
  "bucket/folder.ts":
    "it gives way to other work between many synchronous calls: no clock, nothing waits for a time",
  "bucket/memory.ts":
    "a bucket has a clock of its own; this is its default, and the option `now` replaces it",
};

function expectNone(findings: readonly Finding[]): void {
  expect(findings.length, `\n${report(findings)}\n`).toBe(0);
}

test("A folder imports only from the folders that the import table gives it.", () => {
  expectNone(checkFolders(sources));
});

test("Inside shared/ a layer imports only from the layers below it.", () => {
  expectNone(checkLayers(sources));
});

test("Product code imports nothing from examples, bench, scripts or test.", () => {
  expectNone(checkFreeFolders(sources));
});

test("No files import each other in a circle.", () => {
  expectNone(checkCircles(sources));
});

test("shared/ without drive is synchronous and knows no clock, randomness, DOM or Node.", () => {
  expectNone(checkPure(sources));
});

test("Only platform files touch the real clock, randomness and timers.", () => {
  expectNone(checkPlatform(sources, machineFiles));
  const touches = sources.filter((source) => checkPlatform([source], {}).length > 0).map(({ path }) => path);
  expectNone(checkExceptions(machineFiles, (path) => touches.includes(path)));
});

test("No exported name has a word that the project does not use.", () => {
  expectNone(checkNames(sources));
});

test("No heading of a document has a word that the project does not use.", () => {
  expectNone(checkHeadings(documents));
});

test("Every TypeScript file is shipped, run by an npm script or a page, quoted as an example, or reached by a test.", () => {
  expectNone(checkReachable(sources, manifest, [...pages, ...documents]));
});

test("Every index.ts is a public subpath.", () => {
  expectNone(checkIndexes(sources, manifest));
});

test("Every bin and export of package.json has its source.", () => {
  expectNone(checkEntriesExist(manifest, exists));
});

test("Every npm script that a document names exists.", () => {
  expectNone(checkScripts(documents, manifest));
});

test("Every relative link and anchor in a document leads somewhere.", () => {
  const document = (path: string) => documents.find((one) => one.path === path);
  const tree: Tree = { exists, document };
  expectNone(checkLinks(documents, tree));
});

test("ARCHITECTURE's table of an update's life names real files and what they export.", () => {
  const architecture = documents.find(({ path }) => path === "ARCHITECTURE.md") ?? {
    path: "ARCHITECTURE.md",
    text: "",
  };
  const exportsOf = (path: string) => {
    const source = sources.find((one) => one.path === path);
    return source && exportedNames(source).map(({ name }) => name);
  };
  expectNone(checkLifeTable(architecture, "The life of an update", exportsOf));
});

test(`No source file is longer than ${linesMax} lines without a reason.`, () => {
  expectNone(checkLength(sources, longFiles));
  const isLong = (path: string) => exists(path) && readText(path).split("\n").length - 1 > linesMax;
  expectNone(checkExceptions(longFiles, isLong));
});

test("There is no any, no non-null assertion, no enum and no default export.", () => {
  expectNone(checkConstructs(sources));
});

test("Only shared/wire/keys.ts spells object keys.", () => {
  expectNone(checkKeys(sources));
});
