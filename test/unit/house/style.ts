/** Style that a tree can show: file length, no any, no `!`, no default export, no enum, keys in one file. */
import ts from "typescript";
import { eachNode, type Finding, finding, folderOf, type Source } from "./source.ts";

export const linesMax = 300;

/** Files over the limit, except those in `excepted`, which maps a path to the reason. */
export function checkLength(
  sources: readonly Source[],
  excepted: Readonly<Record<string, string>>,
): readonly Finding[] {
  return sources
    .filter(({ path }) => folderOf(path) !== "test" && excepted[path] === undefined)
    .flatMap(({ path, text }) => {
      const lines = text.split("\n").length - 1;
      if (lines <= linesMax) return [];
      return [{ at: path, what: `has ${lines} lines, more than ${linesMax}: one file, one idea. Split it.` }];
    });
}

/** An exception for a file that no longer needs it, or is gone, is stale. */
export function checkExceptions(
  excepted: Readonly<Record<string, string>>,
  stillNeeded: (path: string) => boolean,
): readonly Finding[] {
  return Object.keys(excepted)
    .filter((path) => !stillNeeded(path))
    .map((path) => ({ at: path, what: "needs its exception no more: take it out of the list." }));
}

export function checkConstructs(sources: readonly Source[]): readonly Finding[] {
  return sources.flatMap((source) => {
    const findings: Finding[] = [];
    eachNode(source, (node) => {
      const what = constructFault(node, source.path);
      if (what) findings.push(finding(source, node, what));
    });
    return findings;
  });
}

function constructFault(node: ts.Node, path: string): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "any: say unknown and parse it, or name the type.";
  if (ts.isNonNullExpression(node))
    return "`!` hides a missing value: handle it, or assert with the invariant.";
  if (ts.isEnumDeclaration(node)) return "enum: use a union of texts.";
  if (isDefaultExport(node) && !path.endsWith(".config.ts")) return "default export: export it by its name.";
  return undefined;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === "default";
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)
  );
}

const keyStart = /^(heads|updates|segments|snapshots|marks|indexes|sweeps)\//;
const keyFile = "shared/wire/keys.ts";

/** Object keys are spelled in one file; elsewhere they are made by its functions. */
export function checkKeys(sources: readonly Source[]): readonly Finding[] {
  const product = /^(shared|bucket|client|server|lambdas|cli)\//;
  return sources
    .filter(({ path }) => product.test(path) && path !== keyFile)
    .flatMap((source) => {
      const findings: Finding[] = [];
      eachNode(source, (node) => {
        const text = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) ? node.text : "";
        if (keyStart.test(text))
          findings.push(
            finding(source, node, `spells the key "${text}": only ${keyFile} knows keys, use it.`),
          );
      });
      return findings;
    });
}
