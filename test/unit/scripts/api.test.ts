import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { declarationsOf, exportsOf, namedBy, reportPath, staleReports } from "../../../scripts/api/report.ts";

describe("the API reports", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "icecore-api-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function programOf(files: Readonly<Record<string, string>>): ts.Program {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return ts.createProgram([join(folder, "index.d.ts")], { module: ts.ModuleKind.NodeNext, noLib: true });
  }

  const files = {
    "index.d.ts": 'export { b, type A as Renamed } from "./parts.js";\nexport declare const a: number;\n',
    "parts.d.ts": `/** Said to users. */
interface Hidden { readonly more: Deeper }
interface Deeper { readonly x: 1 }
interface Unseen { readonly y: 2 }
export interface A { /** Inside. */ readonly hidden: Hidden }
export declare function b(one: string): void;
export declare function b(one: number): void;
`,
  };

  test("A report has each exported name with its declaration, sorted, without comments, through re-exports.", () => {
    expect(declarationsOf(exportsOf(programOf(files), join(folder, "index.d.ts")))).toEqual([
      "export interface A {\n    readonly hidden: Hidden;\n}\nexport { A as Renamed };",
      "export const a: number;",
      "export function b(one: string): void;\nexport function b(one: number): void;",
    ]);
  });

  test("What exported declarations name belongs to it, and what that names; nothing else.", () => {
    const program = programOf(files);
    const targets = exportsOf(program, join(folder, "index.d.ts")).map(({ target }) => target);
    const named = namedBy(targets, program.getTypeChecker(), () => true).map(({ name }) => name);
    expect(named.filter((name) => !["A", "a", "b"].includes(name)).sort()).toEqual(["Deeper", "Hidden"]);
    expect(namedBy(targets, program.getTypeChecker(), () => false)).toEqual([]);
  });

  test("A file that was not built is refused with what to run.", () => {
    expect(() => exportsOf(programOf(files), join(folder, "none.d.ts"))).toThrow("npm run build");
  });
});

test("A report stands at its subpath's name.", () => {
  expect(["icecore", "icecore/client/node"].map(reportPath)).toEqual([
    "docs/api/icecore.md",
    "docs/api/client/node.md",
  ]);
});

test("A changed, a missing and a left-over report are each told, and equal ones are not.", () => {
  const made = [
    { path: "same.md", text: "a\n" },
    { path: "changed.md", text: "a\nb\n" },
    { path: "new.md", text: "a\n" },
  ];
  const kept = new Map([
    ["same.md", "a\n"],
    ["changed.md", "a\nc\n"],
    ["old.md", "a\n"],
  ]);
  expect(staleReports(made, kept)).toEqual([
    'changed.md is not what the code exports: line 2 says "c", the code "b"',
    "new.md is missing",
    "old.md is of no subpath any more",
  ]);
  expect(staleReports(made.slice(0, 1), new Map([["same.md", "a\n"]]))).toEqual([]);
});
