/** The house as the rules see it: TypeScript files with their syntax trees, and what each imports. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

export interface Source {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** What is wrong and where; every rule answers with a list of these. */
export interface Finding {
  /** `path:line` or a path. */
  readonly at: string;
  /** What is wrong and what to do about it. */
  readonly what: string;
}

const skipped = new Set(["node_modules", "dist", "coverage", ".git", ".tmp"]);

/** Every file of the house that ends so, as paths from the root. */
export function filesOf(ending: string, folder = ""): readonly string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesOf(ending, path);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

export function parseSource(path: string, text: string): Source {
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind) };
}

/** Every TypeScript file of the house. */
export function readSources(): readonly Source[] {
  return [...filesOf(".ts"), ...filesOf(".tsx")].map((path) => parseSource(path, readText(path)));
}

export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

export function finding(source: Source, node: ts.Node, what: string): Finding {
  const { line } = source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree));
  return { at: `${source.path}:${line + 1}`, what };
}

/** Findings as one text, for a test's failure. */
export function report(findings: readonly Finding[]): string {
  return findings.map(({ at, what }) => `${at}  ${what}`).join("\n");
}

export function eachNode(source: Source, visit: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, walk);
  };
  walk(source.tree);
}

export interface Import {
  readonly node: ts.Node;
  /** As written: `./x.ts`, `node:fs`, `zod`. */
  readonly name: string;
  /** For relative ones, from the root. */
  readonly path: string | undefined;
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/** Imports, re-exports and `import()` of a file. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  eachNode(source, (node) => {
    const name = importedName(node);
    if (name !== undefined)
      found.push({ node, name, path: resolveFrom(source.path, name), typeOnly: isTypeOnly(node) });
  });
  return found;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  if (!ts.isImportDeclaration(node)) return false;
  const bindings = node.importClause?.namedBindings;
  if (node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return (
    bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.every((one) => one.isTypeOnly)
  );
}

function importedName(node: ts.Node): string | undefined {
  const named = (expression: ts.Node | undefined) =>
    expression && ts.isStringLiteralLike(expression) ? expression.text : undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return named(node.moduleSpecifier);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return named(node.arguments[0]);
  return ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
    ? named(node.argument.literal)
    : undefined;
}

/** A relative name as a path from the root; undefined for packages. */
export function resolveFrom(path: string, name: string): string | undefined {
  if (!name.startsWith(".")) return undefined;
  return relative(".", normalize(join(dirname(path), name)))
    .split(sep)
    .join("/");
}

/** Names that a file exports, its own and re-exported ones. */
export function exportedNames(source: Source): readonly { readonly name: string; readonly node: ts.Node }[] {
  const found: { name: string; node: ts.Node }[] = [];
  for (const statement of source.tree.statements) {
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause)
    )
      for (const element of statement.exportClause.elements)
        found.push({ name: element.name.text, node: element });
    if (!isExported(statement)) continue;
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations)
        if (ts.isIdentifier(name)) found.push({ name: name.text, node: name });
    const { name } = statement as { name?: ts.Node };
    if (name && ts.isIdentifier(name)) found.push({ name: name.text, node: name });
  }
  return found;
}

function isExported(node: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
}
