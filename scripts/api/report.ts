/**
 * What a public subpath exports, as text that a person can compare: each exported name, sorted, with its declaration as the compiler wrote
 * it, without comments. What these name and no subpath exports has a report of its own, for a change of it is one for users as well.
 *
 * The same code gives the same text on every machine: nothing depends on the order of files, on paths or on the clock.
 */
import { join, relative, sep } from "node:path";
import ts from "typescript";
import { root, type Subpath } from "../manifest.ts";

export interface Report {
  /** From the root: `docs/api/client.md`. */
  readonly path: string;
  readonly text: string;
}

/** One report a subpath, and one for what they have in common. `tsc -b` must have written the declarations. */
export function apiReports(subpaths: readonly Subpath[]): readonly Report[] {
  const files = subpaths.map(({ types }) => join(root, types));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const exported = subpaths.map(({ types }) => exportsOf(program, join(root, types)));
  const anywhere = new Set(exported.flatMap((names) => names.map(({ target }) => target)));
  const isOwn = (file: ts.SourceFile) => file.fileName.startsWith(join(root, "dist"));
  const hidden = namedBy([...anywhere], checker, isOwn).filter((target) => !anywhere.has(target));
  return [
    ...subpaths.map(({ name }, at) => ({
      path: reportPath(name),
      text: reportText(name, `What \`${name}\` exports.`, declarationsOf(exported[at] ?? [])),
    })),
    {
      path: "docs/api/not-exported.md",
      text: reportText(
        "Not exported",
        "What exported declarations name, and no subpath exports.",
        hidden.map((target) => `// ${fileOf(target)}\n${declarations(target)}`).sort(),
      ),
    },
  ];
}

function fileOf({ declarations: [first] = [] }: ts.Symbol): string {
  const path = first === undefined ? "" : relative(join(root, "dist"), first.getSourceFile().fileName);
  return path
    .split(sep)
    .join("/")
    .replace(/\.d\.ts$/, ".ts");
}

/** `icecore/bucket/s3` -> `docs/api/bucket/s3.md`, and the package itself after its name. */
export function reportPath(name: string): string {
  return `docs/api/${name.replace(/^[^/]+\//, "")}.md`;
}

interface Exported {
  readonly name: string;
  /** What it leads to, through any number of re-exports. */
  readonly target: ts.Symbol;
}

/** Sorted by name. */
export function exportsOf(program: ts.Program, file: string): readonly Exported[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const symbol = source && checker.getSymbolAtLocation(source);
  if (symbol === undefined)
    throw new Error(`${file} is missing or exports nothing: run "npm run build" first`);
  return checker
    .getExportsOfModule(symbol)
    .map((exported) => ({ name: exported.name, target: targetOf(exported, checker) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function targetOf(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

export function declarationsOf(names: readonly Exported[]): readonly string[] {
  return names.map(({ name, target }) => {
    const renamed = target.name === name ? "" : `\nexport { ${target.name} as ${name} };`;
    return declarations(target) + renamed;
  });
}

/** The top-level declarations of own files that these name, and those name in turn. */
export function namedBy(
  targets: readonly ts.Symbol[],
  checker: ts.TypeChecker,
  isOwn: (file: ts.SourceFile) => boolean,
): readonly ts.Symbol[] {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    const symbol = ts.isIdentifier(node) && checker.getSymbolAtLocation(node);
    if (symbol) add(targetOf(symbol, checker));
    ts.forEachChild(node, visit);
  };
  const add = (symbol: ts.Symbol): void => {
    const isTop = symbol.declarations?.some(
      (one) => ts.isSourceFile(shownOf(one).parent) && isOwn(one.getSourceFile()),
    );
    if (!isTop || found.has(symbol)) return;
    found.add(symbol);
    for (const one of symbol.declarations ?? []) visit(one);
  };
  for (const target of targets) for (const one of target.declarations ?? []) visit(one);
  return [...found];
}

function declarations(symbol: ts.Symbol): string {
  const texts = (symbol.declarations ?? []).map(declarationText);
  if (texts.length === 0) throw new Error(`${symbol.name} leads to no declaration`);
  return texts.join("\n");
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

function declarationText(node: ts.Declaration): string {
  const text = printer.printNode(ts.EmitHint.Unspecified, shownOf(node), node.getSourceFile());
  return text.replace(/^(export )?declare /, "$1");
}

/** `const x: X` stands in a list, in a statement. */
function shownOf(node: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node;
}

function reportText(title: string, what: string, texts: readonly string[]): string {
  const note = "Written by `npm run api`; a change here is a change for users, and goes into the changelog.";
  return `# ${title}\n\n${what} ${note}\n\n\`\`\`ts\n${texts.join("\n\n")}\n\`\`\`\n`;
}

/** What keeps the reports in the repository from being those of the code; none when they are. */
export function staleReports(made: readonly Report[], kept: ReadonlyMap<string, string>): readonly string[] {
  const paths = new Set(made.map(({ path }) => path));
  return [
    ...made.flatMap(({ path, text }) => {
      const old = kept.get(path);
      if (old === text) return [];
      return [
        old === undefined
          ? `${path} is missing`
          : `${path} is not what the code exports: ${firstChange(old, text)}`,
      ];
    }),
    ...[...kept.keys()].filter((path) => !paths.has(path)).map((path) => `${path} is of no subpath any more`),
  ];
}

function firstChange(old: string, text: string): string {
  const [was, is] = [old.split("\n"), text.split("\n")];
  const at = is.findIndex((line, i) => line !== was[i]);
  const line = at < 0 ? is.length : at;
  return `line ${line + 1} says ${JSON.stringify(was[line] ?? "")}, the code ${JSON.stringify(is[line] ?? "")}`;
}
