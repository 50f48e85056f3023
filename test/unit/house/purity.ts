/** Purity: what is synchronous stays so, and only platform files touch the machine. Walks syntax trees, so comments do not count. */
import ts from "typescript";
import { eachNode, type Finding, finding, importsOf, type Source } from "./source.ts";

/** Globals of Node and browsers that pure code never names. */
const machineGlobals = new Set(
  [
    "Promise,console,process,globalThis,window,self,document,navigator,location,localStorage,sessionStorage,indexedDB",
    "fetch,XMLHttpRequest,WebSocket,BroadcastChannel,Worker,setTimeout,setInterval,setImmediate,queueMicrotask",
    "clearTimeout,clearInterval,performance,crypto,Buffer,require,__dirname,__filename,TextEncoder,TextDecoder,URL",
    "structuredClone,AbortController,AbortSignal,Intl,Atomics",
  ].flatMap((names) => names.split(",")),
);

/** Members whose answer depends on the machine's language or time zone: two replicas would differ. */
const localMembers = new Set(
  "localeCompare,toLocaleString,toLocaleUpperCase,toLocaleLowerCase,toLocaleDateString,toLocaleTimeString,getTimezoneOffset,getFullYear,getMonth,getDate,getDay,getHours,getMinutes".split(
    ",",
  ),
);

/** shared/ without drive: no async, no machine, no clock, no randomness. ports/ may name Promise: it holds interfaces. */
export function checkPure(sources: readonly Source[]): readonly Finding[] {
  return sources
    .filter(({ path }) => path.startsWith("shared/") && !path.startsWith("shared/drive/"))
    .flatMap((source) => {
      const findings: Finding[] = [];
      const add = (node: ts.Node, what: string) => findings.push(finding(source, node, what));
      const isPorts = source.path.startsWith("shared/ports/");
      for (const one of importsOf(source))
        if (one.name.startsWith("node:"))
          add(one.node, `imports ${one.name}: shared/ runs everywhere, take it through a port.`);
      eachNode(source, (node) => {
        const async = asyncPart(node);
        if (async)
          add(
            node,
            `${async}: only shared/drive is asynchronous. Make it a step of a program, or move it there.`,
          );
        const clock = clockOrChance(node);
        if (clock) add(node, `${clock}: take time and randomness from the Env or the Platform port.`);
        const name = freeName(node, source);
        if (name && machineGlobals.has(name) && !(isPorts && name === "Promise"))
          add(node, `${name}: pure code knows no machine. Take it through a port.`);
        if (ts.isPropertyAccessExpression(node) && localMembers.has(node.name.text))
          add(
            node,
            `${node.name.text}: its answer depends on the machine's language or time zone. Use code units and UTC.`,
          );
      });
      return findings;
    });
}

const realTime = new Set(["setTimeout", "setInterval", "setImmediate", "crypto", "performance"]);
const realModules = new Set(["node:crypto", "node:timers", "node:timers/promises", "node:perf_hooks"]);

/** Product folders that get clock, randomness and timers through ports. */
const portFolders = ["shared/", "bucket/", "client/", "server/"];

/** Only platform files touch the real clock, randomness and timers. `excepted` maps a path to the reason. */
export function checkPlatform(
  sources: readonly Source[],
  excepted: Readonly<Record<string, string>>,
): readonly Finding[] {
  return sources
    .filter(({ path }) => portFolders.some((folder) => path.startsWith(folder)))
    .filter(({ path }) => !isPlatform(path) && excepted[path] === undefined)
    .flatMap((source) => {
      const findings: Finding[] = [];
      const fix = "take it through the Platform port, whose real side is a file named platform";
      for (const one of importsOf(source))
        if (realModules.has(one.name))
          findings.push(finding(source, one.node, `imports ${one.name}: ${fix}.`));
      eachNode(source, (node) => {
        const what = clockOrChance(node) ?? realName(node, source);
        if (what) findings.push(finding(source, node, `${what}: ${fix}.`));
      });
      return findings;
    });
}

function isPlatform(path: string): boolean {
  return path.includes("/platform/") || /(^|\/)platform(-[a-z-]+)?\.ts$/.test(path);
}

function realName(node: ts.Node, source: Source): string | undefined {
  const name = freeName(node, source);
  return name && realTime.has(name) ? name : undefined;
}

function asyncPart(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return "async";
  if (node.kind === ts.SyntaxKind.AwaitKeyword || ts.isAwaitExpression(node)) return "await";
  return undefined;
}

/** Date.now, new Date() without arguments, Date(), Math.random, or undefined. */
function clockOrChance(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const name = `${node.expression.text}.${node.name.text}`;
    return name === "Date.now" || name === "Math.random" ? name : undefined;
  }
  const isDate = (callee: ts.Node) => ts.isIdentifier(callee) && callee.text === "Date";
  if (ts.isNewExpression(node) && isDate(node.expression) && (node.arguments?.length ?? 0) === 0)
    return "new Date()";
  return ts.isCallExpression(node) && isDate(node.expression) ? "Date()" : undefined;
}

/** The name of an identifier that refers to something this file does not declare, or undefined. */
function freeName(node: ts.Node, source: Source): string | undefined {
  if (!ts.isIdentifier(node) || !isReference(node)) return undefined;
  return declaredNames(source).has(node.text) ? undefined : node.text;
}

/** Not a member's name, a label or a name being declared. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent) && parent.propertyName === node) return false;
  return (parent as { name?: ts.Node }).name !== node;
}

const declared = new WeakMap<Source, ReadonlySet<string>>();

function declaredNames(source: Source): ReadonlySet<string> {
  const known = declared.get(source);
  if (known) return known;
  const names = new Set<string>();
  eachNode(source, (node) => {
    const isBinding =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeParameterDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node);
    if (isBinding && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  declared.set(source, names);
  return names;
}
