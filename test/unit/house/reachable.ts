/** Dead files: everything is reachable from what is shipped, run or tested. */
import ts from "typescript";
import type { Document } from "./markdown.ts";
import { eachNode, type Finding, importsOf, resolveFrom, type Source } from "./source.ts";

/** The part of package.json that names files. */
export interface Package {
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** Folders whose files must be shipped or run by a script; being tested is not enough. */
const productFolders = /^(shared|bucket|client|server|lambdas|cdk|cli|test-kit|examples|bench|scripts)\//;

/** `./dist/cli/main.js` -> `cli/main.ts`. */
export function sourceOf(built: string): string {
  return built
    .replace(/^\.\//, "")
    .replace(/^dist\//, "")
    .replace(/\.d\.ts$|\.js$/, ".ts");
}

/** Sources of bin and exports. */
export function shippedEntries({ bin = {}, exports = {} }: Package): readonly string[] {
  const built = Object.values(exports).flatMap((one) =>
    typeof one === "string" ? [one] : Object.values(one),
  );
  const files = [...Object.values(bin), ...built].filter((file) => file.includes("/dist/"));
  return [...new Set(files.map(sourceOf))];
}

/** TypeScript files that the npm scripts run. */
function scriptEntries({ scripts = {} }: Package): readonly string[] {
  return Object.values(scripts).flatMap((script) => script.match(/[\w./-]+\.tsx?\b/g) ?? []);
}

/** Web pages name the script that they begin with, documents the examples that they quote. */
function pageEntries(pages: readonly Document[]): readonly string[] {
  return pages.flatMap(({ path, text }) => {
    const isHtml = path.endsWith(".html");
    const names = [...text.matchAll(isHtml ? /\ssrc="([^"]+\.tsx?)"/g : /\]\(([^)\s]+\.tsx?)\)/g)];
    const files = names.map(([, name = ""]) => resolveFrom(path, `./${name}`) ?? "");
    return isHtml ? files : files.filter((file) => file.startsWith("examples/"));
  });
}

/** `pages`: HTML and documents, which bring files to life, too. */
export function checkReachable(
  sources: readonly Source[],
  manifest: Package,
  pages: readonly Document[] = [],
): readonly Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const run = [
    ...shippedEntries(manifest),
    ...scriptEntries(manifest),
    ...pageEntries(pages),
    ...named(byPath, /^[^/]+\.config\.ts$/),
  ];
  const shipped = reach(byPath, run);
  const tested = reach(byPath, named(byPath, /^test\/(.*\.test\.tsx?|types\/.*|.*\.d\.ts)$/));
  return sources.flatMap(({ path }) => {
    if (shipped.has(path)) return [];
    if (productFolders.test(path)) {
      const only = tested.has(path) ? "only tests reach it" : "nothing reaches it";
      return [{ at: path, what: `${only}: export it, run it from an npm script, or delete it.` }];
    }
    return tested.has(path) ? [] : [{ at: path, what: "no test reaches it: use it or delete it." }];
  });
}

function named(byPath: ReadonlyMap<string, Source>, shape: RegExp): readonly string[] {
  return [...byPath.keys()].filter((path) => shape.test(path));
}

function reach(byPath: ReadonlyMap<string, Source>, entries: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const source = byPath.get(path);
    if (!source || reached.has(path)) continue;
    reached.add(path);
    for (const one of importsOf(source)) if (one.path !== undefined) queue.push(one.path);
    queue.push(...namedFiles(source));
  }
  return reached;
}

/** Files that a text of the source names, for programs that are started as processes: `"./child.ts"`, `"cli/main.ts"`. */
function namedFiles(source: Source): readonly string[] {
  const found: string[] = [];
  eachNode(source, (node) => {
    if (!ts.isStringLiteralLike(node) || !/\.tsx?$/.test(node.text)) return;
    found.push(
      node.text,
      resolveFrom(source.path, node.text) ?? resolveFrom(source.path, `./${node.text}`) ?? "",
    );
  });
  return found;
}

/** Every index.ts is a public subpath, and nothing else is named so. */
export function checkIndexes(sources: readonly Source[], manifest: Package): readonly Finding[] {
  const entries = shippedEntries(manifest);
  return sources
    .filter(({ path }) => path.endsWith("/index.ts") && !entries.includes(path))
    .map(({ path }) => ({ at: path, what: "is no export of package.json: import the files themselves." }));
}

export function checkEntriesExist(manifest: Package, exists: (path: string) => boolean): readonly Finding[] {
  return shippedEntries(manifest)
    .filter((path) => !exists(path))
    .map((path) => ({ at: "package.json", what: `bin or exports name ${path}, which does not exist.` }));
}

/** `npm run x`, `npm test` and `npm start` in documents. */
export function checkScripts(
  documents: readonly { readonly path: string; readonly text: string }[],
  { scripts = {} }: Package,
): readonly Finding[] {
  return documents.flatMap(({ path, text }) => {
    const names = [...text.matchAll(/\bnpm (?:run ([a-z][a-z0-9:-]*)|(test|start)\b)/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    );
    const unknown = [...new Set(names)].filter((name) => scripts[name] === undefined);
    return unknown.map((name) => ({
      at: path,
      what: `names the npm script "${name}", which package.json does not have.`,
    }));
  });
}
